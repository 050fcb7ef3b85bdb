"""The named variables of templates, from the case, the step told of, and the list's rule. Identity numbers
are masks unless the caller hands over the number an officer chose to show.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from services.blacklist.cases.domain.decision import decision_parts
from services.blacklist.cases.domain.hearing import was_held
from services.blacklist.cases.models import Case, CaseOverlay, CaseStep
from services.blacklist.cases.queries.standing import unpublished
from services.blacklist.letters.domain.wording import (
    CHANNELS,
    GRADES,
    ID_NAMES,
    REMOVAL_REASONS,
    bare,
    chinese_day,
    sentence,
    tidy,
)
from services.blacklist.letters.queries.hearing import LATER, hearing_flags, hearing_told, hearing_values
from services.blacklist.rules.domain import (
    DOCUMENT_KINDS,
    ListRule,
    PublicityRange,
    publicity_range,
    repair_after,
)
from services.blacklist.rules.queries import editions_of_measures, measure
from services.blacklist.rules.remedies import SAME_LEVEL
from shared.calendar import WorkingCalendar, add_months
from shared.clock import local_date

UNKNOWN = "（未载明）"


@dataclass(frozen=True)
class Occasion:
    """All a letter is made from."""

    case: Case
    step: CaseStep
    rule: ListRule
    calendar: WorkingCalendar
    overlay: CaseOverlay | None
    dated: date
    decision_number: str | None = None
    """Of our own decision, where it has been made out or numbered."""
    identity: str | None = None
    """The clear identity number, only where an officer chose with reason to show it."""
    reviewed_by: str = SAME_LEVEL
    """Who hears an appeal (行政复议机关), by name."""


def values_of(occasion: Occasion) -> dict[str, str]:
    """Every variable any template may name."""
    case, rule = occasion.case, occasion.rule
    return {
        **_party(occasion),
        **_document(occasion),
        **_rule_values(rule, case),
        "remedy": sentence(_named(rule.remedy, occasion)),
        **_windows(occasion),
        **_decision(occasion),
        **_request(occasion),
        **_ending(occasion),
        "facts_sentence": sentence(case.misconduct.get("facts")),
        "basis": bare(case.document.get("basis")) or UNKNOWN,
        "reason": _reason(occasion),
        "step_on": chinese_day(local_date(occasion.step.at)),
    }


def _reason(occasion: Occasion) -> str:
    """As given; a request for repair refused without a word was not yet due, or lacked its conditions."""
    case, step = occasion.case, occasion.step
    if given := sentence(step.reason or case.reason):
        return given
    if step.action != "refuse_repair":
        return UNKNOWN
    early = case.publicity_min_end is not None and local_date(step.at) < case.publicity_min_end
    return "最短公示期未满。" if early else "不符合信用修复的受理条件。"


def flags_of(occasion: Occasion) -> set[str]:
    """The conditions paragraphs may hang on."""
    case, step = occasion.case, occasion.step
    detail = step.detail or {}
    holds = {
        "has_facts": bool(case.misconduct.get("facts")),
        "has_document": bool(case.document.get("number") and case.document.get("organ")),
        "has_measures": bool(case.measures),
        "has_edition": bool(case.measures and _edition(case)),
        "has_reason": bool(step.reason),
        "has_representative": bool(case.legal_representative),
        **hearing_flags(case.hearing or {}),
        "was_noticed": bool(case.notice_number and case.noticed_on),
        _minimum_flag(occasion): True,
        "granted": bool(detail.get("granted")),
        "upheld": bool(detail.get("upheld")),
        "by_repair": case.reason_code == "repair",
    }
    return {name for name, value in holds.items() if value}


def _party(occasion: Occasion) -> dict[str, str]:
    case = occasion.case
    if case.subject_type == "individual":
        number = occasion.identity or case.id_masked
        identity = f"{ID_NAMES.get(case.id_type or '', ID_NAMES['other'])}：{number or UNKNOWN}"
    else:
        identity = f"统一社会信用代码：{case.uscc or UNKNOWN}"
    return {
        "party": "你" if case.subject_type == "individual" else "你单位",
        "subject_name": case.subject_name,
        "identity": identity,
        "legal_representative": case.legal_representative or UNKNOWN,
        "organ": case.department_name,
    }


def _document(occasion: Occasion) -> dict[str, str]:
    """What was filed, and what the listing rests on: our own decision where there is one."""
    case = occasion.case
    document = case.document
    name = DOCUMENT_KINDS.get(document.get("kind") or "", "决定文书").split("、")[0]
    number = document.get("number") or UNKNOWN
    return {
        "document_name": name,
        "document_number": number,
        "ground_name": "列入决定书" if occasion.decision_number else name,
        "ground_number": occasion.decision_number or number,
        "document_organ": document.get("organ") or case.department_name,
        "document_date": chinese_day(document.get("date")) or UNKNOWN,
    }


def _rule_values(rule: ListRule, case: Case) -> dict[str, str]:
    bases = (each.cited for each in rule.basis_in(case.region))
    found = {severity: publicity_range(rule, severity, case.domain) for severity in rule.publicity}
    ranges = (_range(severity, each) for severity, each in found.items() if each)
    removal = rule.removal
    return {
        "list_name": tidy(case.list_name),
        "list_basis": tidy("；".join(bases)),
        "ranges": "，".join(ranges),
        "repair_conditions": "；".join(bare(each) for each in removal.conditions),
        "repair_after": str(_repair_after(case, rule)),
        "accept_days": str(removal.accept_wd),
        "settle_days": str(removal.settle_wd),
        "extend_days": str(removal.extend_wd),
        "statement_days": str(rule.statement_window.n),
        "hearing_days": str(rule.hearing_window.n),
    }


def _repair_after(case: Case, rule: ListRule) -> int:
    return repair_after(rule, case.severity or rule.default_severity, case.domain)


def _minimum_flag(occasion: Occasion) -> str:
    """Which sentence tells of the publicity and the earliest repair: one of four."""
    case, rule = occasion.case, occasion.rule
    after, months = _repair_after(case, rule), _months(case, rule)
    if unpublished(case, rule):
        return "unpublished"
    if not after:
        return "no_minimum"
    return "at_minimum" if months and after >= months else "has_minimum"


def _publicity(case: Case, rule: ListRule) -> str:
    """Where a ban is published until its end, no months are set."""
    months = _months(case, rule)
    return f"公示期{months}个月" if months else "公示至限制措施期满为止"


def _range(severity: str, allowed: PublicityRange) -> str:
    grade = GRADES.get(severity, severity)
    if not allowed.min_months:
        return f"{grade}的最长{allowed.max_months}个月，可以随时申请信用修复"
    return f"{grade}的为{allowed.min_months}至{allowed.max_months}个月"


def _windows(occasion: Occasion) -> dict[str, str]:
    case = occasion.case
    return {
        "notice_number": case.notice_number or UNKNOWN,
        "noticed_on": chinese_day(case.noticed_on) or UNKNOWN,
        **hearing_values(case.hearing or {}),
    }


def _decision(occasion: Occasion) -> dict[str, str]:
    case, rule = occasion.case, occasion.rule
    lines = [_measure_line(each, occasion.dated) for each in case.measures or ()]
    named = [_measure_name(each["code"], occasion.dated) for each in case.measures or ()]
    parts = decision_parts(
        rule,
        case.decision or {},
        region=case.region,
        domain=case.domain,
        facts=case.misconduct.get("facts") or "",
        basis=case.document.get("basis") or "",
        severity=case.severity or rule.default_severity,
        months=_months(case, rule),
        measures=named,
    )
    parts["remedy"] = _named(parts["remedy"], occasion)
    return {
        **{f"decision_{name}": sentence(text) for name, text in parts.items()},
        "decision_consequences": _lead(parts["consequences"], named),
        "severity": GRADES.get(case.severity or "", "一般"),
        "publicity": _publicity(case, rule),
        "measures": sentence("\n".join(f"（{number}）{line}" for number, line in enumerate(lines, 1))),
        "measures_edition": _edition(case) or UNKNOWN,
        "heard": _heard(case),
    }


def _edition(case: Case) -> str:
    """By name, the edition of the closed list the decision keeps; decisions of earlier releases kept none."""
    kept = (case.decision or {}).get("edition")
    return next((tidy(each["title"]) for each in editions_of_measures() if each["version"] == kept), "")


def _lead(consequences: str, named: list[str]) -> str:
    """Without the measures' names at its end: the paper lists them below, with basis and days."""
    whole, tail = sentence(consequences), sentence("：" + "、".join(named))
    return f"{whole.removesuffix(tail)}：" if named and whole.endswith(tail) else whole


