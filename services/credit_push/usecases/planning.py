"""From a listing's event to deliveries: one per platform that must have it, and what a newer version undoes.

A version that was never sent is superseded by the next. A withdrawal goes wherever the listing may be: where
anything was possibly sent, or where another system published it; elsewhere it is superseded with the rest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import (
    AWAITING_HAND,
    REJECTED,
    SUPERSEDED,
    WAITING,
    WITHDRAW,
    Record,
    idempotency_key,
)
from services.credit_push.models import Listing, ListingVersion
from services.credit_push.publishes import Announcement, Held, announce, lock_listings
from services.credit_push.routing import Facts, route
from services.credit_push.usecases import rows
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.rows import Row
from shared.clock import local_date
from shared.db import JsonText, add_rows, among, change_rows, wake
from shared.identifiers import mask_person_name
from shared.ids import new_id

CHANNEL = "push_work"
"""Wakes the sender when the planning transaction commits."""


@dataclass(frozen=True)
class Arrival:
    """An exchange event as this service keeps it; no `department_level` while the department is unknown."""

    record: Record
    payload: dict[str, Any]
    migrated: bool
    replay: bool
    recorded_at: datetime
    department_level: str | None = None
    event_id: str | None = None
    event_type: str | None = None
    text: str = ""
    """The payload as it was written, if it is still at hand."""


Known = dict[str, dict[str, list[Row]]]
"""Deliveries by listing and platform."""
LISTINGS, VERSIONS = cast("Table", Listing.__table__), cast("Table", ListingVersion.__table__)


@dataclass
class _Plan:
    """What one batch of events leads to."""

    deps: Deps
    listings: dict[str, Held]
    known: Known
    now: datetime
    at: datetime
    copies: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The listings' rows as the last event left them."""
    versions: list[dict[str, Any]] = field(default_factory=list)
    fresh: list[Row] = field(default_factory=list)
    routes: dict[Facts, list[Profile]] = field(default_factory=dict)
    days: dict[tuple[date, int], date] = field(default_factory=dict)
    news: list[Announcement] = field(default_factory=list)

    def routed(self, facts: Facts) -> list[Profile]:
        """The platforms of a listing; most listings of a batch are alike."""
        if facts not in self.routes:
            self.routes[facts] = route(self.deps.catalogue, facts)
        return self.routes[facts]

    def due_on(self, profile: Profile, record: Record, operation: str) -> date:
        """The day the platform must have it, in working days after the event; counted once a batch."""
        began, days = local_date(record.time), working_days(profile, operation)
        if (began, days) not in self.days:
            self.days[began, days] = self.deps.calendar.add_working_days(began, days).day
        return self.days[began, days]


def plan_deliveries(session: Session, deps: Deps, arrivals: Sequence[Arrival]) -> int:
    """Store versions and the deliveries they lead to, in event order; events already seen change nothing."""
    listings = lock_listings(session, {arrival.record.listing_id for arrival in arrivals})
    stored = set(listings)
    plan = _Plan(deps, listings, _deliveries(session, stored), deps.clock.system_now(), deps.clock.now())
    earlier = [row for platforms in plan.known.values() for held in platforms.values() for row in held]
    for arrival in arrivals:
        _take(plan, arrival)
    # listings first: the others refer to them
    add_rows(session, LISTINGS, [row for id_, row in plan.copies.items() if id_ not in stored])
    change_rows(session, LISTINGS, [_known(row) for id_, row in plan.copies.items() if id_ in stored])
    add_rows(session, VERSIONS, plan.versions)
    rows.save(session, earlier)
    rows.add(session, plan.fresh)
    if plan.news:
        announce(session, listings, deps.catalogue, plan.news, plan.at)
    if plan.fresh:
        wake(session, CHANNEL)
    return len(plan.fresh)


def _known(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("out_sequence", "migrated")}


def _deliveries(session: Session, ids: Iterable[str]) -> Known:
    found: Known = {}
    wanted = sorted(ids)
    if not wanted:
        return found
    mine = among(session, rows.TABLE.c.listing_id, wanted)
    query = rows.deliveries().where(mine).order_by(rows.TABLE.c.id).with_for_update()
    for row in rows.load(session, query):
        found.setdefault(row.listing_id, {}).setdefault(row.platform, []).append(row)
    return found


