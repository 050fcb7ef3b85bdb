"""统计期间: a year, a quarter or a month, written 2026, 2026-Q3 or 2026-11; bounds are Shanghai dates."""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from shared.clock import SHANGHAI

PATTERN = r"^20\d{2}(-Q[1-4]|-(0[1-9]|1[0-2]))?\Z"
_QUARTERS = "一二三四"


@dataclass(frozen=True)
class Period:
    """From `start` to `end`, both included."""

    name: str
    start: date
    end: date

    @property
    def title(self) -> str:
        year, _, part = self.name.partition("-")
        if not part:
            return f"{year}年"
        if part.startswith("Q"):
            return f"{year}年第{_QUARTERS[int(part[1]) - 1]}季度"
        return f"{year}年{int(part)}月"

    def covers(self, day: date) -> bool:
        return self.start <= day <= self.end

    @property
    def opens_at(self) -> datetime:
        """The first instant of the period."""
        return _midnight(self.start)

    @property
    def closes_at(self) -> datetime:
        """The first instant after the period."""
        return _midnight(self.end + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def parse_period(name: str) -> Period | None:
    """The period of that name; None where there is none."""
    if not re.fullmatch(PATTERN, name):
        return None
    year, part = int(name[:4]), name[5:]
    if not part:
        return Period(name, date(year, 1, 1), date(year, 12, 31))
    if part.startswith("Q"):
        first = 3 * int(part[1]) - 2
        return Period(name, date(year, first, 1), _last_day(year, first + 2))
    return Period(name, date(year, int(part), 1), _last_day(year, int(part)))


def year_of(year: int) -> Period:
    return Period(str(year), date(year, 1, 1), date(year, 12, 31))


def months_of(year: int) -> list[Period]:
    return [Period(f"{year}-{m:02}", date(year, m, 1), _last_day(year, m)) for m in range(1, 13)]


def _last_day(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])
