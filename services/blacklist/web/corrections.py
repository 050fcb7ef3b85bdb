"""更正说明 of a public listing: every corrected item with its former and its new wording, why and when."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.blacklist.register.domain.redaction import COVER
from services.blacklist.web import wording

LABELS = {
    "subject.type": "主体类型",
    "subject.name": "主体名称",
    "subject.former_names": "曾用名",
    "subject.uscc": "统一社会信用代码",
    "subject.codes": "其他代码",
    "subject.legal_representative": "法定代表人（负责人）",
    "subject.id_type": "证件类型",
    "subject.id_masked": "证件号码",
    "organ.name": "认定机关",
    "organ.uscc": "认定机关统一社会信用代码",
    "source.name": "数据来源单位",
    "source.uscc": "数据来源单位统一社会信用代码",
    "misconduct.category": "违法失信行为类别",
    "misconduct.facts": "主要违法失信事实",
    "misconduct.occurred_on": "行为发生日期",
    "document.kind": "决定文书",
    "document.number": "文号",
    "document.organ": "作出机关",
    "document.date": "文书日期",
    "document.basis": "法律依据",
    "document.content": "决定内容",
    "document.fine_wan": "罚款金额（万元）",
    "document.confiscated_wan": "没收金额（万元）",
    "document.licence": "证照",
    "document.penalty_category": "处罚类别",
    "document.valid_until": "有效期至",
    "severity": "失信程度",
    "measures": "惩戒措施",
}
NAMES = {
    "subject.type": wording.SUBJECT_TYPES,
    "subject.id_type": wording.ID_TYPES,
    "document.kind": wording.DOCUMENTS,
    "severity": wording.SEVERITY_NAMES,
}
FREE_TEXT = ("misconduct.facts", "document.content", "document.basis")
WITHDRAWN = "（原文含依法不予公开的内容，不再显示）"


def corrections_of(versions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of the public history, newest first: the corrections that altered something shown."""
    made = [
        {"at": each["at"], "reason": each["reason"], "rows": list(_rows(each["changes"]))}
        for each in versions
        if each["kind"] == "corrected"
    ]
    return [each for each in made if each["rows"]]


def _rows(changes: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    for change in changes:
        before, after = _leaves(change["field"], change["before"]), _leaves(change["field"], change["after"])
        for name in dict.fromkeys((*before, *after)):
            was, now = before.get(name), after.get(name)
            if was != now and name in LABELS:
                yield LABELS[name], _former(name, was, now), _shown(name, now)


def _leaves(field: str, value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return {f"{field}.{name}": each for name, each in value.items()}
    return {field: value}


def _former(name: str, was: Any, now: Any) -> str:
    """What a correction took out of public view stays out of it."""
    hidden = name in FREE_TEXT and str(was or "").count(COVER) < str(now or "").count(COVER)
    return WITHDRAWN if hidden else _shown(name, was)


def _shown(name: str, value: Any) -> str:
    if name == "measures":
        return "、".join(wording.measure_name(each["code"]) for each in value or ()) or "（无）"
    if isinstance(value, Mapping):
        value = [each for each in value.values() if each]
    if isinstance(value, (list, tuple)):
        return "、".join(map(str, value)) or "（无）"
    return NAMES.get(name, {}).get(str(value), str(value)) if value not in (None, "") else "（无）"
