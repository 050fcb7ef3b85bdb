"""Channel 钉钉群机器人, signed with HMAC-SHA256 over `timestamp_ms\\nsecret` where the robot has a secret.

20 messages a minute per robot; beyond that DingTalk refuses for ten minutes.
"""

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus

from services.notifier.channels.base import Channel, Ports, Target
from services.notifier.channels.rates import Limit
from services.notifier.channels.receiving import SignedRobot
from services.notifier.channels.robot import Request, RobotChannel, Vendor, settings_of

NAME = "dingtalk"
HOST = "oapi.dingtalk.com"
SETTINGS = settings_of(NAME, HOST)
RECEIVER = SignedRobot()
PENALTY = 600.0


def sign(secret: bytes, timestamp_ms: int) -> str:
    """The `sign` parameter, before it is quoted for the address."""
    text = f"{timestamp_ms}\n".encode() + secret
    return base64.b64encode(hmac.digest(secret, text, sha256)).decode()


def compose(text: str, target: Target, now: datetime) -> Request:
    url = target.address
    if target.secrets:
        stamp = round(now.timestamp() * 1000)
        signed = f"timestamp={stamp}&sign={quote_plus(sign(target.secrets[0], stamp))}"
        url += f"{'&' if '?' in url else '?'}{signed}"
    return Request(url, {"msgtype": "text", "text": {"content": text}})


VENDOR = Vendor(
    name=NAME,
    host=HOST,
    path="/robot/send",
    code_fields=("errcode",),
    limits=(Limit(20, 60),),
    compose=compose,
    gone=frozenset({300005, 400013, 400101, 400102, 400106}),  # token unknown, group or robot gone
    # 310000: keyword missing, address not on the list, or wrong signature
    permanent=frozenset({40035, 43004, 310000, 400105, 430101, 430102, 430103, 430104}),
    too_fast={130101: PENALTY, 410100: PENALTY, 90030: PENALTY},
)


def open_channel(settings: Mapping[str, Any], ports: Ports) -> Channel | None:
    return RobotChannel(VENDOR, ports, settings)
