"""What the notifier reads from its environment; only `app` and `__main__` see it."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from services.notifier.channels import read_settings as read_channel_settings
from shared.settings import CommonSettings, SettingsError, read_common
from shared.web.site import Site, read_site

NAME = "notifier"
TITLE = "消息中心"
LEASE_SECONDS = 60.0  # renewed while a send is on its way; NOTIFIER_LEASE_SECONDS overrides


@dataclass(frozen=True)
class Settings:
    """The common settings, each channel's, and the name under which this process holds leases."""

    common: CommonSettings
    site: Site
    channels: Mapping[str, Mapping[str, Any]]
    lease_seconds: float
    holder: str
    quiet: bool

    @property
    def mail_origin(self) -> str:
        """The site's address for links in mails; empty where no mail can be sent or no link be made."""
        email = self.channels["email"]
        return email["public_url"].rstrip("/") if email["server"] is not None else ""


def read_settings(env: Mapping[str, str]) -> Settings:
    return Settings(
        common=read_common(env, service=NAME),
        site=read_site(env),
        channels=_channels(env),
        lease_seconds=_lease_seconds(env),
        holder=f"{socket.gethostname()}:{os.getpid()}",
        quiet=_quiet(env),
    )


def _channels(env: Mapping[str, str]) -> Mapping[str, Mapping[str, Any]]:
    try:
        return read_channel_settings(env)
    except ValidationError as error:
        raise SettingsError(
            "; ".join(f"{name}: {' '.join(said)}" for name, said in error.messages_dict.items())
        ) from None


def _lease_seconds(env: Mapping[str, str]) -> float:
    value = env.get("NOTIFIER_LEASE_SECONDS", "").strip()
    try:
        seconds = float(value or LEASE_SECONDS)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 3600:
        raise SettingsError("NOTIFIER_LEASE_SECONDS must be a number of seconds from 0.1 to 3600")
    return seconds


def _quiet(env: Mapping[str, str]) -> bool:
    value = env.get("NOTIFIER_QUIET_HOURS", "").strip() or "on"
    if value not in {"on", "off"}:
        raise SettingsError("NOTIFIER_QUIET_HOURS must be on or off")
    return value == "on"
