"""The words of answers, for pages, files and paper."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.blacklist.rules.domain import MILD

VERDICTS = {
    "listed": "列入", "possible": "疑似", "none": "未查到", "unusable": "未核查",
    "outdated": "有变化，待更新",
}  # fmt: skip
BARRED = {"yes": "受限", "no": "未见限制", "unclear": "待核实"}
CLASSES = {
    "serious": "严重失信", "industry-misconduct": "行业失信",
    "penalty-record": "处罚记录", "notice": "提示信息",
}  # fmt: skip
NEWS = {
    "listed": "新查到公示信息", "possible": "新查到疑似信息",
    "lifted": "原查到的信息不再公示", "changed": "原查到的信息有更正",
}  # fmt: skip


def plain_verdict(answer: Mapping[str, Any]) -> str:
    """The verdict in words; what was found but is no blacklisting is not called one."""
    if answer["verdict"] == "listed" and answer["list_class"] in MILD:
        return MILD[answer["list_class"]]
    return VERDICTS[answer["verdict"]]


def verdict_of(answer: Mapping[str, Any]) -> str:
    """The verdict in words, with the gravest class of what was found for certain."""
    said, found = plain_verdict(answer), answer["list_class"] or ""
    if answer["verdict"] == "listed" and found in MILD:
        return said
    return f"{said}，{CLASSES[found]}" if found else said


def moment(text: str) -> str:
    """A signed time as people write it."""
    at = datetime.fromisoformat(text)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}（北京时间）"
