"""Loops over duties: saying once when one is near or late, and counting anew when the calendar changes."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from services.blacklist.rules.models import Duty
from services.blacklist.rules.queries.duties import outdated_duties, to_announce
from services.blacklist.rules.usecases.duties import recount
from shared.calendar import WorkingCalendar
from shared.clock import Clock
from shared.db import Database

Announce = Callable[[Session, Duty, str, datetime], None]
"""Publishes one `duty.due-soon` or `duty.overdue` in the given transaction, numbered by its case."""

Follow = Callable[[Database, WorkingCalendar, datetime], int]
"""Counts anew what another feature keeps by the calendar; how many days moved."""

BATCH = 200
LOOK_AGAIN = 30.0


class DutyClock:
    """Loop: announces each duty once when it draws near and once when it is late, in business time."""

    name = "duty-clock"

    def __init__(self, db: Database, clock: Clock, announce: Announce) -> None:
        self._db, self._clock, self._announce = db, clock, announce

    def step(self) -> bool:
        now = self._clock.now()
        with self._db.read() as session:
            if not to_announce(session, now, 1):
                return False
        with self._db.write() as session:
            duties = to_announce(session, now, BATCH, lock=True)
            for duty in duties:
                self._mark(session, duty, now)
        return bool(duties)

    def _mark(self, session: Session, duty: Duty, now: datetime) -> None:
        late = duty.late_at(now)
        if duty.due_soon_at is None:
            duty.due_soon_at = now
            if not late:
                self._announce(session, duty, "duty.due-soon", now)
        if late and duty.overdue_at is None:
            duty.overdue_at = now
            self._announce(session, duty, "duty.overdue", now)


class CalendarKeeper:
    """Loop: fixes the days of open duties that were counted by an older calendar.

    A process may still count by the older one for a second after a change, so it looks again now and then.
    """

    name = "calendar-keeper"

    def __init__(
        self,
        db: Database,
        clock: Clock,
        calendar: WorkingCalendar,
        look_again: float = LOOK_AGAIN,
        follow: Sequence[Follow] = (),
    ) -> None:
        self._db, self._clock, self._calendar = db, clock, calendar
        self._look_again, self._follow = look_again, follow
        self._seen, self._looked = "", 0.0

    def step(self) -> bool:
        version, now = self._calendar.version, time.monotonic()
        if version == self._seen and now - self._looked < self._look_again:
            return False
        for recompute in (recompute_duties, *self._follow):
            recompute(self._db, self._calendar, self._clock.now())
        self._seen, self._looked = version, now
        return False


def recompute_duties(db: Database, calendar: WorkingCalendar, at: datetime) -> int:
    """Count every open duty of another calendar anew, a batch a transaction; how many changed their day."""
    after, moved, version = "", 0, calendar.version
    while True:
        with db.write() as session:
            duties = outdated_duties(session, version, after, BATCH)
            moved += sum(recount(session, duty, calendar, at) for duty in duties)
        if not duties:
            return moved
        after = duties[-1].id
