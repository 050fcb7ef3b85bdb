"""Office hours on working days (Asia/Shanghai): whether they are open, and when so many open hours passed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from shared.calendar import WorkingCalendar
from shared.clock import SHANGHAI, local_date

LONGEST_CLOSURE = 60  # days without a working one: more is a broken calendar


@dataclass(frozen=True)
class OfficeHours:
    """Spans of a working day, in order and apart."""

    calendar: WorkingCalendar
    spans: tuple[tuple[time, time], ...]

    def is_open(self, at: datetime) -> bool:
        return self.next_open(at) == at

    def next_open(self, at: datetime) -> datetime:
        """`at` itself while offices are open, else the next opening."""
        return next(max(start, at) for start, end in self._openings(at) if end > at)

    def add(self, at: datetime, hours: float) -> datetime:
        """The moment at which so many open hours have passed since `at`."""
        left = timedelta(hours=hours)
        for start, end in self._openings(at):
            begun = max(start, at)
            if end <= begun:
                continue
            if end - begun >= left:
                return begun + left
            left -= end - begun
        raise ValueError("offices never open")

    def _openings(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        day, closed = local_date(at), 0
        while closed <= LONGEST_CLOSURE:
            works = self.calendar.is_working_day(day)
            closed = 0 if works else closed + 1
            for start, end in self.spans if works else ():
                yield tuple(_moment(datetime.combine(day, each)) for each in (start, end))  # type: ignore[misc]
            day += timedelta(days=1)


def _moment(local: datetime) -> datetime:
    return local.replace(tzinfo=SHANGHAI).astimezone(UTC)


def read_spans(texts: Sequence[Sequence[str]]) -> tuple[tuple[time, time], ...]:
    """[["09:00", "12:00"], …] as spans; ValueError where they overlap or run backwards."""
    spans = tuple((time.fromisoformat(start), time.fromisoformat(end)) for start, end in texts)
    flat = [moment for span in spans for moment in span]
    if not flat or flat != sorted(set(flat)):
        raise ValueError("office hours must follow each other")
    return spans
