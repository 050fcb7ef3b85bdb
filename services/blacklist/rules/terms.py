"""Counting a duty: what the law allows of it (中止、延长), and its due day with its pauses."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from shared.calendar import Due, WorkingCalendar


@dataclass(frozen=True)
class Pause:
    """计时中止: the working days after `start` up to and including `end` do not count."""

    start: date
    end: date


@dataclass(frozen=True)
class DutyTerms:
    """What the law allows of one kind of duty: 中止 for named reasons, 延长 up to so many working days."""

    kind: str
    name: str
    pause_reasons: tuple[str, ...]
    extend_wd: int
    basis: str
    status: str
    source: str
    valid_from: date
    valid_to: date | None = None


def duty_due(calendar: WorkingCalendar, start: date, working_days: int, pauses: Iterable[Pause]) -> Due:
    """The due day of so many working days, each pause that began before it pushing it back."""
    due, total = calendar.add_working_days(start, working_days), working_days
    for pause in sorted(pauses, key=lambda each: each.start):
        if pause.start < due.day:
            total += calendar.working_days_between(max(pause.start, start), max(pause.end, start))
            due = calendar.add_working_days(start, total)
    return due
