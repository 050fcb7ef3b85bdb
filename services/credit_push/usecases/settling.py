"""What an outcome or a receipt does to a delivery. States move forward only; nothing settled is undone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, Table, and_, delete, exists, or_, select
from sqlalchemy.orm import Session

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
from services.credit_push.models import Holding
from services.credit_push.publishes import Announcement
from services.credit_push.transports.base import (
    ABSENT,
    ALREADY_GONE,
    ALREADY_THERE,
    BY_HAND,
    FILED,
    HELD,
    REFUSED,
    TAKEN,
    UNKNOWN,
    UNSEEN,
    Outcome,
    Receipt,
)
from services.credit_push.transports.buckets import bucket_hash
from services.credit_push.usecases.planning import supersede
from services.credit_push.usecases.rows import TABLE, Row
from shared.clock import local_date
from shared.db import among, put_rows
from shared.delivery import Backoff

LONGEST_REASON = 1000
HOLDINGS = cast("Table", Holding.__table__)
LATER = TABLE.alias("later")


@dataclass
class Settlement:
    """One batch of outcomes or receipts being written down."""

    session: Session
    profile: Profile
    now: datetime
    at: datetime
    news: list[Announcement] = field(default_factory=list)

    def settle(
        self, row: Row, told: Outcome | Receipt, *, before: bool, newer: bool = False, asked: bool = False
    ) -> None:
        """Apply one word of the platform. `before`: possibly sent before; `newer`: a later version waits;
        `asked`: this was a question, not the row itself.
        """
        row.lease_holder = row.lease_until = None
        if told.result == FILED:
            self._filed(row, told)
        elif told.result == TAKEN:
            self._taken(row, told)
        elif told.result == BY_HAND and newer:
            supersede(row, self.at)
        elif told.result == BY_HAND:
            self._by_hand(row)
        elif told.result == REFUSED:
            self._refused(row, told, before)
        elif told.result == HELD:
            row.state, row.possibly_sent, row.next_attempt_at = WAITING, before, self.now
            row.ask_first = asked
        elif told.result == ABSENT:
            self._absent(row, newer)
        elif told.result == UNSEEN:
            self._absent(row, newer=False)
        else:
            self._failed(row, told, before)

    def _filed(self, row: Row, told: Outcome | Receipt) -> None:
        recovered = row.was_dead
        row.state, row.settled_at, row.was_dead = ACKNOWLEDGED, self.at, False
        row.late = is_late(local_date(self.at), row.due_on)
        row.possibly_sent, row.ask_first = True, False
        row.receipt_number = storable(told.receipt_number, 100) or row.receipt_number
        row.result_field = row.result_code = row.result_reason = None
        if recovered:
            self.news.append(Announcement("recovered", row))
        self.news.append(Announcement("acknowledged", row))

    def _taken(self, row: Row, told: Outcome | Receipt) -> None:
        first = row.accepted_at is None
        row.state, row.ask_first, row.possibly_sent = ACCEPTED, True, True
        row.accepted_at = row.accepted_at or self.at
        row.receipt_number = storable(told.receipt_number, 100) or row.receipt_number
        row.next_attempt_at = self.now + timedelta(seconds=self.profile.receipts.wait_seconds)
        if first:
            self.news.append(Announcement("accepted", row))

    def _by_hand(self, row: Row) -> None:
        row.state = AWAITING_HAND
        self.news.append(Announcement("awaiting-hand", row))

    def _refused(self, row: Row, told: Outcome | Receipt, before: bool) -> None:
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

    def _again_as(self, row: Row, operation: str) -> None:
        """The platform's own word on what it shows decides between 新增 and 变更; the schedule bounds it."""
        row.operation = operation
        row.resent += 1
        row.idempotency_key = idempotency_key(
            row.platform, row.listing_id, row.version, operation, row.resent
        )
        row.ask_first = False
        self._retry(row, None)

    def _absent(self, row: Row, newer: bool) -> None:
        """The platform never got it. A newer version makes it pointless once no late copy can arrive: two
        time-outs after the row last may have gone out, which for one taken over is when its lease had ended.
        """
        row.ask_first = False
        quiet = (row.last_attempt_at or self.now) + timedelta(
            seconds=2 * self.profile.transport.timeout_seconds
        )
        row.state, row.next_attempt_at = WAITING, self.now
        if newer and self.now < quiet:
            row.ask_first, row.next_attempt_at = True, quiet
        elif newer:
            supersede(row, self.at)

    def _failed(self, row: Row, told: Outcome | Receipt, before: bool) -> None:
        unknown = told.result == UNKNOWN
        row.possibly_sent = before or unknown
        row.ask_first = before or unknown
        self._note(row, told)
        self._retry(row, told.retry_after if isinstance(told, Outcome) else None)

    def _retry(self, row: Row, retry_after: float | None) -> None:
        row.failures += 1
        following = Backoff(self.profile.retry_seconds).next_at(row.failures, self.now, retry_after)
        if following is not None:
            row.state, row.next_attempt_at = WAITING, following
            return
        row.state, row.settled_at, row.was_dead = DEAD, self.at, True
        self.news.append(Announcement("dead", row))

    def _note(self, row: Row, told: Outcome | Receipt) -> None:
        row.result_field = storable(told.field, 64) or None
        row.result_code = storable(told.code, 64) or None
        row.result_reason = storable(told.message, LONGEST_REASON) or None


def storable(told: str, longest: int) -> str:
    """A platform's words as any database takes them: no NUL, no half characters, not too long."""
    return told[:longest].replace("\0", "").encode("utf-8", "replace").decode()


def write_holdings(session: Session, platform: str, filed: Sequence[Row]) -> None:
    """What the platform now shows of the listings whose deliveries it has just filed."""
    gone = [row.listing_id for row in filed if row.operation == WITHDRAW]
    if gone:
        mine = HOLDINGS.c.platform == platform
        session.execute(delete(HOLDINGS).where(mine, among(session, HOLDINGS.c.listing_id, gone)))
    kept = {row.listing_id: _holding(platform, row) for row in filed if row.operation != WITHDRAW}
    put_rows(session, HOLDINGS, list(kept.values()), ("platform", "listing_id"))


def _holding(platform: str, row: Row) -> dict[str, object]:
    key = row.match_key or row.listing_id
    return {
        "platform": platform,
        "listing_id": row.listing_id,
        "delivery_id": row.id,
        "version": row.version,
        "match_key": key,
        "bucket_hash": bucket_hash(key),
        "content_digest": row.content_digest or "",
        "layout": row.layout or "",
        "sent_row": row.sent_row,
    }


def follows() -> ColumnElement[bool]:
    """Whether `LATER` comes after a delivery: a later version, or the same one taken again after it went."""
    again = and_(
        LATER.c.sequence == TABLE.c.sequence,
        LATER.c.id > TABLE.c.id,
        LATER.c.operation != WITHDRAW,
        TABLE.c.operation == WITHDRAW,
    )
    same = and_(LATER.c.listing_id == TABLE.c.listing_id, LATER.c.platform == TABLE.c.platform)
    return and_(same, or_(LATER.c.sequence > TABLE.c.sequence, again))


def with_newer(session: Session, platform: str, listings: Sequence[str], state: str = "") -> set[str]:
    """Ids of deliveries that a later version of the listing follows at the same platform (in this state)."""
    if not listings:
        return set()
    later = exists().where(follows(), *([LATER.c.state == state] if state else []))
    query = select(TABLE.c.id).where(
        TABLE.c.platform == platform, among(session, TABLE.c.listing_id, listings), later
    )
    return set(session.scalars(query))
