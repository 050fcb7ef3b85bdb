"""Duties of cases, and those that need attention."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.blacklist.rules.models import Duty


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


def to_announce(session: Session, today: date, limit: int, *, lock: bool = False) -> Sequence[Duty]:
    """Open duties whose next mark is still to be set; locked only inside a writing transaction."""
    soon = Duty.due_soon_at.is_(None) & (Duty.soon_on <= today)
    late = Duty.overdue_at.is_(None) & (Duty.due_on < today)
    wanted = select(Duty).where(Duty.done_at.is_(None), Duty.cancelled_at.is_(None), or_(soon, late))
    wanted = wanted.order_by(Duty.due_on, Duty.id).limit(limit)
    return session.scalars(wanted.with_for_update(skip_locked=True) if lock else wanted).all()


def provisional_duties(session: Session, after: str, limit: int) -> Sequence[Duty]:
    wanted = select(Duty).where(
        Duty.provisional.is_(True), Duty.done_at.is_(None), Duty.cancelled_at.is_(None)
    )
    return session.scalars(wanted.where(Duty.id > after).order_by(Duty.id).limit(limit)).all()