def _take(plan: _Plan, arrival: Arrival) -> None:
    record = arrival.record
    listing = plan.listings.get(record.listing_id)
    if listing is not None and record.sequence <= listing.sequence:
        return
    if listing is None:
        listing = plan.listings[record.listing_id] = Held(record.listing_id, 0, 0, arrival.migrated)
    listing.sequence = record.sequence
    plan.copies[record.listing_id] = _copy(listing, record)
    plan.versions.append(
        {
            "listing_id": record.listing_id,
            "sequence": record.sequence,
            "version": record.version,
            "operation": record.operation,
            "payload": JsonText(arrival.text) if arrival.text else arrival.payload,
            "recorded_at": arrival.recorded_at,
            "event_id": arrival.event_id,
            "event_type": arrival.event_type,
        }
    )
    plan.deps.recent.put(record, arrival.payload)
    if not _stays_here(plan, arrival):
        _plan_platforms(plan, arrival)


def _stays_here(plan: _Plan, arrival: Arrival) -> bool:
    """History another system published is pushed only on request; once it must go, everybody is told."""
    if not arrival.migrated or arrival.replay:
        return False
    return arrival.record.operation != WITHDRAW and arrival.record.listing_id not in plan.known


def _copy(listing: Held, record: Record) -> dict[str, Any]:
    return {
        "id": listing.id,
        "sequence": record.sequence,
        "version": record.version,
        "operation": record.operation,
        "migrated": listing.migrated,
        "out_sequence": listing.out_sequence,
        "department_id": record.department_id,
        "region": record.region,
        "domain": record.domain,
        "list_code": record.list_code,
        "subject_name": record.subject.name,
        "subject_type": record.subject.type,
        "document_number": record.document.number,
    }


def _plan_platforms(plan: _Plan, arrival: Arrival) -> None:
    record, catalogue = arrival.record, plan.deps.catalogue
    facts = Facts(
        record.region, record.domain, record.list_class, record.subject.type, arrival.department_level
    )
    targets = {profile.id: record.operation for profile in plan.routed(facts)}
    for platform in plan.known.get(record.listing_id, ()):
        if platform in catalogue:
            targets.setdefault(platform, WITHDRAW)  # no longer routed there: it must go from there
    for platform, operation in targets.items():
        _plan_one(plan, arrival, catalogue[platform], operation)


def _plan_one(plan: _Plan, arrival: Arrival, profile: Profile, operation: str) -> None:
    earlier = plan.known.setdefault(arrival.record.listing_id, {}).setdefault(profile.id, [])
    for delivery in earlier:
        untouched = delivery.state == WAITING and not delivery.possibly_sent
        # what a person may have carried already can still get its receipt
        if untouched or delivery.state == AWAITING_HAND:
            supersede(delivery, plan.at)
    planned = _planned(plan, arrival.record, profile, operation)
    if operation == WITHDRAW and not arrival.migrated and not any(row.possibly_sent for row in earlier):
        if not earlier:
            return  # nothing was ever meant for this platform
        supersede(planned, plan.at)
        if any(row.state == REJECTED for row in earlier):  # nobody need correct what the platform never had
            plan.news.append(Announcement("dropped", planned))
    earlier.append(planned)
    plan.fresh.append(planned)


def supersede(delivery: Row, at: datetime) -> None:
    """A newer version makes this one pointless before anything was sent."""
    delivery.state, delivery.settled_at = SUPERSEDED, at


def _planned(plan: _Plan, record: Record, profile: Profile, operation: str) -> Row:
    due = plan.due_on(profile, record, operation)
    return planned(record, profile, operation, due, plan.now, plan.at)


def planned(record: Record, profile: Profile, operation: str, due: date, now: datetime, at: datetime) -> Row:
    """A delivery to come. `now` is system time, `at` business time."""
    name = record.subject.name
    return rows.fresh(
        id=new_id(),
        listing_id=record.listing_id,
        platform=profile.id,
        version=record.version,
        sequence=record.sequence,
        operation=operation,
        due_on=due,
        idempotency_key=idempotency_key(profile.id, record.listing_id, record.version, operation),
        next_attempt_at=now,
        department_id=record.department_id,
        region=record.region,
        list_code=record.list_code,
        subject_name=mask_person_name(name) if record.subject.person else name,
        document_number=record.document.number,
        created_at=at,
    )


def working_days(profile: Profile, operation: str) -> int:
    """How long the platform may be without it (the profile's deadline)."""
    deadline = profile.deadline
    return deadline.withdraw_working_days if operation == WITHDRAW else deadline.list_working_days


__all__ = ["CHANNEL", "Arrival", "plan_deliveries", "planned", "supersede", "working_days"]
