"""公示预览: what the public page of a case will show, which parts are covered and why.

The same functions make the preview and the public page, so the preview cannot promise something else.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from services.blacklist.cases.domain.redaction import things_to_cover
from services.blacklist.cases.models import Case
from services.blacklist.cases.queries.standing import rule_on
from services.blacklist.cases.usecases.publication import case_facts, terms_of
from services.blacklist.cases.usecases.publicity import window_of
from services.blacklist.register.domain.redaction import FREE_TEXT, KINDS, SUSPECTED, redact
from services.blacklist.register.queries.views import masked_facts
from services.blacklist.register.usecases.publication import listing_facts
from services.blacklist.rules.domain import ListRule
from services.blacklist.rules.grounds import exception_grounds
from services.blacklist.rules.queries import list_rule, list_rule_version, measure_names
from shared.errors import DomainError
from shared.regions import full_name

SHOWN, MASKED, WITHHELD = "shown", "masked", "withheld"
PRIVACY = "政府信息公开条例第十五条；个人信息保护法"
ALWAYS = "政府信息公开条例第二十条第（六）项；国办发〔2017〕97号"
PERSONS = "自然人只公示部分姓名和证件号码前四位；凭姓名和证件号码查询的人可以看到全名"
BEARS = "随主体名称公示，供查询时识别"
LABELS = {
    ("misconduct", "facts"): "违法失信事实",
    ("document", "content"): "决定内容",
    ("document", "basis"): "法律依据",
}
Part = dict[str, Any]


def public_preview(case: Case, today: date) -> dict[str, Any]:
    """The page as it will be, part by part, and what stands against publication."""
    rule = _rule(case, today)
    facts = listing_facts(case_facts(case), terms_of(case, rule))
    shown = masked_facts(facts)
    return {
        "case_id": case.id,
        "publishable": not any(True for _ in _obstacles(case, rule, today)),
        "obstacles": list(_obstacles(case, rule, today)),
        "attribute": case.disclosure,
        "attribute_reason": case.disclosure_reason,
        "page": shown | {"region": case.region, "region_name": full_name(case.region), "domain": case.domain},
        "publicity": _publicity(case, rule, today),
        "exceptions": [_ground(code) for code in case.disclosure_exceptions],
        "redaction": _redaction(case),
        "parts": [*_subject_parts(case, shown), *_text_parts(case, facts, shown), *_document_parts(shown)],
    }


def _ground(code: str) -> dict[str, str]:
    ground = exception_grounds().get(code)
    return {
        "code": code,
        "name": ground.name if ground else code,
        "basis": f"政府信息公开条例{ground.article}" if ground else "",
    }


def _redaction(case: Case) -> dict[str, Any]:
    """What is covered, and whether a second person has approved just this content."""
    groups = {"misconduct": case.misconduct, "document": case.document}
    needed = things_to_cover(groups, case.disclosure_exceptions, case.disclosure_covered)
    return {"needed": needed, "approved": bool(needed) and case.redacted_hash == case.content_hash}


def _rule(case: Case, today: date) -> ListRule:
    """The version the case was decided under; before a decision today's, or the last one it knew."""
    decided = list_rule_version(case.list_code, case.rule_version)
    current = rule_on(case.list_code, today) if case.decided_on is None else decided
    return current or decided or list_rule(case.list_code, case.created_at.date())


def _publicity(case: Case, rule: ListRule, today: date) -> dict[str, Any] | None:
    """The dates of a published case, else those it would have if published today."""
    if case.publicity_start is not None:
        return {
            "start": case.publicity_start, "min_end": case.publicity_min_end,
            "max_end": case.publicity_max_end, "estimated": False,
        }  # fmt: skip
    try:
        window = window_of(case, rule, today)
    except DomainError:
        return None
    return {
        "start": window.start, "min_end": window.min_end, "max_end": window.max_end, "estimated": True,
    }  # fmt: skip


