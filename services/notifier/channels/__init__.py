"""The channels there are. A new one is a file with NAME, SETTINGS and open_channel, and a line here."""

from collections.abc import Mapping
from typing import Any, cast

from marshmallow import EXCLUDE

from services.notifier.channels import dingtalk, email, feishu, inbox, sms, webhook, wecom
from services.notifier.channels.base import (
    AllFailed,
    Attachment,
    Channel,
    ChannelModule,
    Gone,
    Message,
    Ports,
    Postponed,
    Sent,
    Target,
    Try,
)
from services.notifier.channels.receiving import Receiver

__all__ = [
    "CHANNELS",
    "RECEIVERS",
    "AllFailed",
    "Attachment",
    "Channel",
    "Gone",
    "Message",
    "Ports",
    "Postponed",
    "Sent",
    "Target",
    "Try",
    "open_channels",
    "read_settings",
]

CHANNELS: dict[str, ChannelModule] = {
    module.NAME: module
    for module in (
        cast("ChannelModule", each) for each in (inbox, email, webhook, wecom, dingtalk, feishu, sms)
    )
}

RECEIVERS: dict[str, Receiver] = {
    module.NAME: module.RECEIVER for module in (webhook, wecom, dingtalk, feishu)
}
"""What the receivers are told of the channels that departments set up for themselves."""


def read_settings(env: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Each channel's settings from the environment; marshmallow's ValidationError names the wrong ones."""
    stated = {name: value.strip() for name, value in env.items() if value.strip()}
    return {name: module.SETTINGS.load(stated, unknown=EXCLUDE) for name, module in CHANNELS.items()}


def open_channels(settings: Mapping[str, Mapping[str, Any]], ports: Ports) -> dict[str, Channel]:
    """The channels that are configured, by name."""
    opened = {name: module.open_channel(settings[name], ports) for name, module in CHANNELS.items()}
    return {name: channel for name, channel in opened.items() if channel is not None}
