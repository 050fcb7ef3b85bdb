"""监督举报 (R66) and 业务咨询 (R21): what the public may send, and what the department does with it."""

from collections.abc import Mapping
from dataclasses import dataclass

RECEIVED, ACCEPTED, ANSWERED = "received", "accepted", "answered"
DECLINED = "declined"
STATES: Mapping[str, str] = {
    RECEIVED: "已收到",
    ACCEPTED: "办理中",
    ANSWERED: "已答复",
    DECLINED: "不予受理",
}
OPEN = (RECEIVED, ACCEPTED)
TOPICS: Mapping[str, str] = {
    "not-disclosed": "应当公开而没有公开",
    "late": "公开不及时",
    "inaccurate": "公开的信息不准确",
    "privacy": "公开了不应当公开的信息",
    "misconduct": "骗取公共资源等线索",
    "consultation": "业务咨询",
    "other": "其他",
}
REPORT_DUTY = "answer-report"


@dataclass(frozen=True)
class Act:
    """One thing an officer may do with a report."""

    code: str
    title: str
    states: tuple[str, ...]
    roles: tuple[str, ...]
    needs: tuple[str, ...] = ()


ACTS: Mapping[str, Act] = {
    each.code: each
    for each in (
        Act("accept", "受理", (RECEIVED,), ("clerk",)),
        Act("decline", "不予受理", (RECEIVED,), ("decider",), ("content",)),
        Act("transfer", "转交其他部门", OPEN, ("clerk", "decider"), ("department_id", "reason")),
        Act("draft", "拟写答复", (ACCEPTED,), ("clerk",), ("content",)),
        Act("answer", "签发答复", (ACCEPTED,), ("decider",)),
    )
}


def report_number(region: str, year: int, count: int) -> str:
    return f"JD{region}-{year}-{count:05d}"
