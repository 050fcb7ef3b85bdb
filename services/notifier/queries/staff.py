"""Departments, their successors, the people in them and how they can be reached; from our own copies."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.notifier.domain import Seat
from services.notifier.models import (
    DepartmentCopy,
    Phone,
    Preference,
    Robot,
    UserCopy,
    UserRole,
    WebhookEndpoint,
)
from services.notifier.queries.people import covered_roles, declined_severities
from services.notifier.routing import routing

OVERSEERS = ("supervisor", "operator")
LONGEST_SUCCESSION = 10


@dataclass(frozen=True)
class Person:
    """An officer who can be written to."""

    id: str
    email: str
    roles: frozenset[str]
    has_phone: bool = False
    covers: frozenset[str] = frozenset()  # roles of those they stand in for


class Departments:
    """The departments of a batch, with those that took over from abolished ones."""

    def __init__(self, session: Session, today: date) -> None:
        self._session = session
        self._today = today.isoformat()
        self._known: dict[str, DepartmentCopy | None] = {}

    def load(self, ids: Iterable[str]) -> None:
        """Fetch all of them in one go; later look-ups cost nothing."""
        missing = set(ids) - self._known.keys()
        found = self._session.scalars(select(DepartmentCopy).where(DepartmentCopy.id.in_(missing)))
        self._known |= dict.fromkeys(missing) | {row.id: row for row in found}

    def get(self, department_id: str) -> DepartmentCopy | None:
        if department_id not in self._known:
            self.load([department_id])
        return self._known[department_id]

    def standing(self, department_id: str) -> str:
        """The department that answers for this one today: itself, or its successor's successor."""
        for _ in range(LONGEST_SUCCESSION):
            row = self.get(department_id)
            if row is None or not row.successor_id or not row.valid_to or row.valid_to > self._today:
                break
            department_id = row.successor_id
        return department_id

    def name(self, department_id: str) -> str:
        row = self.get(department_id)
        return row.name if row else "本部门"


def overseer_seats(session: Session) -> list[Seat]:
    """Every department where somebody supervises or operates, once per role."""
    query = (
        select(UserCopy.department_id, DepartmentCopy.region, UserRole.role)
        .join(UserRole, UserRole.user_id == UserCopy.id)
        .join(DepartmentCopy, DepartmentCopy.id == UserCopy.department_id)
        .where(UserRole.role.in_(OVERSEERS), UserCopy.disabled.is_(False))
        .distinct()
    )
    return [Seat(*row) for row in session.execute(query)]


def reachable_people(
    session: Session, department_ids: Collection[str], today: date
) -> dict[str, list[Person]]:
    """Officers with a mail address (else it is empty) or a phone number, by department."""
    covered = covered_roles(session, department_ids, today)
    query = (
        select(UserCopy.department_id, UserCopy.id, UserCopy.email, UserRole.role, Phone.user_id)
        .join(UserRole, UserRole.user_id == UserCopy.id)
        .join(Phone, Phone.user_id == UserCopy.id, isouter=True)
        .where(UserCopy.department_id.in_(department_ids), UserCopy.disabled.is_(False))
        .where(or_(UserCopy.email.is_not(None), Phone.user_id.is_not(None)))
    )
    roles: dict[tuple[str, str, str, bool], set[str]] = defaultdict(set)
    for department_id, user_id, email, role, phone in session.execute(query):
        roles[department_id, user_id, email or "", phone is not None].add(role)
    people: dict[str, list[Person]] = defaultdict(list)
    for (department_id, user_id, email, has_phone), held in sorted(roles.items()):
        covers = frozenset(covered.get(user_id, ()))
        people[department_id].append(Person(user_id, email, covers | held, has_phone, covers))
    return people


def declined(session: Session, user_ids: Collection[str], channel: str) -> set[tuple[str, str]]:
    """(user, event) pairs that people switched off on a channel, singly or by severity."""
    if not user_ids:
        return set()
    query = select(Preference.user_id, Preference.event, Preference.enabled)
    chosen = query.where(Preference.user_id.in_(user_ids), Preference.channel == channel)
    singly = {(row.user_id, row.event): row.enabled for row in session.execute(chosen)}
    by_severity = {
        (user_id, route.event)
        for user_id, severity in declined_severities(session, user_ids, channel)
        for route in routing().routes
        if route.severity == severity
    }
    return {pair for pair in by_severity if pair not in singly} | {p for p, on in singly.items() if not on}


def gathered(session: Session, user_ids: Collection[str]) -> set[tuple[str, str]]:
    """(user, event) pairs that people want once a day instead of at once."""
    query = select(Preference.user_id, Preference.event).where(
        Preference.user_id.in_(user_ids), Preference.channel == "email", Preference.digest.is_(True)
    )
    return {(row.user_id, row.event) for row in session.execute(query)}


def active_endpoints(session: Session, department_ids: Collection[str]) -> dict[str, list[WebhookEndpoint]]:
    """Enabled webhooks, by department."""
    query = select(WebhookEndpoint).where(
        WebhookEndpoint.department_id.in_(department_ids), WebhookEndpoint.enabled.is_(True)
    )
    found: dict[str, list[WebhookEndpoint]] = defaultdict(list)
    for endpoint in session.scalars(query.order_by(WebhookEndpoint.id)):
        found[endpoint.department_id].append(endpoint)
    return found


def active_robots(session: Session, department_ids: Collection[str]) -> dict[str, list[Robot]]:
    """Enabled chat robots, by department."""
    query = select(Robot).where(Robot.department_id.in_(department_ids), Robot.enabled.is_(True))
    found: dict[str, list[Robot]] = defaultdict(list)
    for robot in session.scalars(query.order_by(Robot.id)):
        found[robot.department_id].append(robot)
    return found
