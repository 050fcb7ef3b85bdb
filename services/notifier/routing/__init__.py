"""Who hears what: routing.toml read once, and the pure function from a happening to its recipients.

A supervisor or operator hears of what happens in the own region and below it; a department hears of its own.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

from services.notifier.domain import ROBOTS, Happening, Recipient, Seat
from shared.regions import within

MOST_TYPES = 1000
ALL_CHANNELS = ("inbox", "email", "webhook", *ROBOTS)


@dataclass(frozen=True)
class Route:
    """One line of the routing data: an event (exact, or a pattern ending in `*`) and who is told, and how."""

    event: str
    label: str
    severity: str
    department: frozenset[str]
    supervisors: bool
    operators: bool
    channels: tuple[str, ...]
    floor: frozenset[str]
    fold: tuple[str, ...]
    link: str
    prompt: bool

    @property
    def may_gather(self) -> bool:
        """Whether an officer may have it in a daily digest: nothing that must be mailed, nothing prompt."""
        return not self.prompt and "email" not in self.floor

    def is_prompt(self, happening: Happening) -> bool:
        """Never held back nor gathered: removals, legal deadlines, whatever is urgent or has a due date."""
        facts = happening.facts
        return self.prompt or facts.get("operation") == "withdraw" or bool(facts.get("due"))

    def dedupe_key(self, happening: Happening) -> str:
        """What makes a message of this route "the same message": the event, or the facts it is folded by."""
        if not self.fold:
            return happening.event_id
        return ":".join([self.event, *(happening.facts.get(name, "") for name in self.fold)])


@dataclass(frozen=True)
class Routing:
    version: str
    silent: frozenset[str]
    links: Mapping[str, str]
    routes: tuple[Route, ...]
    _found: dict[str, Route | None] = field(default_factory=dict, repr=False, compare=False)
    """What was looked up before: there are few types and many events."""

    def route(self, event_type: str) -> Route | None:
        """The route of an event type: the exact one, else the longest matching pattern, else None."""
        if event_type not in self._found and len(self._found) < MOST_TYPES:
            self._found[event_type] = self._match(event_type)
        return self._found[event_type] if event_type in self._found else self._match(event_type)

    def _match(self, event_type: str) -> Route | None:
        matching = [r for r in self.routes if fnmatchcase(event_type, r.event)]
        return max(matching, key=lambda r: (r.event == event_type, len(r.event)), default=None)

    def is_known(self, event_type: str) -> bool:
        """Whether somebody decided about this event type, be it silence."""
        return event_type in self.silent or self.route(event_type) is not None

    def link(self, route: Route, happening: Happening) -> str:
        """Path of the page that shows the matter, or empty where the event names none."""
        ids = {"case_id": happening.case_id, "listing_id": happening.listing_id}
        pattern = self.links[route.link]
        if any(value is None and f"{{{name}}}" in pattern for name, value in ids.items()):
            return ""
        return pattern.format(**{**happening.facts, **ids})


@cache
def routing() -> Routing:
    """The routing data shipped with the service."""
    return parse(tomllib.loads(files("services.notifier").joinpath("routing.toml").read_text("utf-8")))


def parse(raw: Mapping[str, Any]) -> Routing:
    routes = tuple(_route(line) for line in raw["route"])
    return Routing(raw["version"], frozenset(raw.get("silent", ())), raw["links"], routes)


def _route(line: Mapping[str, Any]) -> Route:
    return Route(
        event=line["event"],
        label=line["label"],
        severity=line["severity"],
        department=frozenset(line.get("department", ())),
        supervisors=line.get("supervisors", False),
        operators=line.get("operators", False),
        channels=(*line.get("channels", ALL_CHANNELS), *(("sms",) if line.get("sms") else ())),
        floor=frozenset(line.get("floor", ("inbox",))),
        fold=tuple(line.get("fold", ())),
        link=line["link"],
        prompt=line.get("prompt", line["severity"] == "urgent"),
    )


def recipients(
    route: Route, department_id: str | None, region: str | None, seats: Iterable[Seat]
) -> list[Recipient]:
    """Departments that hear of it; `seats` are the supervisors and operators known so far, anywhere."""
    meant: dict[str, set[str]] = {}
    if department_id and route.department:
        meant[department_id] = set(route.department)
    overseeing = {role for role, told in _overseers(route) if told}
    for seat in seats:
        if seat.role in overseeing and (region is None or within(region, seat.region)):
            meant.setdefault(seat.department_id, set()).add(seat.role)
    return [Recipient(key, frozenset(roles)) for key, roles in sorted(meant.items())]


def _overseers(route: Route) -> tuple[tuple[str, bool], ...]:
    return (("supervisor", route.supervisors), ("operator", route.operators))