def _obstacles(case: Case, rule: ListRule, today: date) -> Iterator[dict[str, str]]:
    if case.disclosure != "proactive":
        name = {"on-request": "依申请公开", "withheld": "不予公开"}.get(case.disclosure, case.disclosure)
        reason = f"公开属性为{name}：{case.disclosure_reason or '未写明理由'}"
        yield {"reason": reason, "basis": "政府信息公开条例第十三条至第十六条"}
    if case.subject_type == "individual" and "individual" not in rule.subject_types:
        yield {"reason": f"{rule.name}的依据没有列入自然人，不公示自然人", "basis": "名单依据规定的主体范围"}
    if case.minor_until is not None and case.minor_until > today:
        yield {"reason": "当事人为未成年人，不予公示", "basis": "未成年人保护法；政府信息公开条例第十五条"}
    redaction = _redaction(case)
    if redaction["needed"] and not redaction["approved"]:
        names = "、".join(redaction["needed"])
        reason = f"公示内容含有须遮盖的信息（{names}），须先由另一名工作人员审核公示预览"
        yield {"reason": reason, "basis": "政府信息公开条例第十五条、第三十七条：区分处理后公开；双人复核"}


def _part(place: str, label: str, value: Any, treatment: str, reason: str, basis: str) -> Part:
    return {
        "pointer": place, "label": label, "value": value, "treatment": treatment, "reason": reason,
        "basis": basis,
    }  # fmt: skip


def _subject_parts(case: Case, shown: dict[str, Any]) -> Iterator[Part]:
    subject = shown["subject"]
    if subject["type"] == "individual":
        yield _part("/subject/name", "姓名", subject["name"], MASKED, PERSONS, PRIVACY)
        yield _part("/subject/id_number", "证件号码", subject["id_masked"], MASKED, PERSONS, PRIVACY)
        if case.former_names:
            yield _part("/subject/former_names", "曾用名", None, WITHHELD, "自然人曾用名不公示", PRIVACY)
        return
    yield _part("/subject/name", "名称", subject["name"], SHOWN, "法人及非法人组织的名称依法公示", ALWAYS)
    for name, label in (("former_names", "曾用名"), ("short_names", "简称")):
        if subject.get(name):
            yield _part(f"/subject/{name}", label, "、".join(subject[name]), SHOWN, BEARS, ALWAYS)
    yield _part("/subject/uscc", "统一社会信用代码", subject["uscc"], SHOWN, "用于准确识别主体", ALWAYS)
    if subject["legal_representative"]:
        yield _part(
            "/subject/legal_representative", "法定代表人（负责人）", subject["legal_representative"], SHOWN,
            "属于公开的登记事项", ALWAYS,
        )  # fmt: skip
    if case.legal_representative_id_masked:
        yield _part(
            "/subject/legal_representative_id_number", "法定代表人证件号码", None, WITHHELD,
            "受处理的是单位，不公示其法定代表人的证件", PRIVACY,
        )  # fmt: skip


def _text_parts(case: Case, facts: dict[str, Any], shown: dict[str, Any]) -> Iterator[Part]:
    named = [_ground(code)["name"] for code in case.disclosure_exceptions]
    filed = {"misconduct": case.misconduct, "document": case.document}
    for group, name in FREE_TEXT:
        kept = any(each in (filed[group].get(name) or "") for each in case.disclosure_covered)
        kinds = redact(facts[group].get(name) or "").kinds
        hidden = [KINDS[kind] for kind in kinds if kind not in SUSPECTED]
        covered = "、".join(dict.fromkeys([*hidden, *(named if kept else ())]))
        suspected = "、".join(KINDS[kind] for kind in kinds if kind in SUSPECTED)
        reason = f"文字中的{covered}已遮盖，建议修改原文" if covered else "依法公示"
        if suspected:
            reason += f"；文字中有{suspected}，没有自动遮盖，须人工核对"
        yield _part(
            f"/{group}/{name}", LABELS[group, name], shown[group].get(name), MASKED if covered else SHOWN,
            reason, PRIVACY if covered else ALWAYS,
        )  # fmt: skip


def _measure_names(measures: list[dict[str, Any]]) -> str:
    names = measure_names()
    return "、".join(names.get(each["code"], each["code"]) for each in measures)


def _document_parts(shown: dict[str, Any]) -> Iterator[Part]:
    document, organ = shown["document"], shown["organ"]
    rows = (
        ("/document/number", "文号", document["number"]),
        ("/document/date", "日期", document["date"]),
        ("/document/organ", "认定机关", organ["name"]),
        ("/document/fine_wan", "罚款金额（万元）", document["fine_wan"]),
        ("/list", "名单", shown["list"]["name"]),
        (
            "/measures",
            "惩戒措施",
            _measure_names(shown["measures"]) or None,
        ),
    )
    for place, label, value in rows:
        if value is not None:
            yield _part(place, label, value, SHOWN, "依法公示", ALWAYS)
