"""Taking due deliveries of one platform into our hands: in order per listing, withdrawals first.

What is claimed counts as possibly sent from that moment; a crash between here and the answer leads to a
question to the platform, never to a blind repetition.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, and_, case, exists, or_, select, tuple_, update
from sqlalchemy.orm import Session, aliased

from services.credit_push.catalogue import Profile
from services.credit_push.domain import (
    ACCEPTED,
    AWAITING_HAND,
    BLOCKING,
    CORRECT,
    DEAD,
    LIST,
    REJECTED,
    SENDING,
    SUPERSEDED,
    WAITING,
    WITHDRAW,
    Record,
    idempotency_key,
    record_from,
)
from services.credit_push.formats import layout_of
from services.credit_push.models import Delivery, Holding, Listing, ListingVersion
from services.credit_push.usecases.planning import supersede
from shared.delivery import claim_due
from shared.ids import new_id

TABLE = cast("Table", Delivery.__table__)
LEASE = timedelta(minutes=2)
UNCERTAIN = (DEAD, REJECTED, SUPERSEDED, AWAITING_HAND)


@dataclass(frozen=True)
class Claimed:
    """One delivery in our hands, with what is needed to send it once no transaction is open."""

    delivery_id: str
    key: str
    listing_id: str
    version: int
    operation: str
    batch_id: str
    ask_first: bool
    possibly_sent: bool
    """As it was before this claim."""
    record: Record
    identities: tuple[dict[str, Any], ...]
    former: tuple[str, str] | None
    """The row the platform shows now, sealed, and the delivery it is sealed for."""


def first_in_line() -> ColumnElement[bool]:
    """No earlier version of the same listing is still on its way to the same platform."""
    earlier = aliased(Delivery)
    return ~exists().where(
        earlier.listing_id == Delivery.listing_id,
        earlier.platform == Delivery.platform,
        earlier.sequence < Delivery.sequence,
        earlier.state.in_(BLOCKING),
    )


def has_work(platform: str, now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether a platform has anything to claim, or a receipt that is overdue, at a bound time."""
    due = and_(Delivery.state.in_((WAITING, ACCEPTED)), Delivery.next_attempt_at <= now)
    lapsed = and_(Delivery.state == SENDING, Delivery.lease_until < now)
    return exists().where(Delivery.platform == platform, or_(due, lapsed), first_in_line())


def claim(session: Session, profile: Profile, holder: str, now: datetime, at: datetime) -> list[Claimed]:
    """Due deliveries of one platform, now ours. `now` is system time, `at` business time."""
    _remind(session, profile.id, now)
    ids = claim_due(
        session,
        TABLE,
        now,
        holder,
        profile.transport.batch_rows,
        LEASE.total_seconds(),
        where=and_(Delivery.platform == profile.id, first_in_line()),
        order_by=[case((Delivery.operation == WITHDRAW, 0), else_=1), Delivery.next_attempt_at, Delivery.id],
    )
    if not ids:
        return []
    rows = list(session.scalars(select(Delivery).where(Delivery.id.in_(ids)).order_by(Delivery.id)))
    context = _Context(session, profile, rows, now, at)
    return [claimed for row in rows if (claimed := context.take(row)) is not None]


def _remind(session: Session, platform: str, now: datetime) -> None:
    """Accepted rows whose receipt is overdue: ask the platform."""
    overdue = and_(Delivery.platform == platform, Delivery.state == ACCEPTED, Delivery.next_attempt_at <= now)
    session.execute(
        update(Delivery).where(overdue).values(state=WAITING, ask_first=True),
        execution_options={"synchronize_session": False},
    )


class _Context:
    """What is known of the claimed rows' listings at this platform."""

    def __init__(
        self, session: Session, profile: Profile, rows: Sequence[Delivery], now: datetime, at: datetime
    ) -> None:
        self.profile, self.now, self.at = profile, now, at
        listings = [row.listing_id for row in rows]
        self.versions = _versions(session, rows)
        self.holdings = _holdings(session, profile.id, listings)
        self.uncertain = _uncertain(session, profile.id, listings)
        self.batches: dict[str, str] = {}

    def take(self, row: Delivery) -> Claimed | None:
        """The row as a job, or None where there turns out to be nothing to withdraw."""
        version = self.versions[row.listing_id, row.sequence]
        before, asking = row.possibly_sent, row.ask_first
        if not before and not self._settle_operation(row):
            return None
        record = record_from(version)
        if not asking or row.batch_id is None:
            row.batch_id = self.batches.setdefault(layout_of(self.profile, record), new_id())
        by_hand = self.profile.transport.kind == "manual"
        row.possibly_sent, row.ask_first = before or not by_hand, not by_hand
        if not asking:
            row.last_attempt_at = self.now
        holding = self.holdings.get(row.listing_id)
        return Claimed(
            row.id,
            row.idempotency_key,
            row.listing_id,
            row.version,
            row.operation,
            row.batch_id,
            asking,
            before,
            record,
            tuple(version["subject"].get("identity") or ()),
            (holding.sent_row, holding.delivery_id) if holding and holding.sent_row else None,
        )

    def _settle_operation(self, row: Delivery) -> bool:
        """With all earlier versions settled: list, correct or withdraw? False if nothing is left to do."""
        shown, maybe = row.listing_id in self.holdings, row.listing_id in self.uncertain
        wanted = row.operation
        if wanted == WITHDRAW and not shown and not maybe:
            supersede(row, self.at)
            row.lease_holder = row.lease_until = None
            return False
        if wanted == LIST and shown:
            wanted = CORRECT
        elif wanted == CORRECT and not shown and not maybe:
            wanted = LIST
        if wanted != row.operation:
            change_operation(row, wanted)
        return True


def change_operation(row: Delivery, operation: str) -> None:
    """Another operation is another key: the platform has never seen it."""
    row.operation = operation
    row.idempotency_key = idempotency_key(row.platform, row.listing_id, row.version, operation, row.resent)


def _versions(session: Session, rows: Sequence[Delivery]) -> dict[tuple[str, int], dict[str, Any]]:
    keys = [(row.listing_id, row.sequence) for row in rows]
    table = ListingVersion
    query = select(table.listing_id, table.sequence, table.payload).where(
        tuple_(table.listing_id, table.sequence).in_(keys)
    )
    return {(row.listing_id, row.sequence): row.payload for row in session.execute(query)}


def _holdings(session: Session, platform: str, listings: Sequence[str]) -> dict[str, Holding]:
    rows = session.scalars(
        select(Holding).where(Holding.platform == platform, Holding.listing_id.in_(listings))
    )
    return {row.listing_id: row for row in rows}


def _uncertain(session: Session, platform: str, listings: Sequence[str]) -> set[str]:
    """Listings the platform may show without our knowing: an unclear end, or another system's publication."""
    unclear = select(Delivery.listing_id).where(
        Delivery.platform == platform,
        Delivery.listing_id.in_(listings),
        Delivery.state.in_(UNCERTAIN),
        Delivery.possibly_sent,
    )
    migrated = select(Listing.id).where(Listing.id.in_(listings), Listing.migrated)
    return set(session.scalars(unclear)) | set(session.scalars(migrated))