def _named(remedy: str, occasion: Occasion) -> str:
    """The body that hears appeals, by its name."""
    return remedy.replace(SAME_LEVEL, occasion.reviewed_by)


def _months(case: Case, rule: ListRule) -> int:
    """Nought is a decision of its own, not a missing one."""
    return rule.default_months if case.publicity_months is None else case.publicity_months


def _heard(case: Case) -> str:
    """The statement with its answer, and the hearing with what came of it: neither hides the other."""
    stated, hearing = _stated(case), case.hearing or {}
    silent = "" if stated or was_held(hearing) else "当事人在规定期限内未提出陈述、申辩。"
    return f"{stated or silent}{hearing_told(hearing)}"


def _stated(case: Case) -> str:
    statement = case.statement or {}
    if statement.get("waived"):
        return "当事人书面放弃陈述、申辩。"
    if statement.get("answer"):
        return f"当事人进行了陈述、申辩，本机关核实后答复如下：{sentence(statement['answer'])}"
    return ""


def _measure_name(code: str, on: date) -> str:
    known = measure(code, on)
    return known.name if known else code


def _measure_line(each: dict[str, Any], on: date) -> str:
    """One measure with its basis and dates."""
    begins, ends = chinese_day(each.get("from")), chinese_day(each.get("to"))
    span = f"，自{begins or '公示之日'}起至{ends or '公示期满'}止"
    basis = f"（依据：{bare(each['basis'])}）" if each.get("basis") else ""
    return f"{bare(_measure_name(each['code'], on))}{basis}{span}；"


