"""微博、微信、客户端 (R59): the text an item gives for each; people send it, we keep where and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from services.blacklist.openness.domain.terms import data

DRAFT, APPROVED, SENT, DROPPED = "draft", "approved", "sent", "dropped"
STATES: Mapping[str, str] = {DRAFT: "待审批", APPROVED: "待发出", SENT: "已发出", DROPPED: "不发出"}


@dataclass(frozen=True)
class Channel:
    """One outlet, how long a text it takes, and who says so."""

    code: str
    name: str
    longest: int
    basis: str


@cache
def channels() -> Mapping[str, Channel]:
    return {each["code"]: Channel(**each) for each in data("channels")["channel"]}


def channel_text(channel: Channel, *, title: str, body: str, department: str, address: str) -> str:
    """【标题】摘要（部门）地址, cut to the outlet's length; the address is never cut."""
    tail = f"（{department}）{address}"
    head = f"【{_cut(title, channel.longest - len(tail) - 2)}】"
    text = _cut(" ".join(body.split()), channel.longest - len(head) - len(tail))
    return f"{head}{text}{tail}"


def withdrawal_text(
    channel: Channel, *, title: str, published_on: date, department: str, address: str
) -> str:
    """For where a text of ours still stands: that the item was withdrawn; what it said is not repeated."""
    head, tail = "【撤下】", f"已经撤下，请勿再转载。（{department}）{address}"
    day = f"{published_on.year}年{published_on.month}月{published_on.day}日"
    room = channel.longest - len(head) - len(tail) - len(day) - len("发布的“”")
    return f"{head}{day}发布的“{_cut(title, room)}”{tail}"


def _cut(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    return f"{text[: room - 1]}…" if room > 1 else ""
