"""依申请公开: states, who may do what when, kinds of answer, letters. 公开例外: the exceptions the law knows.

Pure; statutory numbers and wording come from `data/`, with article and source.
"""

import secrets
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from services.blacklist.rules.grounds import exception_grounds
from services.blacklist.rules.remedies import SAME_LEVEL
from shared.errors import describe_errors

DATA = Path(__file__).parent / "data"
REGULATION = "《中华人民共和国政府信息公开条例》"

RECEIVED, CORRECTION, CONSULTING = "received", "correction", "consulting"
ANSWERED, ABANDONED, WITHDRAWN = "answered", "abandoned", "withdrawn"
STATES: Mapping[str, str] = {
    RECEIVED: "办理中",
    CORRECTION: "待申请人补正",
    CONSULTING: "征求意见中",
    ANSWERED: "已答复",
    ABANDONED: "视为放弃",
    WITHDRAWN: "申请人已撤回",
}
OPEN = (RECEIVED, CORRECTION, CONSULTING)
ANSWER_DUTY = "answer-disclosure"
CODE_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
APPLICANTS: Mapping[str, str] = {"citizen": "公民", "organization": "法人或者其他组织"}
DELIVERY: Mapping[str, str] = {
    "online": "在网上查看",
    "email": "电子邮件",
    "post": "邮寄",
    "pickup": "当面领取",
}


@dataclass(frozen=True)
class Action:
    """One thing an officer may do: from which states, with which roles, needing which inputs."""

    code: str
    title: str
    states: tuple[str, ...]
    roles: tuple[str, ...]
    needs: tuple[str, ...]
    optional: tuple[str, ...] = ()
    basis: str = ""


