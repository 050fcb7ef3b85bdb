"""Who is told next while nobody acknowledges: escalation.toml read once."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from functools import cache
from importlib.resources import files
from typing import Any

from shared.calendar import WorkingCalendar
from shared.calendar.hours import OfficeHours, read_spans


@dataclass(frozen=True)
class Rung:
    """A message of its own, sent when so many office hours passed since the one before."""

    event: str
    after_hours: float


@dataclass(frozen=True)
class Ladder:
    name: str
    source: str
    assumed: bool
    rungs: tuple[Rung, ...]
    repeats: int  # of the last rung

    @property
    def steps(self) -> int:
        return len(self.rungs) + self.repeats

    def rung(self, number: int) -> Rung:
        return self.rungs[min(number, len(self.rungs) - 1)]


@dataclass(frozen=True)
class Ladders:
    version: str
    spans: tuple[tuple[time, time], ...]
    by_event: Mapping[str, Ladder]  # the event that starts one

    def hours(self, calendar: WorkingCalendar) -> OfficeHours:
        return OfficeHours(calendar, self.spans)


@cache
def ladders() -> Ladders:
    """The escalation data shipped with the service."""
    return parse(tomllib.loads(files("services.notifier").joinpath("escalation.toml").read_text("utf-8")))


def parse(raw: Mapping[str, Any]) -> Ladders:
    by_event = {event: _ladder(each) for each in raw["ladder"] for event in each["events"]}
    return Ladders(raw["version"], read_spans(raw["hours"]), by_event)


def _ladder(raw: Mapping[str, Any]) -> Ladder:
    rungs = tuple(Rung(each["event"], each["after_hours"]) for each in raw["rungs"])
    return Ladder(raw["name"], raw["source"], raw["assumed"], rungs, raw["repeats"])
