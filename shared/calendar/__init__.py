"""Working days (工作日) and calendar months for statutory dates, from versioned data.

Beyond the published years only weekends rest and results are provisional. The event's own day never counts.
"""

import calendar
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

_DATA = Path(__file__).parent
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Due:
    """A due date, whether it may still move (an unpublished year was touched), and by which calendar."""

    day: date
    provisional: bool
    calendar_version: str


@dataclass(frozen=True)
class CalendarYear:
    """One published year: weekdays off and weekend days worked."""

    year: int
    rest: frozenset[date]
    work: frozenset[date]


@dataclass(frozen=True)
class Days:
    """The published days of some years under one version; outside them weekends alone rest."""

    version: str
    years: frozenset[int]
    rest: frozenset[date]
    work: frozenset[date]

    @classmethod
    def of(cls, version: str, years: Iterable[CalendarYear]) -> "Days":
        published = {entry.year: entry for entry in years}
        rest = frozenset[date]().union(*(entry.rest for entry in published.values()))
        work = frozenset[date]().union(*(entry.work for entry in published.values()))
        return cls(version, frozenset(published), rest, work)

    def covers(self, day: date) -> bool:
        return day.year in self.years

    def works(self, day: date) -> bool:
        return day in self.work if day.weekday() >= 5 else day not in self.rest


class WorkingCalendar:
    """Working days of the years given; `version` lets a duty say what it was computed by."""

    def __init__(self, version: str, years: Iterable[CalendarYear]) -> None:
        self._given = Days.of(version, years)

    def days(self) -> Days:
        """What counts at this moment; a calendar that learns of new years answers anew here."""
        return self._given

    @property
    def version(self) -> str:
        return self.days().version

    def covers(self, day: date) -> bool:
        """Whether the holidays of the day's year are published and loaded."""
        return self.days().covers(day)

    def is_working_day(self, day: date) -> bool:
        """Whether offices work; outside the covered years that is a guess from weekends alone."""
        return self.days().works(day)

    def add_working_days(self, start: date, days: int) -> Due:
        """The n-th working day after `start` (before, if negative); 0 = `start` or the next working day."""
        known = self.days()
        step = _DAY if days >= 0 else -_DAY
        day, left, exact = start, abs(days), known.covers(start)
        while left > 0 or not known.works(day):
            day += step
            exact = exact and known.covers(day)
            if left and known.works(day):
                left -= 1
        return Due(day, not exact, known.version)

    def working_days_between(self, start: date, end: date) -> int:
        """Working days after `start` up to and including `end`; negative if `end` is earlier."""
        if end < start:
            return -self.working_days_between(end, start)
        known = self.days()
        days = (start + _DAY * i for i in range(1, (end - start).days + 1))
        return sum(1 for day in days if known.works(day))


def _read_years(document: dict[str, dict[str, dict[str, list[str]]]]) -> list[CalendarYear]:
    def days(year: str, texts: list[str]) -> frozenset[date]:
        return frozenset(date.fromisoformat(f"{year}-{text}") for text in texts)

    return [
        CalendarYear(int(year), days(year, entry["rest"]), days(year, entry["work"]))
        for year, entry in document["years"].items()
    ]


def load_calendar(paths: Sequence[Path]) -> WorkingCalendar:
    """A calendar from one or more data files; a later file replaces a year of an earlier one."""
    documents = [json.loads(path.read_text("utf-8")) for path in paths]
    version = "+".join(str(document["version"]) for document in documents)
    return WorkingCalendar(version, [entry for document in documents for entry in _read_years(document)])


@cache
def builtin_calendar() -> WorkingCalendar:
    """The calendar shipped with the code: 2004–2026."""
    return load_calendar(sorted(_DATA.glob("china-*.json")))


@cache
def builtin_years() -> tuple[CalendarYear, ...]:
    """The years shipped with the code, for a calendar that lays others over them."""
    documents = [json.loads(path.read_text("utf-8")) for path in sorted(_DATA.glob("china-*.json"))]
    return tuple(entry for document in documents for entry in _read_years(document))


def calendar_with(extra_dir: Path) -> WorkingCalendar:
    """The shipped calendar plus the years an operator has put into a folder as china-*.json, if any."""
    extra = sorted(extra_dir.glob("china-*.json")) if extra_dir.is_dir() else []
    return load_calendar([*sorted(_DATA.glob("china-*.json")), *extra]) if extra else builtin_calendar()


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the month's last day: 2024-02-29 + 12 → 2025-02-28."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month0 + 1, min(day.day, calendar.monthrange(year, month0 + 1)[1]))
