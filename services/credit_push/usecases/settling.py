"""What an outcome or a receipt does to a delivery. States move forward only; nothing settled is undone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select, tuple_
from sqlalchemy.orm import Session, aliased

from services.credit_push.catalogue import Profile
from services.credit_push.domain import (
    ACCEPTED,
    ACKNOWLEDGED,
    AWAITING_HAND,
    CORRECT,
    DEAD,
    LIST,
    REJECTED,
    WAITING,
    WITHDRAW,
    idempotency_key,
    is_late,
)
from services.credit_push.models import Delivery, Holding
from services.credit_push.publishes import Announcement
from services.credit_push.transports.base import (
    ABSENT,
    ALREADY_GONE,
    ALREADY_THERE,
    BY_HAND,
    FILED,
    REFUSED,
    TAKEN,
    UNKNOWN,
    Outcome,
    Receipt,
)
from services.credit_push.transports.buckets import bucket_hash
from services.credit_push.usecases.planning import supersede
from shared.clock import local_date
from shared.delivery import Backoff

LONGEST_REASON = 1000


@dataclass
class Settlement:
    """One batch of outcomes or receipts being written down."""

    session: Session
    profile: Profile
    now: datetime
    at: datetime
    news: list[Announcement] = field(default_factory=list)

    def settle(self, row: Delivery, told: Outcome | Receipt, *, before: bool, newer: bool = False) -> None:
        """Apply one word of the platform. `before`: possibly sent before; `newer`: a later version waits."""
        row.lease_holder = row.lease_until = None
        steps = {
            FILED: self._filed,
            TAKEN: self._taken,
            BY_HAND: self._by_hand,
        }
        if told.result in steps:
            steps[told.result](row, told)
        elif told.result == REFUSED:
            self._refused(row, told, before)
        elif told.result == ABSENT:
            self._absent(row, newer)
        else:
            self._failed(row, told, before)

    def _filed(self, row: Delivery, told: Outcome | Receipt) -> None:
        recovered = row.was_dead
        row.state, row.settled_at, row.was_dead = ACKNOWLEDGED, self.at, False
        row.late = is_late(local_date(self.at), row.due_on)
        row.possibly_sent, row.ask_first = True, False
        row.receipt_number = told.receipt_number[:100] or row.receipt_number
        row.result_field = row.result_code = row.result_reason = None
        if recovered:
            self.news.append(Announcement("recovered", row))
        self.news.append(Announcement("acknowledged", row))

    def _taken(self, row: Delivery, told: Outcome | Receipt) -> None:
        first = row.accepted_at is None
        row.state, row.ask_first, row.possibly_sent = ACCEPTED, True, True
        row.accepted_at = row.accepted_at or self.at
        row.receipt_number = told.receipt_number[:100] or row.receipt_number
        row.next_attempt_at = self.now + timedelta(seconds=self.profile.receipts.wait_seconds)
        if first:
            self.news.append(Announcement("accepted", row))

    def _by_hand(self, row: Delivery, _told: Outcome | Receipt) -> None:
        row.state = AWAITING_HAND
        self.news.append(Announcement("awaiting-hand", row))

    def _refused(self, row: Delivery, told: Outcome | Receipt, before: bool) -> None:
        if told.code == ALREADY_GONE and row.operation == WITHDRAW:
            self._filed(row, told)
            row.result_code, row.result_reason = told.code, "平台上已无此记录"
        elif told.code == ALREADY_GONE and row.operation == CORRECT:
            self._again_as(row, LIST)
        elif told.code == ALREADY_THERE and row.operation == LIST:
            self._again_as(row, CORRECT)
        else:
            row.state, row.settled_at = REJECTED, self.at
            row.possibly_sent, row.ask_first = before, False
            self._note(row, told)
            self.news.append(Announcement("rejected", row))

    def _again_as(self, row: Delivery, operation: str) -> None:
        """The platform's own word on what it shows decides between 新增 and 变更; the schedule bounds it."""
        row.operation = operation
        row.resent += 1
        row.idempotency_key = idempotency_key(
            row.platform, row.listing_id, row.version, operation, row.resent
        )
        row.ask_first = False
        self._retry(row, None)

    def _absent(self, row: Delivery, newer: bool) -> None:
        """The platform never got it. A newer version makes it pointless once no late copy can arrive."""
        row.ask_first = False
        quiet = (row.last_attempt_at or self.now) + timedelta(
            seconds=2 * self.profile.transport.timeout_seconds
        )
        row.state, row.next_attempt_at = WAITING, self.now
        if newer and self.now < quiet:
            row.ask_first, row.next_attempt_at = True, quiet
        elif newer:
            supersede(row, self.at)

    def _failed(self, row: Delivery, told: Outcome | Receipt, before: bool) -> None:
        unknown = told.result == UNKNOWN
        row.possibly_sent = before or unknown
        row.ask_first = before or unknown
        self._note(row, told)
        self._retry(row, told.retry_after if isinstance(told, Outcome) else None)

    def _retry(self, row: Delivery, retry_after: float | None) -> None:
        row.failures += 1
        following = Backoff(self.profile.retry_seconds).next_at(row.failures, self.now, retry_after)
        if following is not None:
            row.state, row.next_attempt_at = WAITING, following
            return
        row.state, row.settled_at, row.was_dead = DEAD, self.at, True
        self.news.append(Announcement("dead", row))

    def _note(self, row: Delivery, told: Outcome | Receipt) -> None:
        row.result_field = told.field[:64] or None
        row.result_code = told.code[:64] or None
        row.result_reason = told.message[:LONGEST_REASON] or None


def write_holdings(session: Session, platform: str, rows: Sequence[Delivery]) -> None:
    """What the platform now shows of the listings whose deliveries it has just filed."""
    gone = [row.listing_id for row in rows if row.operation == WITHDRAW]
    if gone:
        session.execute(delete(Holding).where(Holding.platform == platform, Holding.listing_id.in_(gone)))
    kept = [row for row in rows if row.operation != WITHDRAW]
    known = _holdings(session, platform, kept)
    for row in kept:
        holding = known.get(row.listing_id)
        if holding is None:
            holding = Holding(platform=platform, listing_id=row.listing_id)
            session.add(holding)
        holding.delivery_id, holding.version = row.id, row.version
        holding.layout, holding.sent_row = row.layout or "", row.sent_row
        holding.match_key = row.match_key or row.listing_id
        holding.bucket_hash = bucket_hash(holding.match_key)
        holding.content_digest = row.content_digest or ""


def _holdings(session: Session, platform: str, rows: Sequence[Delivery]) -> dict[str, Holding]:
    wanted = [row.listing_id for row in rows]
    found = session.scalars(
        select(Holding).where(Holding.platform == platform, Holding.listing_id.in_(wanted))
    )
    return {holding.listing_id: holding for holding in found}


def with_newer(session: Session, rows: Sequence[Delivery]) -> set[str]:
    """Ids of deliveries for which a later version of the same listing waits at the same platform."""
    keys = [(row.listing_id, row.platform) for row in rows]
    later = aliased(Delivery)
    has_later = exists().where(
        later.listing_id == Delivery.listing_id,
        later.platform == Delivery.platform,
        later.sequence > Delivery.sequence,
    )
    query = select(Delivery.id).where(tuple_(Delivery.listing_id, Delivery.platform).in_(keys), has_later)
    return set(session.scalars(query))
