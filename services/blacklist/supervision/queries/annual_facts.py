"""What the annual report of a place says, counted once for its text, its tables and its series."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from services.blacklist.identity.models import Department
from services.blacklist.supervision.domain.periods import year_of
from services.blacklist.supervision.queries import annual_counts as counts
from services.blacklist.supervision.queries.gaps import gaps
from services.blacklist.supervision.queries.indicators import Figures, figures_of, together
from services.blacklist.supervision.queries.scope import Scope
from shared.regions import full_name


@dataclass(frozen=True)
class Facts:
    """Everything the report says, counted once."""

    year: int
    place: str
    until: date
    complete: bool
    departments: tuple[Department, ...]
    figures: Mapping[str, Figures]
    total: Figures
    by_class: Mapping[str, int]
    by_month: Mapping[str, int]
    items: Mapping[str, int]
    ended: Mapping[str, int]
    requests: Mapping[tuple[str, str], int]
    disclosures: Mapping[tuple[str, str | None], int]
    gaps: int
    inspections: int
    findings: int
    closed_findings: int


def facts_of(session: Session, scope: Scope, year: int, today: date) -> Facts:
    period, ids = year_of(year), scope.ids
    figures = figures_of(session, ids, period, today)
    items = counts.finding_states(session, ids, period)
    return Facts(
        year=year,
        place=_place(scope),
        until=min(period.end, today),
        complete=today > period.end,
        departments=scope.departments,
        figures=figures,
        total=together(figures.values()),
        by_class=counts.published_by_class(session, ids, period),
        by_month=counts.published_by_month(session, ids, year),
        items=counts.items_by_kind(session, ids, period),
        ended=counts.ended(session, ids, period),
        requests=counts.requests(session, ids, period),
        disclosures=counts.disclosures(session, ids, period),
        gaps=sum(each.gap.numbers for each in gaps(session, ids, today, year=year)),
        inspections=counts.inspections(session, ids, period),
        findings=sum(items.values()),
        closed_findings=items.get("closed", 0),
    )


def _place(scope: Scope) -> str:
    if len(scope.departments) == 1 and scope.region is None:
        return scope.departments[0].name
    return full_name(scope.region) if scope.region else scope.departments[0].name
