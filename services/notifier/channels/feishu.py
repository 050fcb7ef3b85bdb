"""Channel 飞书群机器人, signed where it has a secret: HMAC-SHA256 keyed by `timestamp\\nsecret`, empty.

100 messages a minute and 5 a second per robot.
"""

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from services.notifier.channels.base import Channel, Ports, Target
from services.notifier.channels.rates import Limit
from services.notifier.channels.receiving import SignedRobot
from services.notifier.channels.robot import Document, Request, RobotChannel, Vendor, settings_of

NAME = "feishu"
HOST = "open.feishu.cn"
SETTINGS = settings_of(NAME, HOST)
RECEIVER = SignedRobot()


def sign(secret: bytes, timestamp: int) -> str:
    key = f"{timestamp}\n".encode() + secret
    return base64.b64encode(hmac.digest(key, b"", sha256)).decode()


def compose(text: str, target: Target, now: datetime) -> Request:
    document: Document = {"msg_type": "text", "content": {"text": text}}
    if target.secrets:
        stamp = int(now.timestamp())
        document |= {"timestamp": str(stamp), "sign": sign(target.secrets[0], stamp)}
    return Request(target.address, document)


VENDOR = Vendor(
    name=NAME,
    host=HOST,
    path="/open-apis/bot/v2/hook/",
    code_fields=("code", "StatusCode"),
    limits=(Limit(100, 60), Limit(5, 1)),
    compose=compose,
    gone=frozenset({19001}),  # no such robot
    permanent=frozenset(
        {9499, 19002, 19003, 19021, 19022, 19024}
    ),  # content, signature, address list, keyword
    too_fast={11232: 60.0, 99991400: 60.0},
)


def open_channel(settings: Mapping[str, Any], ports: Ports) -> Channel | None:
    return RobotChannel(VENDOR, ports, settings)
