"""What the annual report counts beside the indicators, each in one query over departments and year."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.table import REMOVED, REVOKED
from services.blacklist.cases.models import Case, CaseOverlay
from services.blacklist.disclosure.models import DisclosureRequest
from services.blacklist.openness.models import OpennessItem
from services.blacklist.register.models import Listing
from services.blacklist.rules.domain import LIST_CLASSES
from services.blacklist.supervision.domain.periods import Period, months_of, year_of
from services.blacklist.supervision.models import Inspection, InspectionItem
from shared.clock import local_date


def _published(period: Period) -> tuple[Any, ...]:
    return (
        Listing.migrated.is_(False),
        Listing.published_at >= period.opens_at,
        Listing.published_at < period.closes_at,
    )


def published_by_class(session: Session, ids: Sequence[str], period: Period) -> dict[str, int]:
    wanted = select(Listing.list_class, func.count()).where(
        Listing.department_id.in_(ids), *_published(period)
    )
    found = {row[0]: row[1] for row in session.execute(wanted.group_by(Listing.list_class))}
    return {name: found.get(code, 0) for code, name in LIST_CLASSES.items()}


def published_by_month(session: Session, ids: Sequence[str], year: int) -> dict[str, int]:
    wanted = select(Listing.published_at).where(Listing.department_id.in_(ids), *_published(year_of(year)))
    found = {f"{month.start.month}月": 0 for month in months_of(year)}
    for at in session.scalars(wanted):
        found[f"{local_date(at).month}月"] += 1
    return found


def ended(session: Session, ids: Sequence[str], period: Period) -> dict[str, int]:
    wanted = select(Case.state, Case.reason_code, func.count()).where(
        Case.department_id.in_(ids), Case.ended_at >= period.opens_at, Case.ended_at < period.closes_at
    )
    found = {"repair": 0, "expiry": 0, "revoked": 0, "objection": 0}
    for state, code, count in session.execute(wanted.group_by(Case.state, Case.reason_code)):
        name = "revoked" if state == REVOKED else code
        if name in found and (state in (REMOVED, REVOKED) or code):
            found[name] += count
    return found


def requests(session: Session, ids: Sequence[str], period: Period) -> dict[tuple[str, str], int]:
    """Objections and repair requests opened in the period, by kind and state."""
    wanted = (
        select(CaseOverlay.kind, CaseOverlay.state, func.count())
        .join(Case, Case.id == CaseOverlay.case_id)
        .where(
            Case.department_id.in_(ids),
            CaseOverlay.kind.in_(("objection", "repair")),
            CaseOverlay.opened_at >= period.opens_at,
            CaseOverlay.opened_at < period.closes_at,
        )
    )
    rows = session.execute(wanted.group_by(CaseOverlay.kind, CaseOverlay.state))
    return {(kind, state): count for kind, state, count in rows}


def finding_states(session: Session, ids: Sequence[str], period: Period) -> dict[str, int]:
    wanted = select(InspectionItem.state, func.count()).where(
        InspectionItem.department_id.in_(ids),
        InspectionItem.due_on.is_not(None),
        InspectionItem.found_at >= period.opens_at,
        InspectionItem.found_at < period.closes_at,
    )
    return {row[0]: row[1] for row in session.execute(wanted.group_by(InspectionItem.state))}


def inspections(session: Session, ids: Sequence[str], period: Period) -> int:
    drawn = select(InspectionItem.inspection_id).where(InspectionItem.department_id.in_(ids))
    wanted = (
        select(func.count())
        .select_from(Inspection)
        .where(
            Inspection.id.in_(drawn),
            Inspection.drawn_at >= period.opens_at,
            Inspection.drawn_at < period.closes_at,
        )
    )
    return session.scalar(wanted) or 0


def items_by_kind(session: Session, ids: Sequence[str], period: Period) -> dict[str, int]:
    """Items of the catalogue made public in the period, by kind, withdrawn ones included."""
    wanted = select(OpennessItem.kind, func.count()).where(
        OpennessItem.department_id.in_(ids),
        OpennessItem.published_at >= period.opens_at,
        OpennessItem.published_at < period.closes_at,
    )
    rows = session.execute(wanted.group_by(OpennessItem.kind).order_by(OpennessItem.kind))
    return {row[0]: row[1] for row in rows}


def disclosures(session: Session, ids: Sequence[str], period: Period) -> dict[tuple[str, str | None], int]:
    """Requests for disclosure received in the period, by state and, once answered, type of answer."""
    wanted = select(DisclosureRequest.state, DisclosureRequest.answer).where(
        DisclosureRequest.department_id.in_(ids),
        DisclosureRequest.received_on.between(period.start, period.end),
    )
    found: dict[tuple[str, str | None], int] = {}
    for state, answer in session.execute(wanted):
        key = (state, answer.get("answer_type") if answer else None)
        found[key] = found.get(key, 0) + 1
    return found