ACTIONS: Mapping[str, Action] = {
    each.code: each
    for each in (
        Action("ask_correction", "告知补正", (RECEIVED,), ("clerk",), ("content", "until"), (), "第三十条"),
        Action("consult", "征求第三方、其他机关意见", (RECEIVED,), ("clerk",), ("reason",), (), "第三十二条"),
        Action("end_consultation", "征求意见结束", (CONSULTING,), ("clerk",), ("content",), (), "第三十三条"),
        Action(
            "extend", "延长答复期限", (RECEIVED,), ("decider",), ("working_days", "reason"), (), "第三十三条",
        ),
        Action("transfer", "转交其他部门办理", (RECEIVED,), ("decider",), ("department_id", "reason")),
        Action("abandon", "视为放弃", (CORRECTION,), ("decider",), ("reason",), (), "第三十条"),
        Action(
            "draft", "拟写答复", (RECEIVED,), ("clerk",), ("answer_type",),
            ("content", "reason", "exceptions"), "第三十六条",
        ),
        Action(
            "issue", "签发答复", (RECEIVED,), ("decider",), (),
            ("letter_number", "documents_checked", "documents_seen"), "第三十六条",
        ),
        Action("return_draft", "退回重拟", (RECEIVED,), ("decider",), ("reason",)),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Procedure:
    """The regulation's times, in working days."""

    version: str
    title: str
    answer_wd: int
    extend_wd: int
    correction_wd: int
    third_party_wd: int
    soon_wd: int
    valid_from: date
    status: str
    source: str


@dataclass(frozen=True)
class AnswerType:
    """答复类型 with its article and what the letter must say."""

    code: str
    name: str
    article: str
    needs: tuple[str, ...]
    review_first: bool
    lead: str
    attaches: bool = False
    """Whether files may go with it."""


@cache
def _answers() -> Mapping[str, Any]:
    return tomllib.loads((DATA / "answers.toml").read_text("utf-8"))


@cache
def procedure() -> Procedure:
    return Procedure(**_answers()["procedure"])


@cache
def answer_types() -> Mapping[str, AnswerType]:
    found = (AnswerType(**{**each, "needs": tuple(each["needs"])}) for each in _answers()["answer"])
    return {each.code: each for each in found}


def limit(name: str) -> int:
    """How many requests one address may send in an hour or a day."""
    return int(_answers()["limits"][name])


def new_code() -> str:
    """A lookup code nobody can guess: sixteen signs, 80 bits."""
    return "-".join("".join(secrets.choice(CODE_SIGNS) for _ in range(4)) for _ in range(4))


def normal_code(code: str) -> str:
    """The code as it was given out, however it was typed."""
    plain = "".join(sign for sign in code.upper() if sign in CODE_SIGNS)
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def request_number(region: str, year: int, count: int) -> str:
    """受理编号 of a request: region, year and a number that runs through the year."""
    return f"YSQ{region}-{year}-{count:05d}"


def draft_problems(
    answer_type: str, content: str | None, reason: str | None, exceptions: Sequence[str]
) -> list[tuple[str, str]]:
    """(field, remedy) of everything an answer of this kind still lacks."""
    kind = answer_types().get(answer_type)
    if kind is None:
        return [("answer_type", f"应为下列之一：{'、'.join(answer_types())}。")]
    words = {
        "content": (content, "请填写要提供的信息，或者获取的方式和途径。"),
        "reason": (reason, "请写明理由。"),
        "exceptions": (exceptions, "请选择不予公开的情形。"),
    }
    problems = [(name, words[name][1]) for name in kind.needs if not words[name][0]]
    unknown = [each for each in exceptions if each not in exception_grounds()]
    if unknown:
        problems.append(("exceptions", f"没有这种情形：{'、'.join(unknown)}。"))
    return problems


@dataclass(frozen=True)
class Letter:
    """Everything a letter (答复书) says."""

    number: str
    applicant: str
    received_on: date
    wanted: str
    answer_type: str
    content: str | None
    reason: str | None
    exceptions: tuple[str, ...]
    department: str
    issued_on: date
    letter_number: str | None = None
    asker: str = "您"
    """How the applicant is spoken to."""
    reviewed_by: str = SAME_LEVEL
    """Who hears an appeal (行政复议机关), by name."""
    documents: tuple[tuple[str, str], ...] = ()
    """Name and SHA-256 of each file that goes with it."""


def letter_title(answer_type: str) -> str:
    return f"政府信息公开申请答复书（{answer_types()[answer_type].name}）"


def letter_paragraphs(letter: Letter) -> list[str]:
    """Opening, decision with its article, reasons, remedy."""
    kind = answer_types()[letter.answer_type]
    grounds = [exception_grounds()[code] for code in letter.exceptions]
    basis = "、".join(dict.fromkeys([kind.article, *(each.article for each in grounds)]))
    remedy = _answers()["remedy"]["review_first" if kind.review_first else "usual"]
    parts = [
        f"{chinese(letter.received_on)}收到{letter.asker}提出的政府信息公开申请（编号{letter.number}）。",
        f"申请公开的内容：{letter.wanted}",
        f"经审查，根据{REGULATION}{basis}的规定，答复如下：",
        kind.lead.format(asker=letter.asker),
        letter.content or "",
        *_enclosed(letter.documents),
        *(f"{each.name}：{each.text}。" for each in grounds),
        f"理由：{letter.reason}" if letter.reason else "",
        remedy.format(reviewed_by=letter.reviewed_by),
    ]
    return [part for part in parts if part]


def _enclosed(documents: Sequence[tuple[str, str]]) -> list[str]:
    """The files by name and hash, so that nobody can put others in their place."""
    if not documents:
        return []
    named = (f"{number}. {name}（SHA-256：{sha256}）" for number, (name, sha256) in enumerate(documents, 1))
    return [f"随本答复书提供下列文件，共{len(documents)}份：", *named]


def letter_text(letter: Letter) -> str:
    """The whole letter as text: title, number, applicant, what it says, organ and date."""
    head = [letter_title(letter.answer_type), letter.letter_number or "", f"{letter.applicant}："]
    tail = [letter.department, chinese(letter.issued_on)]
    return "\n".join(part for part in (*head, *letter_paragraphs(letter), *tail) if part)


def chinese(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


describe_errors(
    {
        "disclosure-request-not-found": "没有这件申请。请核对查询码；工作人员只能查看可见范围内的申请。",
        "disclosure-too-many": "同一网络地址提交的申请过多。请稍后再试，或者到政府信息公开工作机构当面提出。",
        "disclosure-wrong-state": "申请当前的办理情况不能进行这个事项。possible_actions 列出可以办理的事项。",
        "disclosure-too-late": "已经超过法律规定可以办理这个事项的时间。rule 说明依据。",
        "disclosure-extended-already": "答复期限延长的总时间不得超过法定上限。",
        "disclosure-four-eyes": "拟写答复和签发答复须由不同的人员办理。",
        "disclosure-no-draft": "还没有拟写答复，不能签发或者退回。",
    }
)
