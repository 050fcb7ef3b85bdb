"""公开信息条目: its states, who may do what, the label printed on it (R30–R33)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.blacklist.openness.domain.terms import kinds

DRAFT, SUBMITTED, PUBLISHED = "draft", "submitted", "published"
REGISTERED, WITHDRAWN, DROPPED = "registered", "withdrawn", "dropped"
STATES: Mapping[str, str] = {
    DRAFT: "拟制",
    SUBMITTED: "待审批",
    PUBLISHED: "已公开",
    REGISTERED: "已登记（不主动公开）",
    WITHDRAWN: "已撤下",
    DROPPED: "已作废",
}
PROACTIVE, ON_REQUEST, WITHHELD = "proactive", "on-request", "withheld"
ATTRIBUTES: Mapping[str, str] = {PROACTIVE: "主动公开", ON_REQUEST: "依申请公开", WITHHELD: "不予公开"}
LABELS: Mapping[str, str] = {
    PROACTIVE: "此件公开发布",
    ON_REQUEST: "此件依申请公开",
    WITHHELD: "此件不予公开",
}
SECRECY: Mapping[str, str] = {"internal": "内部", "secret": "秘密", "confidential": "机密", "top": "绝密"}
CORRECT, WITHDRAW = "correct", "withdraw"
PENDING: Mapping[str, str] = {CORRECT: "更正", WITHDRAW: "撤下"}
ITEM_DUTY, INTERPRET_DUTY = "publish-item", "interpret-policy"


@dataclass(frozen=True)
class Act:
    """One thing an officer may do with an item."""

    code: str
    title: str
    states: tuple[str, ...]
    roles: tuple[str, ...]
    needs: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    pending: bool | None = None
    """Whether a correction or withdrawal must be waiting (True), must not (False), or does not matter."""


ACTS: Mapping[str, Act] = {
    each.code: each
    for each in (
        Act("submit", "送审", (DRAFT,), ("clerk",)),
        Act("return", "退回修改", (SUBMITTED,), ("decider",), ("reason",)),
        Act("approve", "审批并公开", (SUBMITTED,), ("decider",)),
        Act("drop", "作废", (DRAFT, SUBMITTED), ("clerk", "decider"), ("reason",)),
        Act(
            "correct",
            "提出更正",
            (PUBLISHED,),
            ("clerk",),
            ("reason",),
            ("title", "body", "changed_on"),
            False,
        ),
        Act("withdraw", "提出撤下", (PUBLISHED,), ("clerk",), ("reason",), (), False),
        Act("approve_change", "审批更正、撤下", (PUBLISHED,), ("decider",), (), (), True),
        Act("return_change", "不同意更正、撤下", (PUBLISHED,), ("decider",), ("reason",), (), True),
    )
}


def label_of(attribute: str, secrecy: Mapping[str, str] | None) -> str:
    """What is printed on it: 此件公开发布, or the attribute with 密级 and 保密期限."""
    parts = [LABELS[attribute]]
    if secrecy:
        parts += [SECRECY[secrecy["level"]], f"保密期限：{secrecy['term']}"]
    return " ".join(parts)


def item_problems(given: Mapping[str, Any], grounds: Sequence[str]) -> list[tuple[str, str]]:
    """(field, remedy) of everything an item lacks or has too much of; `grounds` are the law's exceptions."""
    found: list[tuple[str, str]] = []
    kind, attribute = kinds()[given["kind"]], given["attribute"]
    if attribute != PROACTIVE and not given.get("attribute_reason"):
        found.append(("attribute_reason", "不主动公开的，请依法写明理由。"))
    if attribute == WITHHELD and not given.get("exceptions"):
        found.append(("exceptions", "不予公开的，请选择法律规定的情形。"))
    unknown = [each for each in given.get("exceptions") or () if each not in grounds]
    if unknown:
        found.append(("exceptions", f"没有这种情形：{'、'.join(unknown)}。"))
    if given.get("secrecy") and attribute != WITHHELD:
        found.append(("secrecy", "标有密级的信息，公开属性应为不予公开。"))
    if given.get("secrecy") and given.get("body"):
        found.append(("body", "标有密级的信息不得录入本系统，只登记标题、密级和保密期限。"))
    if attribute == PROACTIVE and not given.get("body"):
        found.append(("body", "必填，请补充。"))
    if kind.relates and not given.get("related_id"):
        found.append(("related_id", f"{kind.name}须关联对应的文件或者舆情。"))
    if not kind.relates and given.get("related_id"):
        found.append(("related_id", f"{kind.name}没有此项，请删去。"))
    return found


def item_number(region: str, year: int, count: int) -> str:
    """索引号 of an item: region, year and a number that runs through the year."""
    return f"GK{region}-{year}-{count:05d}"
