"""The calendar in force: the shipped years with the confirmed imported ones over them.

`LiveCalendar` looks at the database at most once a second, so every process counts by a new year without
being restarted.
"""

import threading
import time
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.blacklist.rules.models import CalendarYearEntry
from shared.calendar import CalendarYear, Days, WorkingCalendar, builtin_calendar, builtin_years
from shared.db import Database, is_passing
from shared.errors import NotFound

STALE_AFTER = 1.0
CONFIRMED, PROPOSED, REJECTED = "confirmed", "proposed", "rejected"


def newest_generation(session: Session) -> int:
    """The number of the last confirmed import; 0 when there is none."""
    return session.scalar(select(func.max(CalendarYearEntry.generation))) or 0


def confirmed_years(session: Session) -> dict[int, CalendarYearEntry]:
    """The import that counts for each year: its newest."""
    wanted = select(CalendarYearEntry).where(CalendarYearEntry.state == CONFIRMED)
    rows = session.scalars(wanted.order_by(CalendarYearEntry.generation))
    return {row.year: row for row in rows}


def days_in_force(session: Session) -> Days:
    """Shipped and imported years together, under a version that names the last import."""
    imported, generation = confirmed_years(session), newest_generation(session)
    shipped = builtin_calendar().version
    years: dict[int, CalendarYear] = {each.year: each for each in builtin_years()}
    years |= {year: row.as_year() for year, row in imported.items()}
    return Days.of(f"{shipped}+{generation}" if generation else shipped, years.values())


def list_proposals(
    session: Session, *, state: str | None, before: str | None, limit: int
) -> Sequence[CalendarYearEntry]:
    """Newest first."""
    wanted = select(CalendarYearEntry).order_by(CalendarYearEntry.id.desc()).limit(limit)
    if state:
        wanted = wanted.where(CalendarYearEntry.state == state)
    if before:
        wanted = wanted.where(CalendarYearEntry.id < before)
    return session.scalars(wanted).all()


def find_proposal(session: Session, proposal_id: str, *, lock: bool = False) -> CalendarYearEntry:
    wanted = select(CalendarYearEntry).where(CalendarYearEntry.id == proposal_id)
    found = session.scalars(wanted.with_for_update() if lock else wanted).first()
    if found is None:
        raise NotFound("calendar-proposal-not-found", "没有这份日历")
    return found


class LiveCalendar(WorkingCalendar):
    """The calendar of this process, kept up with the database; keeps counting by the last one it knew."""

    def __init__(self, db: Database, stale_after: float = STALE_AFTER) -> None:
        super().__init__(builtin_calendar().version, builtin_years())
        self._db, self._stale_after = db, stale_after
        self._known: Days = self._given
        self._generation, self._looked = 0, float("-inf")
        self._looking = threading.Lock()

    def days(self) -> Days:
        stale = time.monotonic() - self._looked >= self._stale_after
        if stale and self._looking.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._looking.release()
        return self._known

    def _look(self) -> None:
        self._looked = time.monotonic()
        try:
            with self._db.read() as session:
                generation = newest_generation(session)
                if generation != self._generation:
                    self._known, self._generation = days_in_force(session), generation
        except Exception as error:
            if not is_passing(error):
                raise
