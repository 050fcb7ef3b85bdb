"""Duties arise, move, are met or fall away; the clock loop says once when one is near or late."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.blacklist.rules.models import Duty
from services.blacklist.rules.queries.duties import provisional_duties, to_announce
from shared.calendar import WorkingCalendar
from shared.clock import Clock, local_date
from shared.db import Database
from shared.ids import new_id

Announce = Callable[[Session, Duty, str, datetime], None]
"""Publishes one `duty.due-soon` or `duty.overdue` in the given transaction, numbered by its case."""

BATCH = 200


def create_duty(
    session: Session,
    *,
    case_id: str,
    department_id: str,
    kind: str,
    rule: str,
    rule_version: str,
    length_wd: int,
    start_on: date | None,
    calendar: WorkingCalendar,
    soon_wd: int = 2,
) -> Duty:
    """A duty of `length_wd` working days after `start_on`; without a start it waits for `start_duty`."""
    duty = Duty(
        id=new_id(),
        case_id=case_id,
        department_id=department_id,
        kind=kind,
        rule=rule,
        rule_version=rule_version,
        length_wd=length_wd,
        soon_wd=soon_wd,
        provisional=False,
        calendar_version=calendar.version,
    )
    if start_on is not None:
        _count(duty, start_on, calendar)
    session.add(duty)
    return duty


def start_duty(
    session: Session,
    case_id: str,
    kind: str,
    start_on: date,
    calendar: WorkingCalendar,
    *,
    length_wd: int | None = None,
) -> None:
    """Begin (or begin anew) counting the open duty of this kind; a new length if the rule gives one."""
    for duty in _open(session, case_id, kind):
        duty.length_wd = length_wd or duty.length_wd
        _count(duty, start_on, calendar)


def settle_duty(session: Session, case_id: str, kind: str, at: datetime) -> None:
    for duty in _open(session, case_id, kind):
        duty.done_at = at


def cancel_duties(session: Session, case_id: str, at: datetime, kind: str | None = None) -> None:
    for duty in _open(session, case_id, kind):
        duty.cancelled_at = at


def move_duties(session: Session, from_department: str, to_department: str) -> int:
    """Open duties follow a handover to the successor; how many."""
    waiting = (Duty.department_id == from_department) & Duty.done_at.is_(None) & Duty.cancelled_at.is_(None)
    count = session.scalar(select(func.count()).select_from(Duty).where(waiting)) or 0
    session.execute(update(Duty).where(waiting).values(department_id=to_department))
    return count


def recompute_provisional(db: Database, calendar: WorkingCalendar) -> int:
    """Fix the due dates that were guessed beyond an older calendar; how many changed their day."""
    after, moved = "", 0
    while True:
        with db.write() as session:
            duties = provisional_duties(session, after, BATCH)
            moved += sum(_recount(duty, calendar) for duty in duties)
        if not duties:
            return moved
        after = duties[-1].id


class DutyClock:
    """Loop: announces each duty once when it draws near and once when it is late, in business time."""

    name = "duty-clock"

    def __init__(self, db: Database, clock: Clock, announce: Announce) -> None:
        self._db, self._clock, self._announce = db, clock, announce

    def step(self) -> bool:
        now = self._clock.now()
        today = local_date(now)
        with self._db.read() as session:
            if not to_announce(session, today, 1):
                return False
        with self._db.write() as session:
            duties = to_announce(session, today, BATCH, lock=True)
            for duty in duties:
                self._mark(session, duty, today, now)
        return bool(duties)

    def _mark(self, session: Session, duty: Duty, today: date, now: datetime) -> None:
        late = duty.due_on is not None and duty.due_on < today
        if duty.due_soon_at is None:
            duty.due_soon_at = now
            if not late:
                self._announce(session, duty, "duty.due-soon", now)
        if late and duty.overdue_at is None:
            duty.overdue_at = now
            self._announce(session, duty, "duty.overdue", now)


def _open(session: Session, case_id: str, kind: str | None) -> Sequence[Duty]:
    session.flush()
    wanted = select(Duty).where(Duty.case_id == case_id, Duty.done_at.is_(None), Duty.cancelled_at.is_(None))
    if kind is not None:
        wanted = wanted.where(Duty.kind == kind)
    return session.scalars(wanted).all()


def _count(duty: Duty, start_on: date, calendar: WorkingCalendar) -> None:
    due = calendar.add_working_days(start_on, duty.length_wd)
    duty.start_on, duty.due_on, duty.provisional = start_on, due.day, due.provisional
    duty.calendar_version = due.calendar_version
    duty.soon_on = calendar.add_working_days(due.day, -duty.soon_wd).day


def _recount(duty: Duty, calendar: WorkingCalendar) -> bool:
    before = duty.due_on
    if duty.start_on is not None:
        _count(duty, duty.start_on, calendar)
    return duty.due_on != before
