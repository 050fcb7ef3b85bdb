"""Duties to drill down into: what is overdue now, and what stands behind an indicator of a period.

Persons' names are masked here; whoever may open the case sees it there.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, true
from sqlalchemy.orm import Session

from services.blacklist.cases.models import Case
from services.blacklist.disclosure.domain import ANSWER_DUTY
from services.blacklist.disclosure.models import DisclosureRequest
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
    "applications": "依申请公开按期答复",
}
After = tuple[str, str]
Row = tuple[Duty, Case | None, DisclosureRequest | None]


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


def _duties(department_ids: Sequence[str]) -> Select[Duty, Case, DisclosureRequest]:
    rows = (
        select(Duty, Case, DisclosureRequest)
        .outerjoin(Case, Case.id == Duty.case_id)
        .outerjoin(DisclosureRequest, DisclosureRequest.id == Duty.case_id)
    )
    return rows.where(Duty.department_id.in_(department_ids))


def _measured(measure: str) -> ColumnElement[bool]:
    publishing = Duty.kind == PUBLISH
    measured: dict[str, ColumnElement[bool]] = {
        "publication": publishing,
        "timely_7": and_(publishing, Duty.length_wd <= SHORT_WD),
        "timely_20": and_(publishing, Duty.length_wd > SHORT_WD),
        "objection": Duty.kind.in_(OBJECTION),
        "repair": Duty.kind.in_(REPAIR),
        "applications": Duty.kind == ANSWER_DUTY,
    }
    return measured.get(measure, true())


def _page(
    session: Session, wanted: Select[Duty, Case, DisclosureRequest], after: After | None, limit: int
) -> list[Row]:
    if after is not None:
        day, last = date.fromisoformat(after[0]), after[1]
        wanted = wanted.where(or_(Duty.due_on > day, and_(Duty.due_on == day, Duty.id > last)))
    rows = session.execute(wanted.order_by(Duty.due_on, Duty.id).limit(limit + 1))
    return [(duty, case, request) for duty, case, request in rows]


def duty_view(row: Row, names: dict[str, str], today: date) -> dict[str, Any]:
    duty = row[0]
    done_on = local_date(duty.done_at) if duty.done_at else None
    late_by = (done_on or today) - duty.due_on if duty.due_on else timedelta(0)
    return _about(row) | {
        "id": duty.id,
        "kind": duty.kind,
        "rule": duty.rule,
        "department_id": duty.department_id,
        "department_name": names.get(duty.department_id, ""),
        "due": duty.due_on,
        "provisional": duty.provisional,
        "done_on": done_on,
        "late": late_by.days > 0,
        "days_late": max(late_by.days, 0),
    }


def _about(row: Row) -> dict[str, Any]:
    """What the duty is on: a case, or a request for disclosure (whose applicant is not named)."""
    _, case, request = row
    if case is None:
        shown = {"case_id": None, "request_id": request.id if request else None, "list_name": "依申请公开"}
        return shown | {"subject_name": "申请人", "document_number": request.number if request else None}
    person = case.subject_type == "individual"
    return {
        "case_id": case.id,
        "request_id": None,
        "subject_name": mask_person_name(case.subject_name) if person else case.subject_name,
        "document_number": case.document_number,
        "list_name": case.list_name,
    }
