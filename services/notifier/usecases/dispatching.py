"""From a new message to its dispatches: the inbox at once, mail, webhooks and robots as work for the senders.

The inbox needs no call outside: the notice is delivered there by the commit that writes it.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from services.notifier.domain import Recipient
from services.notifier.models import Attempt, DepartmentCopy, DigestItem, Dispatch, Robot, WebhookEndpoint
from services.notifier.publishes import DELIVERED, Outcome, publish
from services.notifier.queries.people import digest_delays
from services.notifier.queries.staff import (
    Person,
    active_endpoints,
    active_robots,
    declined,
    gathered,
    reachable_people,
)
from services.notifier.routing import Route
from services.notifier.routing.quiet import TO_PEOPLE, Pauses
from services.notifier.routing.scopes import Matter, Scope
from shared.clock import local_date
from shared.db import add_rows, wake
from shared.delivery import ACCEPTED, WAITING
from shared.ids import new_id

NO_PAUSES = Pauses()
DISPATCHES, ATTEMPTS, DIGEST_ITEMS = (
    cast("Table", model.__table__) for model in (Dispatch, Attempt, DigestItem)
)
WAKE_CHANNEL = "dispatches"
MAILBOX_FROM = frozenset({"warning", "urgent"})  # severities a department's own mailbox hears of too


@dataclass(frozen=True)
class Fresh:
    """A notice just written, and whom it is for."""

    route: Route
    recipient: Recipient
    notice_id: str
    event_type: str
    subject_id: str
    prompt: bool = True
    matter: Matter = field(default_factory=Matter)

    @property
    def department_id(self) -> str:
        return self.recipient.department_id

    @property
    def is_concerned(self) -> bool:
        """Whether this is the notice of the department whose matter it is, not of those who oversee it."""
        return not (self.recipient.roles - self.recipient.added).isdisjoint(self.route.department)


@dataclass(frozen=True)
class Reach:
    """How the departments of a batch can be reached."""

    people: dict[str, list[Person]]
    mailboxes: frozenset[str]
    endpoints: dict[str, list[WebhookEndpoint]]
    robots: dict[str, list[Robot]]
    declined: set[tuple[str, str]]
    gathered: set[tuple[str, str]]
    texts_declined: set[tuple[str, str]] = field(default_factory=set)
    digest_delays: dict[str, timedelta] = field(default_factory=dict)

    def digest_due(self, target: str, first: datetime) -> datetime:
        """When a person's digest is due, `first` being the day's first hour."""
        return first + self.digest_delays.get(target.partition(":")[2], timedelta())

    def is_gathered(self, notice: Fresh, channel: str, target: str) -> bool:
        """Whether this mail waits for the person's daily digest."""
        kind, _, key = target.partition(":")
        wanted = kind == "user" and (key, notice.route.event) in self.gathered
        return wanted and channel == "email" and notice.route.may_gather and not notice.prompt


def dispatch(
    session: Session,
    fresh: Sequence[Fresh],
    *,
    channels: Collection[str],
    at: datetime,
    pauses: Pauses = NO_PAUSES,
    today: date | None = None,
) -> None:
    """Write the dispatches of new notices; those in the inbox are done with that."""
    if not fresh:
        return
    reach = _reach(session, {notice.department_id for notice in fresh}, today or local_date(at))
    shown = [notice for notice in fresh if "inbox" in notice.route.channels]
    deliver_inbox(session, [(n.notice_id, n.event_type, n.subject_id, n.department_id) for n in shown], at)
    rows: list[dict[str, Any]] = []
    items: list[dict[str, Any]] = []
    for notice in fresh:
        for channel, target in _targets(notice, reach):
            if reach.is_gathered(notice, channel, target):
                items.append(_digest_item(notice, target, reach.digest_due(target, at + pauses.digest)))
            elif channel in channels:
                held = not notice.prompt and channel in TO_PEOPLE
                due = at + pauses.message if held else at
                row = dispatch_row(notice.notice_id, notice.department_id, channel, target, at)
                rows.append({**row, "next_attempt_at": due})
    if items:
        add_rows(session, DIGEST_ITEMS, items)
    if rows:
        add_rows(session, DISPATCHES, rows)
        wake(session, WAKE_CHANNEL)


def _digest_item(notice: Fresh, target: str, due_at: datetime) -> dict[str, Any]:
    return {
        "notice_id": notice.notice_id,
        "user_id": target.partition(":")[2],
        "department_id": notice.department_id,
        "due_at": due_at,
        "digest_id": None,
    }


