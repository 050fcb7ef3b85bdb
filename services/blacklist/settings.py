"""What the blacklist service reads from its environment; only `app` and `__main__` see it."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from shared.settings import CommonSettings, read_common
from shared.web.site import Site, read_site

NAME = "blacklist"
TITLE = "公共资源配置领域信用黑名单"


@dataclass(frozen=True)
class Settings:
    """The common settings, this process's name in leases, and what the site says of itself."""

    common: CommonSettings
    holder: str
    site: Site


def read_settings(env: Mapping[str, str]) -> Settings:
    return Settings(
        common=read_common(env, service=NAME),
        holder=f"{socket.gethostname()}:{os.getpid()}",
        site=read_site(env),
    )
