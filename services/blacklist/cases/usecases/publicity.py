"""Severity and months: chosen within what the list's rule allows, and the window they give."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.blacklist.cases.models import Case
from services.blacklist.cases.queries.standing import last_ban
from services.blacklist.cases.usecases.moves import invalid
from services.blacklist.rules.domain import (
    ListRule,
    PublicityWindow,
    default_months,
    months_problem,
    necessity_problem,
    publicity_range,
    publicity_window,
)


def chosen_publicity(
    rule: ListRule, severity: str | None, months: int | None, domain: str
) -> tuple[str, int]:
    """Severity and months as asked, or what the list gives where none is asked; Invalid outside the class."""
    severity = severity or rule.default_severity
    allowed = publicity_range(rule, severity, domain)
    if allowed is None:
        raise invalid(("/severity", f"{rule.name}的失信程度应为下列之一：{'、'.join(rule.publicity)}"))
    if months is None:
        return severity, default_months(
            rule, domain
        ) if severity == rule.default_severity else allowed.max_months
    if problem := months_problem(rule, severity, months, domain):
        raise invalid(("/publicity_months", problem))
    return severity, months


def require_necessity(
    rule: ListRule, severity: str | None, months: int | None, given: Mapping[str, Any]
) -> None:
    """A minor act is shown only where the department says why it must be."""
    if problem := necessity_problem(rule, severity, months, given.get("necessity")):
        raise invalid(("/necessity", problem))


def window_of(case: Case, rule: ListRule, today: date) -> PublicityWindow:
    """The publicity window of a case that is published today."""
    severity, months = chosen_publicity(rule, case.severity, case.publicity_months, case.domain)
    decided = case.decided_on or case.document_date or today
    start = today if rule.publicity_start == "publication" else decided
    return publicity_window(rule, severity, months, start, case.domain, last_ban(case))
