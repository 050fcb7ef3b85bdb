"""Duties of cases, and those that need attention."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, object_session

from services.blacklist.rules.models import Duty
from services.blacklist.rules.queries.calendars import imported_years
from shared.calendar import WorkingCalendar, builtin_years
from shared.clock import local_date
from shared.errors import NotFound


def duties_of(session: Session, case_ids: Sequence[str]) -> dict[str, list[Duty]]:
    """By case, in the order they arose; cases without duties are left out."""
    found: dict[str, list[Duty]] = {}
    for duty in session.scalars(select(Duty).where(Duty.case_id.in_(case_ids)).order_by(Duty.id)):
        found.setdefault(duty.case_id, []).append(duty)
    return found


def open_duties(
    session: Session, department_ids: Sequence[str], *, due_by: date | None = None, limit: int = 200
) -> Sequence[Duty]:
    """What these departments still owe, soonest first."""
    wanted = select(Duty).where(
        Duty.department_id.in_(department_ids), Duty.done_at.is_(None), Duty.cancelled_at.is_(None)
    )
    if due_by is not None:
        wanted = wanted.where(Duty.due_on <= due_by)
    return session.scalars(wanted.order_by(Duty.due_on, Duty.id).limit(limit)).all()


def to_announce(session: Session, now: datetime, limit: int, *, lock: bool = False) -> Sequence[Duty]:
    """Open, running duties whose next mark is still to be set; locked only inside a writing transaction."""
    today, by_day = local_date(now), Duty.due_at.is_(None)
    soon = Duty.due_soon_at.is_(None) & or_(by_day & (Duty.soon_on <= today), Duty.soon_at <= now)
    late = Duty.overdue_at.is_(None) & or_(by_day & (Duty.due_on < today), Duty.due_at < now)
    running = (Duty.done_at.is_(None), Duty.cancelled_at.is_(None), Duty.paused_on.is_(None))
    wanted = select(Duty).where(*running, or_(soon, late))
    wanted = wanted.order_by(Duty.due_on, Duty.id).limit(limit)
    return session.scalars(wanted.with_for_update(skip_locked=True) if lock else wanted).all()


def outdated_duties(session: Session, version: str, after: str, limit: int) -> Sequence[Duty]:
    """Open, started duties counted by another calendar than this one, in order of id."""
    wanted = select(Duty).where(
        Duty.calendar_version != version,
        Duty.start_on.is_not(None),
        Duty.due_at.is_(None),
        Duty.done_at.is_(None),
        Duty.cancelled_at.is_(None),
        Duty.id > after,
    )
    return session.scalars(wanted.order_by(Duty.id).limit(limit).with_for_update()).all()


def find_duty(session: Session, duty_id: str, department_id: str, *, lock: bool = False) -> Duty:
    """A duty of one's own department; others do not exist."""
    wanted = select(Duty).where(Duty.id == duty_id, Duty.department_id == department_id)
    found = session.scalars(wanted.with_for_update() if lock else wanted).first()
    if found is None:
        raise NotFound("duty-not-found", "没有这项期限")
    return found


def lateness(duty: Duty) -> dict[str, Any]:
    """Whether a duty was done too late, and by how many working days of the calendar in force."""
    session = object_session(duty)
    if not duty.done_late or duty.done_at is None or duty.due_on is None or session is None:
        return {"late": duty.done_late, "late_wd": 0}
    days = _calendar(session).working_days_between(duty.due_on, local_date(duty.done_at))
    return {"late": True, "late_wd": days}


def _calendar(session: Session) -> WorkingCalendar:
    """Read once a session: a page of late cases asks for it again and again."""
    if "calendar" not in session.info:
        years = {each.year: each for each in (*builtin_years(), *imported_years(session))}
        session.info["calendar"] = WorkingCalendar("", years.values())
    found: WorkingCalendar = session.info["calendar"]
    return found
