"""Duties to drill down into: what is overdue now, and what stands behind an indicator of a period.

Persons' names are masked here; whoever may open the case sees it there.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, true
from sqlalchemy.orm import Session

from services.blacklist.cases.models import Case
from services.blacklist.rules.models import Duty
from services.blacklist.supervision.domain.periods import Period
from services.blacklist.supervision.queries.indicators import OBJECTION, PUBLISH, REPAIR, SHORT_WD
from shared.clock import local_date
from shared.identifiers import mask_person_name

MEASURES: dict[str, str] = {
    "publication": "公开",
    "timely_7": "7个工作日内公开",
    "timely_20": "20个工作日内公开",
    "objection": "异议按期办理",
    "repair": "信用修复按期办理",
}
After = tuple[str, str]
Row = tuple[Duty, Case]


def overdue_duties(
    session: Session, department_ids: Sequence[str], today: date, *, after: After | None, limit: int
) -> list[Row]:
    """Open duties past their day, longest overdue first; up to `limit` + 1 rows."""
    wanted = _duties(department_ids).where(
        Duty.done_at.is_(None), Duty.cancelled_at.is_(None), Duty.due_on < today
    )
    return _page(session, wanted, after, limit)


def measured_duties(
    session: Session,
    department_ids: Sequence[str],
    measure: str,
    period: Period,
    today: date,
    *,
    after: After | None,
    limit: int,
) -> list[Row]:
    """Every duty an indicator counts in the period, met or not, in order of due date."""
    wanted = _duties(department_ids).where(
        _measured(measure),
        Duty.cancelled_at.is_(None),
        Duty.due_on >= period.start,
        Duty.due_on <= period.end,
        or_(Duty.done_at.is_not(None), Duty.due_on < today),
    )
    return _page(session, wanted, after, limit)


def _duties(department_ids: Sequence[str]) -> Select[Duty, Case]:
    return (
        select(Duty, Case).join(Case, Case.id == Duty.case_id).where(Duty.department_id.in_(department_ids))
    )


def _measured(measure: str) -> ColumnElement[bool]:
    publishing = Duty.kind == PUBLISH
    measured: dict[str, ColumnElement[bool]] = {
        "publication": publishing,
        "timely_7": and_(publishing, Duty.length_wd <= SHORT_WD),
        "timely_20": and_(publishing, Duty.length_wd > SHORT_WD),
        "objection": Duty.kind.in_(OBJECTION),
        "repair": Duty.kind.in_(REPAIR),
    }
    return measured.get(measure, true())


def _page(session: Session, wanted: Select[Duty, Case], after: After | None, limit: int) -> list[Row]:
    if after is not None:
        day, last = date.fromisoformat(after[0]), after[1]
        wanted = wanted.where(or_(Duty.due_on > day, and_(Duty.due_on == day, Duty.id > last)))
    rows = session.execute(wanted.order_by(Duty.due_on, Duty.id).limit(limit + 1))
    return [(duty, case) for duty, case in rows]


def duty_view(row: Row, names: dict[str, str], today: date) -> dict[str, Any]:
    duty, case = row
    person = case.subject_type == "individual"
    done_on = local_date(duty.done_at) if duty.done_at else None
    return {
        "id": duty.id,
        "kind": duty.kind,
        "rule": duty.rule,
        "case_id": case.id,
        "subject_name": mask_person_name(case.subject_name) if person else case.subject_name,
        "document_number": case.document_number,
        "list_name": case.list_name,
        "department_id": duty.department_id,
        "department_name": names.get(duty.department_id, case.department_name),
        "due": duty.due_on,
        "provisional": duty.provisional,
        "done_on": done_on,
        "late": duty.due_on is not None and (done_on or today) > duty.due_on,
        "days_late": max(((done_on or today) - duty.due_on).days, 0) if duty.due_on else 0,
    }
