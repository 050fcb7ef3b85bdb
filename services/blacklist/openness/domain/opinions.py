"""政务舆情: two clocks by the wall (R29), a response among the items, and a reasoned end (R69)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.blacklist.openness.domain.terms import data

MAJOR, GENERAL = "major", "general"
LEVELS: Mapping[str, str] = {MAJOR: "重大", GENERAL: "一般"}
OPEN, CLOSED = "open", "closed"
STATES: Mapping[str, str] = {OPEN: "处置中", CLOSED: "已办结"}
INFORMATION_DUTY, PRESS_DUTY = "opinion-information", "opinion-press"


@dataclass(frozen=True)
class Clock:
    """One of the two clocks: hours from the report, and the warning before."""

    duty: str
    due_at: datetime
    soon_at: datetime


def clocks(reported_at: datetime) -> tuple[Clock, Clock]:
    rule = data("terms")["opinion"]
    warned = timedelta(minutes=rule["soon_minutes"])
    due = [reported_at + timedelta(hours=rule[name]) for name in ("information_hours", "press_hours")]
    return Clock(INFORMATION_DUTY, due[0], due[0] - warned), Clock(PRESS_DUTY, due[1], due[1] - warned)


def opinion_number(region: str, year: int, count: int) -> str:
    return f"YQ{region}-{year}-{count:05d}"
