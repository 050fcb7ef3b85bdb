"""Our events: what became of each delivery (credit-push.deliveries.v1), numbered per listing without gaps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import PERSON
from services.credit_push.models import SOURCE, Difference, Listing, PartyRequest, RequestAnswer, outbox
from shared.contracts.envelope import Event, new_event
from shared.contracts.vocabulary import ANSWER_DEAD
from shared.db import among, change_rows
from shared.identifiers import mask_person_name
from shared.outbox import enqueue

TOPIC = "credit-push.deliveries.v1"
LISTINGS = cast("Table", Listing.__table__)


class Told(Protocol):
    """What an event says of a delivery."""

    id: str
    listing_id: str
    platform: str
    version: int
    operation: str
    state: str
    due_on: date | None
    late: bool
    attempts_count: int
    receipt_number: str | None
    result_field: str | None
    result_code: str | None
    result_reason: str | None
    department_id: str
    region: str
    list_code: str
    subject_name: str
    document_number: str
    settled_at: datetime | None


@dataclass(slots=True)
class Announcement:
    """One event to come: its verb and the delivery it is about."""

    verb: str
    delivery: Told


@dataclass(frozen=True)
class Discrepancy:
    """One thing on which a platform and we differ, as it is told."""

    run_id: str
    """What found it; those of one run are told together."""
    listing_id: str | None
    kind: str
    detail: str


@dataclass(slots=True)
class Held:
    """A listing whose row this transaction holds."""

    id: str
    sequence: int
    out_sequence: int
    migrated: bool


def lock_listings(session: Session, ids: Iterable[str]) -> dict[str, Held]:
    """The listings' rows, locked in order of id. Taken before any delivery row, so that nobody deadlocks."""
    row = LISTINGS.c
    found = session.execute(
        select(row.id, row.sequence, row.out_sequence, row.migrated)
        .where(among(session, row.id, sorted(set(ids))))
        .order_by(row.id)
        .with_for_update(key_share=True)  # no key changes: what refers to a listing need not wait
    )
    return {one[0]: Held(*one) for one in found.all()}


def announce(
    session: Session,
    listings: Mapping[str, Held],
    catalogue: Mapping[str, Profile],
    news: Iterable[Announcement],
    at: datetime,
) -> None:
    """Queue events in the caller's transaction, which holds the listings' rows. `at` is business time."""
    events = [_event(listings[item.delivery.listing_id], catalogue, item, at) for item in news]
    _number(session, listings, {event.subject for event in events})
    enqueue(session, outbox, TOPIC, events)


def _number(session: Session, listings: Mapping[str, Held], told: Iterable[str]) -> None:
    changed = [{"id": id_, "out_sequence": listings[id_].out_sequence} for id_ in told]
    change_rows(session, LISTINGS, changed)


def _event(listing: Held, catalogue: Mapping[str, Profile], item: Announcement, at: datetime) -> Event:
    listing.out_sequence += 1
    profile = catalogue.get(item.delivery.platform)
    data = _data(item.delivery, profile.name if profile else item.delivery.platform, listing.out_sequence, at)
    return new_event(
        f"delivery.{item.verb}",
        source=SOURCE,
        subject=listing.id,
        sequence=listing.out_sequence,
        data=data,
        at=at,
    )


def _data(delivery: Told, platform_name: str, sequence: int, at: datetime) -> dict[str, Any]:
    return {
        "delivery_id": delivery.id,
        "listing_id": delivery.listing_id,
        "sequence": sequence,
        "version": delivery.version,
        "platform": delivery.platform,
        "platform_name": platform_name,
        "operation": delivery.operation,
        "state": delivery.state,
        "at": delivery.settled_at or at,
        "due": delivery.due_on,
        "late": delivery.late,
        "receipt_number": delivery.receipt_number,
        "reason": delivery.result_reason,
        "field": delivery.result_field,
        "code": delivery.result_code,
        "attempts": delivery.attempts_count,
        "department_id": delivery.department_id,
        "region": delivery.region,
        "list_code": delivery.list_code,
        "subject_name": delivery.subject_name,
        "document_number": delivery.document_number,
        "recorded_at": at,
    }


def announce_request(session: Session, listing: Held, profile: Profile, row: PartyRequest) -> None:
    """A party asks for something through a platform; the listing's row is held by the caller."""
    listing.out_sequence += 1
    data = {
        "request_id": row.id,
        "platform": profile.id,
        "platform_name": profile.name,
        "listing_id": row.listing_id,
        "kind": row.kind,
        "ticket": row.ticket,
        "received_on": row.received_on,
        "evidence": row.evidence,
        "commitment": row.commitment,
        "recorded_at": row.taken_at,
    }
    event = new_event(
        f"request.{row.kind}",
        source=SOURCE,
        subject=listing.id,
        sequence=listing.out_sequence,
        data=data,
        at=row.taken_at,
    )
    _number(session, {listing.id: listing}, [listing.id])
    enqueue(session, outbox, TOPIC, [event])


def announce_dead_answer(session: Session, row: RequestAnswer, name: str, at: datetime) -> None:
    """A platform could not be told what became of a request; of a listing we know, or nobody can be named."""
    held = lock_listings(session, [row.listing_id]).get(row.listing_id)
    known = session.get(Listing, row.listing_id)
    if held is None or known is None:
        return
    held.out_sequence += 1
    party, person = known.subject_name, known.subject_type == PERSON
    data = {
        "answer_id": row.id,
        "platform": row.platform,
        "platform_name": name,
        "listing_id": row.listing_id,
        "sequence": held.out_sequence,
        "kind": row.kind,
        "ticket": row.ticket,
        "outcome": row.outcome,
        "reason": row.problem,
        "attempts": row.attempts,
        "department_id": known.department_id,
        "region": known.region,
        "subject_name": mask_person_name(party) if person else party,
        "document_number": known.document_number,
        "at": at,
        "recorded_at": at,
    }
    event = new_event(
        ANSWER_DEAD, source=SOURCE, subject=held.id, sequence=held.out_sequence, data=data, at=at
    )
    _number(session, {held.id: held}, [held.id])
    enqueue(session, outbox, TOPIC, [event])


def announce_differences(
    session: Session, platform: str, found: Iterable[Difference | Discrepancy], at: datetime
) -> None:
    """One event per difference; those about no listing of ours are numbered within their run."""
    differences = list(found)
    listings = lock_listings(session, (d.listing_id for d in differences if d.listing_id))
    events, loose = [], 0
    for difference in differences:
        listing = listings.get(difference.listing_id or "")
        if listing is not None:
            listing.out_sequence += 1
            subject, sequence = listing.id, listing.out_sequence
        else:
            loose += 1
            subject, sequence = difference.run_id, loose
        data = {
            "run_id": difference.run_id,
            "platform": platform,
            "listing_id": difference.listing_id,
            "kind": difference.kind,
            "detail": difference.detail,
            "recorded_at": at,
        }
        events.append(
            new_event(
                "reconciliation.difference",
                source=SOURCE,
                subject=subject,
                sequence=sequence,
                data=data,
                at=at,
            )
        )
    _number(session, listings, {event.subject for event in events} & listings.keys())
    session.flush()
    enqueue(session, outbox, TOPIC, events)
