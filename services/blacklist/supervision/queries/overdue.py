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
from services.blacklist.openness.domain.items import INTERPRET_DUTY, ITEM_DUTY
from services.blacklist.openness.domain.reports import REPORT_DUTY
from services.blacklist.openness.models import OpennessItem, Opinion, Report
from services.blacklist.rules.models import Duty
from services.blacklist.supervision.domain.periods import Period
from services.blacklist.supervision.models import AnnualReport
from services.blacklist.supervision.queries.indicators import (
    OBJECTION,
    OPINION,
    PUBLISHING,
    REPAIR,
    SHORT_WD,
    is_overdue,
    met_in_time,
)
from shared.clock import local_date
from shared.identifiers import mask_person_name

MEASURES: dict[str, str] = {
    "publication": "公开",
    "timely_7": "7个工作日内公开",
    "timely_20": "20个工作日内公开",
    "objection": "异议按期办理",
    "repair": "信用修复按期办理",
    "applications": "依申请公开按期答复",
    "items": "主动公开信息按期公开",
    "interpretations": "政策解读按期发布",
    "opinions": "政务舆情按时回应",
    "reports": "监督举报按期答复",
}
After = tuple[str, str]
Thing = Case | DisclosureRequest | OpennessItem | Opinion | Report | AnnualReport
Row = tuple[Duty, Thing | None]
OTHERS: dict[type[Any], str] = {
    DisclosureRequest: "依申请公开",
    OpennessItem: "主动公开信息",
    Opinion: "政务舆情",
    Report: "监督举报",
    AnnualReport: "年度报告",
}
"""What else than a case a duty may be on, with its name; people know each by its number."""


def overdue_duties(
    session: Session, department_ids: Sequence[str], today: date, *, after: After | None, limit: int
) -> list[Row]:
    """Open duties past their day, longest overdue first; up to `limit` + 1 rows."""
    wanted = _duties(department_ids).where(
        Duty.done_at.is_(None), Duty.cancelled_at.is_(None), is_overdue(today)
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
        or_(Duty.done_at.is_not(None), is_overdue(today)),
    )
    return _page(session, wanted, after, limit)


def _duties(department_ids: Sequence[str]) -> Select[Duty]:
    return select(Duty).where(Duty.department_id.in_(department_ids))


def _measured(measure: str) -> ColumnElement[bool]:
    publishing = Duty.kind.in_(PUBLISHING)
    measured: dict[str, ColumnElement[bool]] = {
        "publication": publishing,
        "timely_7": and_(publishing, Duty.length_wd <= SHORT_WD),
        "timely_20": and_(publishing, Duty.length_wd > SHORT_WD),
        "objection": Duty.kind.in_(OBJECTION),
        "repair": Duty.kind.in_(REPAIR),
        "applications": Duty.kind == ANSWER_DUTY,
        "items": Duty.kind == ITEM_DUTY,
        "interpretations": Duty.kind == INTERPRET_DUTY,
        "opinions": Duty.kind.in_(OPINION),
        "reports": Duty.kind == REPORT_DUTY,
    }
    return measured.get(measure, true())


def _page(session: Session, wanted: Select[Duty], after: After | None, limit: int) -> list[Row]:
    if after is not None:
        day, last = date.fromisoformat(after[0]), after[1]
        wanted = wanted.where(or_(Duty.due_on > day, and_(Duty.due_on == day, Duty.id > last)))
    duties = session.scalars(wanted.order_by(Duty.due_on, Duty.id).limit(limit + 1)).all()
    things = _things(session, [duty.case_id for duty in duties])
    return [(duty, things.get(duty.case_id)) for duty in duties]


def _things(session: Session, ids: Sequence[str]) -> dict[str, Thing]:
    """What the duties are on, by id: one query a kind of thing, until all are found."""
    found: dict[str, Thing] = {}
    models: tuple[Any, ...] = (Case, *OTHERS)
    for model in models:
        left = [each for each in ids if each not in found]
        if left:
            found |= {each.id: each for each in session.scalars(select(model).where(model.id.in_(left)))}
    return found


def duty_view(row: Row, names: dict[str, str], today: date) -> dict[str, Any]:
    duty = row[0]
    done_on = local_date(duty.done_at) if duty.done_at else None
    late_by = (done_on or today) - duty.due_on if duty.due_on else timedelta(0)
    return _about(row[1]) | {
        "id": duty.id,
        "kind": duty.kind,
        "rule": duty.rule,
        "department_id": duty.department_id,
        "department_name": names.get(duty.department_id, ""),
        "due": duty.due_on,
        "due_at": duty.due_at,
        "provisional": duty.provisional,
        "done_on": done_on,
        "late": not met_in_time(duty) if duty.done_at else duty.overdue_at is not None or late_by.days > 0,
        "days_late": max(late_by.days, 0),
    }


def subjects(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """The cases among the rows, each with the type of its subject."""
    return [(thing.id, thing.subject_type) for _, thing in rows if isinstance(thing, Case)]


def _about(thing: Thing | None) -> dict[str, Any]:
    """What the duty is on. Who asked or reported is not named; a case's person is masked."""
    nothing = {"case_id": None, "request_id": None, "item_id": None}
    if isinstance(thing, Case):
        person = thing.subject_type == "individual"
        return nothing | {
            "case_id": thing.id,
            "subject_name": mask_person_name(thing.subject_name) if person else thing.subject_name,
            "document_number": thing.document_number,
            "list_name": thing.list_name,
        }
    shown = nothing | {
        "list_name": OTHERS.get(type(thing), ""),
        "document_number": thing.number if thing else None,
    }
    if isinstance(thing, OpennessItem):
        return shown | {"item_id": thing.id, "subject_name": thing.title}
    if isinstance(thing, Opinion):
        return shown | {"subject_name": thing.title}
    asks = isinstance(thing, DisclosureRequest)
    return shown | {
        "request_id": thing.id if asks and thing else None,
        "subject_name": "申请人" if asks else "—",
    }