def _request(occasion: Occasion) -> dict[str, str]:
    """An objection or a request for repair: how and when it came, and what follows."""
    overlay, case, rule = occasion.overlay, occasion.case, occasion.rule
    settle_by = occasion.calendar.add_working_days(local_date(occasion.step.at), rule.removal.settle_wd)
    corrected = "本机关已经更正公示信息，并在公示页面注明更正。"
    ended = f"本机关已于{chinese_day(occasion.dated)}停止公示，并通知各共享平台停止公示。"
    return {
        "received_on": chinese_day(overlay.received_on if overlay else None) or UNKNOWN,
        "channel": CHANNELS.get(overlay.channel or "", "本机关") if overlay else "本机关",
        "ticket_note": f"（受理编号：{overlay.ticket}）" if overlay and overlay.ticket else "",
        "settle_by": chinese_day(settle_by.day),
        "repair_from": _repair_from(case, rule),
        "outcome": corrected if occasion.step.to_state == "published" else ended,
    }


def _repair_from(case: Case, rule: ListRule) -> str:
    if case.publicity_min_end:
        return chinese_day(case.publicity_min_end)
    start = case.publicity_start
    return chinese_day(add_months(start, _repair_after(case, rule))) if start else LATER


def _ending(occasion: Occasion) -> dict[str, str]:
    case = occasion.case
    return {
        "published_on": chinese_day(local_date(case.published_at)) if case.published_at else UNKNOWN,
        "ended_on": chinese_day(local_date(case.ended_at or occasion.step.at)),
        "removal_reason": REMOVAL_REASONS.get(case.reason_code or "", "符合移出条件"),
    }
