"""微博、微信、客户端 (R59): the text an item gives for each; people send it, we keep where and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from services.blacklist.openness.domain.terms import data

DRAFT, APPROVED, SENT, DROPPED = "draft", "approved", "sent", "dropped"
STATES: Mapping[str, str] = {DRAFT: "待审批", APPROVED: "待发出", SENT: "已发出", DROPPED: "不发出"}


@dataclass(frozen=True)
class Channel:
    """One outlet and how long a text it takes."""

    code: str
    name: str
    longest: int


@cache
def channels() -> Mapping[str, Channel]:
    return {each["code"]: Channel(**each) for each in data("channels")["channel"]}


def channel_text(channel: Channel, *, title: str, body: str, department: str, address: str) -> str:
    """【标题】摘要（部门）地址, cut to the outlet's length; the address is never cut."""
    head, tail = f"【{title}】", f"（{department}）{address}"
    room = channel.longest - len(head) - len(tail)
    text = " ".join(body.split())
    if len(text) > room:
        text = f"{text[: room - 1]}…" if room > 1 else ""
    return f"{head}{text}{tail}"
