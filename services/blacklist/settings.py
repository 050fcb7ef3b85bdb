"""What the blacklist service reads from its environment; only `app`, `worker` and `__main__` see it."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.settings import CommonSettings, read_common

NAME = "blacklist"
TITLE = "公共资源配置领域信用黑名单"


@dataclass(frozen=True)
class Settings:
    """The common settings, and what only this service's processes need."""

    common: CommonSettings
    host: str
    port: int
    web_workers: int
    holder: str
    """Names this process in leases: host and process id."""


def read_settings(env: Mapping[str, str]) -> Settings:
    return Settings(
        common=read_common(env, service=NAME),
        host=env.get("HOST", "127.0.0.1"),
        port=int(env.get("PORT", "8000")),
        web_workers=int(env.get("WEB_WORKERS", "2")),
        holder=env.get("HOLDER", ""),
    )
