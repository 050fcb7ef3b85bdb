"""Our events: what became of each delivery (credit-push.deliveries.v1), numbered per listing without gaps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.models import SOURCE, Delivery, Difference, Listing, outbox
from shared.contracts.envelope import Event, new_event
from shared.outbox import enqueue

TOPIC = "credit-push.deliveries.v1"


@dataclass(frozen=True)
class Announcement:
    """One event to come: its verb and the delivery it is about."""

    verb: str
    delivery: Delivery


def lock_listings(session: Session, ids: Iterable[str]) -> dict[str, Listing]:
    """The listings' rows, locked in order of id. Taken before any delivery row, so that nobody deadlocks."""
    wanted = sorted(set(ids))
    rows = session.scalars(
        select(Listing).where(Listing.id.in_(wanted)).order_by(Listing.id).with_for_update()
    )
    return {row.id: row for row in rows}


def announce(
    session: Session,
    listings: Mapping[str, Listing],
    catalogue: Mapping[str, Profile],
    news: Iterable[Announcement],
    at: datetime,
) -> None:
    """Queue events in the caller's transaction, which holds the listings' rows. `at` is business time."""
    events = [_event(listings[item.delivery.listing_id], catalogue, item, at) for item in news]
    session.flush()
    enqueue(session, outbox, TOPIC, events)


def _event(listing: Listing, catalogue: Mapping[str, Profile], item: Announcement, at: datetime) -> Event:
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


def _data(delivery: Delivery, platform_name: str, sequence: int, at: datetime) -> dict[str, Any]:
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


def announce_differences(session: Session, platform: str, found: Iterable[Difference], at: datetime) -> None:
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
    session.flush()
    enqueue(session, outbox, TOPIC, events)
