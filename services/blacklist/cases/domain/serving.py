"""送达: the ways to serve a letter, what each must prove, and from when it counts. Days are data."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).resolve().parents[1] / "data" / "service.toml"
SERVED, FAILED = "served", "failed"
OUTCOMES = (SERVED, FAILED)
PUBLIC_NOTICE = "public-notice"
_LABELS = {
    "recipient": "受送达人或签收人",
    "tracking_number": "邮件单号",
    "place": "公告载体",
    "note": "情况说明",
}


@dataclass(frozen=True)
class Method:
    """One way of service (送达方式); `days` after which it counts as done."""

    code: str
    name: str
    days: int
    needs: tuple[str, ...]
    rule: str
    status: str


@cache
def methods() -> Mapping[str, Method]:
    data: dict[str, Any] = tomllib.loads(_FILE.read_text("utf-8"))
    return {
        each["code"]: Method(
            each["code"], each["name"], each["days"], tuple(each["needs"]), each["rule"], each["status"]
        )
        for each in data["method"]
    }


def effective_on(method: str, served_on: date) -> date:
    """The day the service counts from; for a public notice the day its period is over."""
    return served_on + timedelta(days=methods()[method].days)


def proof_problems(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a service typed on the case lacks: there `proof` names the slip, the place or the witnesses."""
    known = methods()[given["method"]]
    if "recipient" in known.needs and not given.get("recipient"):
        yield "/recipient", f"{known.name}须填写{_LABELS['recipient']}"
    others = "、".join(_LABELS[name] for name in known.needs if name != "recipient")
    if others and not given.get("proof"):
        yield "/proof", f"{known.name}须填写送达凭证（{others}）"


_LOCATED = re.compile(r"https?://\S+|版")
UNLOCATED = (
    "公告送达须上传公告的截图或者页面作为凭证，或者在公告载体中写明网址、报纸的日期和版面；"
    "在本系统公开栏目发布的，填写其公开页面的网址"
)


def announced_where(given: Mapping[str, Any], *, proved: bool) -> Iterator[tuple[str, str]]:
    """A public notice can be found again: by its address or page, or by a file that shows it."""
    served = given["method"] == PUBLIC_NOTICE and given.get("outcome") != FAILED and given.get("place")
    if served and not proved and not _LOCATED.search(given["place"]):
        yield "/place", UNLOCATED


def service_problems(given: Mapping[str, Any], issued_on: date, today: date) -> Iterator[tuple[str, str]]:
    """(pointer, remedy) of everything a record of service lacks."""
    served_on: date = given["served_on"]
    if served_on > today:
        yield "/served_on", "送达日期不能晚于今天"
    if served_on < issued_on:
        yield "/served_on", "送达日期不能早于文书日期"
    if given.get("outcome") == FAILED:
        if not given.get("note"):
            yield "/note", "未送达的，填写原因"
        return
    for name in methods()[given["method"]].needs:
        if not given.get(name):
            yield f"/{name}", f"{methods()[given['method']].name}须填写{_LABELS[name]}"
