"""How long a list's publicity, windows and duties last: pure functions over its rule.

Nothing here knows a statutory number: all come from `data/`, with source and dates of force.
Dates are Asia/Shanghai dates; "wd" is 工作日, the event's own day excluded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from services.blacklist.rules.domain.lists import ExpiryRule, ListRule, PublicityRange
from services.blacklist.rules.domain.names import SEVERITIES
from shared.calendar import Due, WorkingCalendar, add_months


@dataclass(frozen=True)
class PublicityWindow:
    """公示期: shown from `start`, may end early from `min_end`; `max_end` is the first day not shown."""

    start: date
    min_end: date
    max_end: date


def may_decide(rule: ListRule, organ_kind: str, level: str) -> bool:
    """认定权 of a department of this line of work and level.

    Where the decision is made elsewhere, who reports it as 数据来源单位 (`filing_organs`) may, too.
    """
    organs = (*rule.deciding_organs, *rule.filing_organs)
    return level in rule.deciding_levels and ("*" in organs or organ_kind in organs)


def publicity_range(rule: ListRule, severity: str, domain: str | None = None) -> PublicityRange | None:
    """The months allowed for a severity, a domain's own statutory range before the general one."""
    for override in rule.overrides:
        if override.severity == severity and domain in override.domains:
            return override.publicity
    return rule.publicity.get(severity)


def repair_after(rule: ListRule, severity: str, domain: str | None = None) -> int:
    """最短公示期 before 信用修复, in months: never less than a domain's own statutory minimum."""
    own = [o.publicity.min_months for o in rule.overrides if o.severity == severity and domain in o.domains]
    return max(rule.removal.repair_after_months.get(severity, 0), *own, 0)


def expiry_rule(rule: ListRule, domain: str) -> ExpiryRule | None:
    """What the list lays down for the end of publicity, a domain's own rule before the general one."""
    own = [each for each in rule.expiry if domain in each.domains]
    return next(iter([*own, *(each for each in rule.expiry if "*" in each.domains)]), None)


def months_problem(rule: ListRule, severity: str, months: int, domain: str | None = None) -> str | None:
    """Why this publicity length is refused for the severity, or None."""
    allowed = publicity_range(rule, severity, domain)
    if allowed is None:
        grade = SEVERITIES.get(severity, severity)
        return f"{rule.name}没有“{grade}”这一档；可选：{_named(rule.publicity)}"
    if allowed.min_months <= months <= allowed.max_months:
        return None
    bounds = f"{allowed.min_months} 至 {allowed.max_months} 个月"
    return f"{SEVERITIES[severity]}失信的公示期须为 {bounds}({rule.regime})"


def necessity_problem(rule: ListRule, severity: str | None, months: int | None, stated: object) -> str | None:
    """Why a minor act may not be shown without its necessity being stated, or None."""
    if stated or severity != "minor" or not months or not rule.minor_needs_necessity:
        return None
    return f"公示轻微失信信息须说明必要性（{rule.regime}）；没有公示必要的，公示期填 0，不予公示"


def default_months(rule: ListRule, domain: str | None = None) -> int:
    """Publicity of a decision that names no length: the list's own, kept within the range of the domain."""
    allowed = publicity_range(rule, rule.default_severity, domain)
    if allowed is None:
        return rule.default_months
    return min(max(rule.default_months, allowed.min_months), allowed.max_months)


def _named(severities: Mapping[str, PublicityRange]) -> str:
    return "、".join(SEVERITIES[each] for each in severities)


def publication_start(rule: ListRule, document_date: date | None, decided_on: date | None) -> date | None:
    """The day the publication duty counts from; None while that day is not known yet."""
    return document_date if rule.duty_start == "document" else decided_on


def publication_due(
    rule: ListRule,
    *,
    document_kind: str | None,
    document_date: date | None,
    decided_on: date | None,
    calendar: WorkingCalendar,
) -> Due | None:
    """Latest day to publish; None until the day it counts from is known (full procedure before `decide`)."""
    start = publication_start(rule, document_date, decided_on)
    return (
        None if start is None else calendar.add_working_days(start, rule.publication_duty_wd(document_kind))
    )


def publicity_window(
    rule: ListRule, severity: str, months: int, start: date, domain: str | None, ban_until: date | None = None
) -> PublicityWindow:
    """From `start` (the decision or the first publication, as the rule says).

    Where the list follows a ban (招标投标: six months, or the longer ban), the ban's end counts if later.
    """
    max_end = add_months(start, months)
    if rule.publicity_follows_ban and ban_until is not None:
        max_end = max(max_end, ban_until)
    earliest = add_months(start, repair_after(rule, severity, domain))
    return PublicityWindow(start, min(earliest, max_end), max_end)


def statement_window_ends(rule: ListRule, noticed_on: date, calendar: WorkingCalendar) -> Due:
    """Last day for 陈述申辩; `decide` without a statement is allowed from the day after."""
    return calendar.add_working_days(noticed_on, rule.statement_window.n)


def hearing_window_ends(rule: ListRule, noticed_on: date, calendar: WorkingCalendar) -> Due:
    """Last day to ask for a hearing."""
    return calendar.add_working_days(noticed_on, rule.hearing_window.n)
