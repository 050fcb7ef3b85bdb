"""When people may be written to: quiet.toml over the working calendar."""

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from importlib.resources import files

from services.notifier.domain import ROBOTS
from shared.calendar import WorkingCalendar
from shared.calendar.hours import OfficeHours, read_spans
from shared.clock import SHANGHAI, local_date

TO_PEOPLE = frozenset({"email", "sms", *ROBOTS})


@dataclass(frozen=True)
class Pauses:
    """How long from now what may wait does wait: a message of its own, and a daily digest."""

    message: timedelta = timedelta()
    digest: timedelta = timedelta()


@cache
def quiet_spans() -> tuple[tuple[time, time], ...]:
    """The hours shipped with the service."""
    raw = tomllib.loads(files("services.notifier").joinpath("quiet.toml").read_text("utf-8"))
    return read_spans(raw["hours"])


def pauses(calendar: WorkingCalendar, now: datetime, *, quiet: bool) -> Pauses:
    """By the business clock; without quiet hours only digests wait."""
    hours = OfficeHours(calendar, quiet_spans())
    tomorrow = datetime.combine(local_date(now) + timedelta(days=1), time(), SHANGHAI).astimezone(UTC)
    message = hours.next_open(now) - now if quiet else timedelta()
    return Pauses(message, hours.next_open(tomorrow) - now)
