"""From a listing's event to deliveries: one per platform that must have it, and what a newer version undoes.

A version that was never sent is superseded by the next. A withdrawal goes wherever the listing may be: where
anything was possibly sent, or where another system published it; elsewhere it is superseded with the rest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import (
    AWAITING_HAND,
    SUPERSEDED,
    WAITING,
    WITHDRAW,
    Record,
    idempotency_key,
)
from services.credit_push.models import Delivery, Listing, ListingVersion
from services.credit_push.publishes import lock_listings
from services.credit_push.routing import Facts, route
from services.credit_push.usecases.deps import Deps
from shared.clock import local_date
from shared.db import wake
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


@dataclass
class Planned:
    """A delivery of this batch, not yet a row: so many are written as plain rows, not as objects."""

    values: dict[str, Any]
    state: str = WAITING
    settled_at: datetime | None = None
    possibly_sent: bool = False

    def row(self) -> dict[str, Any]:
        """The row to insert."""
        own = {"state": self.state, "settled_at": self.settled_at, "possibly_sent": self.possibly_sent}
        return self.values | own


Known = dict[str, dict[str, list[Delivery | Planned]]]
"""Deliveries by listing and platform."""


@dataclass
class _Plan:
    """What one batch of events leads to."""

    deps: Deps
    listings: dict[str, Listing]
    known: Known
    now: datetime
    at: datetime
    versions: list[dict[str, Any]] = field(default_factory=list)
    fresh: list[Planned] = field(default_factory=list)


def plan_deliveries(session: Session, deps: Deps, arrivals: Sequence[Arrival]) -> int:
    """Store versions and the deliveries they lead to, in event order; events already seen change nothing."""
    listings = lock_listings(session, {arrival.record.listing_id for arrival in arrivals})
    plan = _Plan(deps, listings, _deliveries(session, listings), deps.clock.system_now(), deps.clock.now())
    for arrival in arrivals:
        _take(session, plan, arrival)
    session.flush()  # listings first: the others refer to them
    if plan.versions:
        session.execute(insert(ListingVersion), plan.versions)
    if plan.fresh:
        session.execute(insert(Delivery), [planned.row() for planned in plan.fresh])
        wake(session, CHANNEL)
    return len(plan.fresh)


def _deliveries(session: Session, ids: Iterable[str]) -> Known:
    found: Known = {}
    wanted = list(ids)
    if not wanted:
        return found
    query = select(Delivery).where(Delivery.listing_id.in_(wanted)).order_by(Delivery.id).with_for_update()
    for row in session.scalars(query):
        found.setdefault(row.listing_id, {}).setdefault(row.platform, []).append(row)
    return found


def _take(session: Session, plan: _Plan, arrival: Arrival) -> None:
    record = arrival.record
    listing = plan.listings.get(record.listing_id)
    if listing is not None and record.sequence <= listing.sequence:
        return
    if listing is None:
        listing = Listing(id=record.listing_id, out_sequence=0, migrated=arrival.migrated)
        plan.listings[record.listing_id] = listing
        session.add(listing)
    _copy(listing, record)
    plan.versions.append(
        {
            "listing_id": record.listing_id,
            "sequence": record.sequence,
            "version": record.version,
            "operation": record.operation,
            "payload": arrival.payload,
            "recorded_at": arrival.recorded_at,
        }
    )
    if not _stays_here(plan, arrival):
        _plan_platforms(plan, arrival)


def _stays_here(plan: _Plan, arrival: Arrival) -> bool:
    """History another system published is pushed only on request; once it must go, everybody is told."""
    if not arrival.migrated or arrival.replay:
        return False
    return arrival.record.operation != WITHDRAW and arrival.record.listing_id not in plan.known


def _copy(listing: Listing, record: Record) -> None:
    listing.sequence, listing.version, listing.operation = record.sequence, record.version, record.operation
    listing.department_id, listing.region, listing.domain = record.department_id, record.region, record.domain
    listing.list_code, listing.subject_type = record.list_code, record.subject.type
    listing.subject_name = record.subject.name
    listing.document_number = record.document.number


def _plan_platforms(plan: _Plan, arrival: Arrival) -> None:
    record, catalogue = arrival.record, plan.deps.catalogue
    facts = Facts(
        record.region, record.domain, record.list_class, record.subject.type, arrival.department_level
    )
    targets = {profile.id: record.operation for profile in route(catalogue, facts)}
    for platform in plan.known.get(record.listing_id, ()):
        if platform in catalogue:
            targets.setdefault(platform, WITHDRAW)  # no longer routed there: it must go from there
    for platform, operation in targets.items():
        _plan_one(plan, arrival, catalogue[platform], operation)


def _plan_one(plan: _Plan, arrival: Arrival, profile: Profile, operation: str) -> None:
    earlier = plan.known.setdefault(arrival.record.listing_id, {}).setdefault(profile.id, [])
    for delivery in earlier:
        if delivery.state in (WAITING, AWAITING_HAND) and not delivery.possibly_sent:
            supersede(delivery, plan.at)
    planned = Planned(_values(plan, arrival.record, profile, operation))
    if operation == WITHDRAW and not arrival.migrated and not any(row.possibly_sent for row in earlier):
        if not earlier:
            return  # nothing was ever meant for this platform
        supersede(planned, plan.at)
    earlier.append(planned)
    plan.fresh.append(planned)


def supersede(delivery: Delivery | Planned, at: datetime) -> None:
    """A newer version makes this one pointless before anything was sent."""
    delivery.state, delivery.settled_at = SUPERSEDED, at


def _values(plan: _Plan, record: Record, profile: Profile, operation: str) -> dict[str, Any]:
    name = record.subject.name
    return {
        "id": new_id(),
        "listing_id": record.listing_id,
        "platform": profile.id,
        "version": record.version,
        "sequence": record.sequence,
        "operation": operation,
        "due_on": due_on(plan.deps, profile, record, operation),
        "idempotency_key": idempotency_key(profile.id, record.listing_id, record.version, operation),
        "next_attempt_at": plan.now,
        "department_id": record.department_id,
        "region": record.region,
        "list_code": record.list_code,
        "subject_name": mask_person_name(name) if record.subject.person else name,
        "document_number": record.document.number,
        "created_at": plan.at,
    }


def due_on(deps: Deps, profile: Profile, record: Record, operation: str) -> date:
    """The day the platform must have it, in working days after the event (the profile's deadline)."""
    days = (
        profile.deadline.withdraw_working_days
        if operation == WITHDRAW
        else profile.deadline.list_working_days
    )
    return deps.calendar.add_working_days(local_date(record.time), days).day


__all__ = ["CHANNEL", "Arrival", "due_on", "plan_deliveries", "supersede"]
