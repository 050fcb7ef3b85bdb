"""A calendar that follows what its service has taken over from confirmed imports, without a restart.

It looks at the database at most once a second; while that is away it counts by what it knew last.
"""

from collections.abc import Callable, Iterable

from sqlalchemy.orm import Session

from shared.calendar import CalendarYear, Days, WorkingCalendar, builtin_calendar, builtin_years
from shared.db import Database, is_passing
from shared.follower import Follower

STALE_AFTER = 1.0
Newest = Callable[[Session], int]
"""The number of the newest confirmed import; 0 where there is none."""
Years = Callable[[Session], Iterable[CalendarYear]]
"""The confirmed years that count."""


def days_over(shipped: Iterable[CalendarYear], confirmed: Iterable[CalendarYear], generation: int) -> Days:
    """Shipped and confirmed years together, under a version that names the newest import."""
    years = {each.year: each for each in (*shipped, *confirmed)}
    version = builtin_calendar().version
    return Days.of(f"{version}+{generation}" if generation else version, years.values())


class LiveCalendar(WorkingCalendar):
    """The calendar of this process, kept up with its database."""

    def __init__(self, db: Database, newest: Newest, years: Years, stale_after: float = STALE_AFTER) -> None:
        super().__init__(builtin_calendar().version, builtin_years())
        self._db, self._newest, self._years = db, newest, years
        self.follower = Follower((0, self._given), self._look, stale_after)

    def days(self) -> Days:
        return self.follower.current()[1]

    def _look(self, known: tuple[int, Days]) -> tuple[int, Days]:
        try:
            with self._db.read() as session:
                generation = self._newest(session)
                if generation == known[0]:
                    return known
                return generation, days_over(builtin_years(), self._years(session), generation)
        except Exception as error:
            if not is_passing(error):
                raise
            return known
