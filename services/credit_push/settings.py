"""What the push service reads from its environment; only `app` and `__main__` see it."""

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.settings import CommonSettings, read_common
from shared.web.site import Site, read_site

NAME = "credit-push"
SERVICE = "credit_push"
TITLE = "信用信息推送"


@dataclass(frozen=True)
class Settings:
    """The common settings, where the platforms are, and this process's name in leases."""

    common: CommonSettings
    holder: str
    """Never the same twice, so that what a dead process left behind is told from our own."""
    site: Site
    sender: str
    """How we name ourselves to platforms (PUSH_SENDER)."""
    sandbox_url: str
    sandbox_exchange: str
    sandbox_events: str
    platform_values: Mapping[str, str]
    """Every PLATFORM_… setting: profiles may name them as `${PLATFORM_…}`, for addresses and files."""
    platform_keys_file: Path | None
    """Keys of real platforms by reference (PLATFORM_KEYS_FILE): {reference: {"key_id", "secret"}}."""

    @property
    def sandbox_dir(self) -> Path:
        """The stand-in platforms' folder."""
        return self.common.data_dir / "sandbox"

    def catalogue_values(self) -> dict[str, str]:
        """What `${NAME}` in a platform's file stands for."""
        return {
            "SANDBOX_URL": self.sandbox_url,
            "SANDBOX_DIR": str(self.sandbox_dir),
            "SANDBOX_EXCHANGE": self.sandbox_exchange,
            "SANDBOX_EVENTS": self.sandbox_events,
            **self.platform_values,
        }


def read_settings(env: Mapping[str, str]) -> Settings:
    common = read_common(env, service=SERVICE)
    keys_file = env.get("PLATFORM_KEYS_FILE", "").strip()
    exchange = f"sqlite:///{common.data_dir}/sandbox/exchange"
    events = f"sqlite:///{common.data_dir}/sandbox/events.db"
    return Settings(
        common=common,
        holder=f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}",
        site=read_site(env),
        sender=env.get("PUSH_SENDER", "").strip() or "credit-blacklist",
        sandbox_url=(env.get("SANDBOX_URL", "").strip() or _sandbox_url(env)).rstrip("/"),
        sandbox_exchange=(env.get("SANDBOX_EXCHANGE", "").strip() or exchange).rstrip("/"),
        sandbox_events=(env.get("SANDBOX_EVENTS", "").strip() or events).rstrip("/"),
        platform_values={name: value for name, value in env.items() if name.startswith("PLATFORM_")},
        platform_keys_file=Path(keys_file).absolute() if keys_file else None,
    )


def _sandbox_url(env: Mapping[str, str]) -> str:
    return f"http://127.0.0.1:{env.get('SANDBOX_PORT', '').strip() or '8090'}"