def dispatch_row(
    notice_id: str, department_id: str, channel: str, target: str, at: datetime
) -> dict[str, Any]:
    """A dispatch that waits to be sent."""
    return {
        "id": new_id(),
        "notice_id": notice_id,
        "department_id": department_id,
        "channel": channel,
        "target": target,
        "state": WAITING,
        "attempts_count": 0,
        "next_attempt_at": at,
        "lease_token": 0,
        "created_at": at,
        "settled_at": None,
    }


def _reach(session: Session, department_ids: set[str], today: date) -> Reach:
    people = reachable_people(session, department_ids, today)
    everybody = [person for persons in people.values() for person in persons]
    user_ids = [person.id for person in everybody]
    daily = gathered(session, user_ids)
    mailboxes = session.query(DepartmentCopy.id).where(
        DepartmentCopy.id.in_(department_ids), DepartmentCopy.email.is_not(None)
    )
    return Reach(
        people=people,
        mailboxes=frozenset(row.id for row in mailboxes),
        endpoints=active_endpoints(session, department_ids),
        robots=active_robots(session, department_ids),
        declined=declined(session, user_ids, "email"),
        gathered=daily,
        texts_declined=declined(session, [person.id for person in everybody if person.has_phone], "sms"),
        digest_delays=digest_delays(session, {user_id for user_id, _ in daily}),
    )


def deliver_inbox(session: Session, shown: Sequence[tuple[str, str, str, str]], at: datetime) -> None:
    """Record that messages are in the inbox: (notice, event type, subject, department) of each."""
    if not shown:
        return
    rows = []
    for notice_id, _, _, department_id in shown:
        waiting = dispatch_row(notice_id, department_id, "inbox", f"department:{department_id}", at)
        done = {"state": ACCEPTED, "attempts_count": 1, "next_attempt_at": None, "settled_at": at}
        rows.append({**waiting, **done})
    add_rows(session, DISPATCHES, rows)
    add_rows(session, ATTEMPTS, [_shown(row["id"], row["notice_id"], at) for row in rows])
    publish(session, [Outcome(DELIVERED, *told, "inbox", at) for told in shown])


def _shown(dispatch_id: str, notice_id: str, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "dispatch_id": dispatch_id,
        "number": 1,
        "at": at,
        "outcome": "delivered",
        "permanent": False,
        "reason": None,
        "duration_ms": 0,
        "provider_id": notice_id,
    }


def _targets(notice: Fresh, reach: Reach) -> Iterator[tuple[str, str]]:
    """Everyone outside the inbox who hears of it, as (channel, target)."""
    if "email" in notice.route.channels:
        yield from (("email", target) for target in _mail_targets(notice, reach))
    if "sms" in notice.route.channels:
        phones = [person for person in _meant(notice, reach) if person.has_phone]
        yield from (("sms", f"user:{p.id}") for p in phones if _hears(p, notice, reach.texts_declined))
    if "webhook" in notice.route.channels:
        for endpoint in reach.endpoints.get(notice.department_id, ()):
            if _lets_pass(endpoint, notice):
                yield "webhook", f"webhook:{endpoint.id}"
    for robot in reach.robots.get(notice.department_id, ()):
        if robot.channel in notice.route.channels and _lets_pass(robot, notice):
            yield robot.channel, f"robot:{robot.id}"


def _mail_targets(notice: Fresh, reach: Reach) -> Iterator[str]:
    refused = set() if "email" in notice.route.floor else reach.declined
    people = [each for each in _meant(notice, reach) if each.email and _hears(each, notice, refused)]
    yield from (f"user:{person.id}" for person in people)
    if notice.department_id in reach.mailboxes and (not people or notice.route.severity in MAILBOX_FROM):
        yield f"department:{notice.department_id}"


def _meant(notice: Fresh, reach: Reach) -> list[Person]:
    """The officers of the department who hold a role that is told."""
    people = reach.people.get(notice.department_id, ())
    return [person for person in people if not person.roles.isdisjoint(notice.recipient.roles)]


def _hears(person: Person, notice: Fresh, refused: set[tuple[str, str]]) -> bool:
    """Unless they declined it for themselves; what they get for somebody absent they cannot decline."""
    for_another = not person.covers.isdisjoint(notice.recipient.roles)
    return for_another or (person.id, notice.route.event) not in refused


def _lets_pass(receiver: WebhookEndpoint | Robot, notice: Fresh) -> bool:
    """Whether a department's receiver wants it: by kind of event, and by what the matter is about."""
    scope = Scope.read(receiver.scope)
    return wants(receiver.event_types, notice.event_type) and scope.admits(notice.matter)


def wants(event_types: Sequence[str], event_type: str) -> bool:
    """Whether a webhook's filter lets an event type through; an empty filter lets everything."""
    return not event_types or any(fnmatchcase(event_type, pattern) for pattern in event_types)
