"""Channel 企业微信群机器人. The address holds the key and is all the secret there is.

20 messages a minute per robot. Codes: https://developer.work.weixin.qq.com/document/path/90313
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.notifier.channels.base import Channel, Ports, Target
from services.notifier.channels.rates import Limit
from services.notifier.channels.receiving import OpenRobot
from services.notifier.channels.robot import Request, RobotChannel, Vendor, settings_of

NAME = "wecom"
HOST = "qyapi.weixin.qq.com"
SETTINGS = settings_of(NAME, HOST)
RECEIVER = OpenRobot()
MOST_BYTES = 2048  # of a text


def compose(text: str, target: Target, now: datetime) -> Request:  # noqa: ARG001  one shape for all
    fitting = text.encode()[:MOST_BYTES].decode(errors="ignore")
    return Request(target.address, {"msgtype": "text", "text": {"content": fitting}})


VENDOR = Vendor(
    name=NAME,
    host=HOST,
    path="/cgi-bin/webhook/send",
    code_fields=("errcode",),
    limits=(Limit(20, 60),),
    compose=compose,
    gone=frozenset({93000, 93004, 93008}),  # address invalid, robot removed or not in the group any more
    permanent=frozenset({40008, 40033, 40058, 44004, 45002, 47001}),
    too_fast={45009: 60.0, 45033: 10.0},
)


def open_channel(settings: Mapping[str, Any], ports: Ports) -> Channel | None:
    return RobotChannel(VENDOR, ports, settings)
