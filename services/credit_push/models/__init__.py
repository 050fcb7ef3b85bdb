"""Tables of the push service: its copy of listings, deliveries with every attempt, what each platform holds,
packets, reconciliation. Identity numbers are here only as they came: sealed to us, or sealed for storage.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.credit_push.models.adopted import Adoption
from services.credit_push.models.answered import AnswerAttempt, RequestAnswer
from services.credit_push.models.base import (
    SOURCE,
    Base,
    inbox,
    leases,
    metadata,
    outbox,
    revocations,
)
from services.credit_push.models.compared import Difference, ReconciliationRun
from services.credit_push.models.found import Finding
from services.credit_push.models.hand import BatchAct, LetterNumber
from services.credit_push.models.refused import RefusedCount, RefusedReceipt
from services.credit_push.models.requested import PartyRequest
from services.credit_push.models.seen import Appearance, Mark, Observation
from shared.db import JsonDoc, UtcDateTime

__all__ = [
    "SOURCE",
    "Adoption",
    "AnswerAttempt",
    "Appearance",
    "Attempt",
    "Base",
    "Batch",
    "BatchAct",
    "CalendarYearCopy",
    "Decision",
    "Delivery",
    "DepartmentCopy",
    "Difference",
    "Finding",
    "Holding",
    "LetterNumber",
    "Listing",
    "ListingVersion",
    "Mark",
    "Nonce",
    "Observation",
    "PartyRequest",
    "PlatformState",
    "ProfileDraft",
    "ReconciliationRun",
    "RefusedCount",
    "RefusedReceipt",
    "RequestAnswer",
    "StrayReceipt",
    "inbox",
    "leases",
    "metadata",
    "outbox",
    "revocations",
]


class Listing(Base):
    """Our copy of a listing as its latest event left it; `out_sequence` numbers our events on it."""

    __tablename__ = "push_listings"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    sequence: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)
    operation: Mapped[str] = mapped_column(String(16))
    migrated: Mapped[bool] = mapped_column(Boolean, default=False)
    out_sequence: Mapped[int] = mapped_column(Integer, default=0)
    department_id: Mapped[str] = mapped_column(String(36))
    region: Mapped[str] = mapped_column(String(6))
    domain: Mapped[str] = mapped_column(String(40))
    list_code: Mapped[str] = mapped_column(String(64))
    subject_name: Mapped[str] = mapped_column(String(200))
    subject_type: Mapped[str] = mapped_column(String(16))
    document_number: Mapped[str] = mapped_column(String(128))


class ListingVersion(Base):
    """What one version said; the identity numbers stay sealed as they came."""

    __tablename__ = "push_listing_versions"

    listing_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    sequence: Mapped[int] = mapped_column(Integer, primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    operation: Mapped[str] = mapped_column(String(16))
    payload: Mapped[dict[str, Any]] = mapped_column(JsonDoc)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    event_id: Mapped[str | None] = mapped_column(String(100))
    event_type: Mapped[str | None] = mapped_column(String(100))
    position: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    """Its place in what platforms fetch, given after the commit by one sequencer; null until then."""

    __table_args__ = (
        Index(
            "ix_push_listing_versions_unplaced",
            "recorded_at",
            sqlite_where=text("position IS NULL"),
            postgresql_where=text("position IS NULL"),
        ),
    )


class Delivery(Base):
    """One listing version on its way to one platform."""

    __tablename__ = "push_deliveries"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    listing_id: Mapped[str] = mapped_column(ForeignKey("push_listings.id"))
    platform: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(Integer)
    sequence: Mapped[int] = mapped_column(Integer)
    operation: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    due_on: Mapped[date | None] = mapped_column(Date)
    late: Mapped[bool] = mapped_column(Boolean, default=False)
    idempotency_key: Mapped[str] = mapped_column(String(160), unique=True)
    resent: Mapped[int] = mapped_column(Integer, default=0)
    """How often it was deliberately sent again under a new key."""
    possibly_sent: Mapped[bool] = mapped_column(Boolean, default=False)
    """The platform may have it: it was handed over, and nothing said for certain that it was refused."""
    ask_first: Mapped[bool] = mapped_column(Boolean, default=False)
    """The last outcome is unknown: ask the platform before sending again."""
    was_dead: Mapped[bool] = mapped_column(Boolean, default=False)
    attempts_count: Mapped[int] = mapped_column(Integer, default=0)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    """Failed tries since the schedule last began."""
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it was last handed over (or about to be); questions do not count."""
    lease_holder: Mapped[str | None] = mapped_column(String(200))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_token: Mapped[int] = mapped_column(Integer, default=0)
    batch_id: Mapped[str | None] = mapped_column(String(36))
    receipt_number: Mapped[str | None] = mapped_column(String(100))
    result_field: Mapped[str | None] = mapped_column(String(64))
    result_code: Mapped[str | None] = mapped_column(String(64))
    result_reason: Mapped[str | None] = mapped_column(String(1000))
    layout: Mapped[str | None] = mapped_column(String(32))
    match_key: Mapped[str | None] = mapped_column(String(360))
    content_digest: Mapped[str | None] = mapped_column(String(64))
    sent_row: Mapped[str | None] = mapped_column(Text)
    """The row as sent, sealed for storage; needed where the platform is changed by content."""
    department_id: Mapped[str] = mapped_column(String(36))
    region: Mapped[str] = mapped_column(String(6))
    list_code: Mapped[str] = mapped_column(String(64))
    subject_name: Mapped[str] = mapped_column(String(200))
    """Masked for a natural person."""
    document_number: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_push_deliveries_order", "listing_id", "platform", "sequence"),
        Index(
            "ix_push_deliveries_due",
            "platform",
            "next_attempt_at",
            sqlite_where=text("state IN ('waiting', 'accepted')"),
            postgresql_where=text("state IN ('waiting', 'accepted')"),
        ),
        Index(
            "ix_push_deliveries_sending",
            "lease_until",
            sqlite_where=text("state = 'sending'"),
            postgresql_where=text("state = 'sending'"),
        ),
        Index(
            "ix_push_deliveries_withdrawals",
            "platform",
            "next_attempt_at",
            sqlite_where=text("state = 'waiting' AND operation = 'withdraw'"),
            postgresql_where=text("state = 'waiting' AND operation = 'withdraw'"),
        ),
        Index("ix_push_deliveries_state", "state", "id"),
        Index("ix_push_deliveries_batch", "batch_id"),
    )


class PlatformState(Base):
    """How a platform fares: its breaker, a pause by operators, its quota, a backfill under way."""

    __tablename__ = "push_platforms"

    platform: Mapped[str] = mapped_column(String(40), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    """Tries in a row without an answer."""
    opened: Mapped[int] = mapped_column(Integer, default=0)
    """How often the breaker has opened since the last answer; 0: it is closed."""
    retry_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When an open breaker lets the next probe through."""
    probed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_success_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_failure_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_problem: Mapped[str | None] = mapped_column(String(200))
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paused_by: Mapped[str | None] = mapped_column(String(100))
    paused_reason: Mapped[str | None] = mapped_column(String(500))
    counted_on: Mapped[date | None] = mapped_column(Date)
    counted: Mapped[int] = mapped_column(Integer, default=0)
    """Rows handed over on `counted_on`."""
    backfill_after: Mapped[str | None] = mapped_column(String(36))
    """Listings up to here are planned; null: no backfill under way."""
    backfill_by: Mapped[str | None] = mapped_column(String(100))
    backfilled: Mapped[int] = mapped_column(Integer, default=0)
    """Deliveries planned by the last backfill."""
    revive_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """An outage that began after this is over, and its dead withdrawals are to be put back; null: all are."""


class Attempt(Base):
    """One try, appended and never changed: what happened, with the sealed evidence of request and answer."""

    __tablename__ = "push_attempts"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("push_deliveries.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(16))
    """send, query, receipt, hand, check (stopped before sending), operator, revival or adopt."""
    outcome: Mapped[str] = mapped_column(String(24))
    http_status: Mapped[int | None] = mapped_column(Integer)
    milliseconds: Mapped[int | None] = mapped_column(Integer)
    detail: Mapped[str | None] = mapped_column(String(1000))
    request_digest: Mapped[str | None] = mapped_column(String(64))
    evidence: Mapped[str | None] = mapped_column(Text)


class Decision(Base):
    """What is to become of a dead or refused delivery: proposed by one person, confirmed by another."""

    __tablename__ = "push_decisions"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("push_deliveries.id"), index=True)
    action: Mapped[str] = mapped_column(String(16))
    """retry or discard."""
    reason: Mapped[str] = mapped_column(String(500))
    proposed_by: Mapped[str] = mapped_column(String(100))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(100))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed: Mapped[bool | None] = mapped_column(Boolean)
    """Null while it waits for a second person."""


class ProfileDraft(Base):
    """A platform's profile written on this site: proposed by one person, released by another."""

    __tablename__ = "push_profiles"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    platform: Mapped[str] = mapped_column(String(40), index=True)
    text: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(500))
    proposed_by: Mapped[str] = mapped_column(String(100))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(100))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    number: Mapped[int | None] = mapped_column(Integer, unique=True)
    """Place among all releases of this site; null while it waits, and for ever where it was refused."""


class Holding(Base):
    """What a platform shows of a listing, as far as its receipts say: our side of every reconciliation."""

    __tablename__ = "push_holdings"

    platform: Mapped[str] = mapped_column(String(40), primary_key=True)
    listing_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(String(36))
    version: Mapped[int] = mapped_column(Integer)
    match_key: Mapped[str] = mapped_column(String(360))
    bucket_hash: Mapped[int] = mapped_column(BigInteger)
    content_digest: Mapped[str] = mapped_column(String(64))
    layout: Mapped[str] = mapped_column(String(32))
    sent_row: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index("ix_push_holdings_bucket", "platform", "bucket_hash"),)


class Batch(Base):
    """A packet or a sheet: several rows that travel together. Manual ones wait for a person."""

    __tablename__ = "push_batches"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    platform: Mapped[str] = mapped_column(String(40), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    """packet, sheet or letter."""
    layout: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16))
    """open, downloaded, recorded or closed."""
    number: Mapped[str | None] = mapped_column(String(300))
    """The platform's batch number, or the number of our letter."""
    rows: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    downloaded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recorded_by: Mapped[str | None] = mapped_column(String(100))
    screenshot: Mapped[str | None] = mapped_column(Text)
    """Sealed."""
    reply_due_on: Mapped[date | None] = mapped_column(Date)
    replied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reply: Mapped[str | None] = mapped_column(String(700))
    """What a letter was answered: result, number and words."""
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StrayReceipt(Base):
    """A receipt that fits nothing we sent, or contradicts what is settled: kept, shown, never acted upon."""

    __tablename__ = "push_stray_receipts"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    platform: Mapped[str] = mapped_column(String(40), index=True)
    idempotency_key: Mapped[str] = mapped_column(String(200))
    result: Mapped[str] = mapped_column(String(24))
    why: Mapped[str] = mapped_column(String(200))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DepartmentCopy(Base):
    """What routing and the pages need of a department."""

    __tablename__ = "push_departments"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    short_name: Mapped[str | None] = mapped_column(String(200))
    region: Mapped[str] = mapped_column(String(6))
    level: Mapped[str] = mapped_column(String(20))
    sequence: Mapped[int] = mapped_column(Integer)


class Nonce(Base):
    """Nonces of signed callbacks seen within the window, so that none is accepted twice."""

    __tablename__ = "push_nonces"

    key_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    nonce: Mapped[str] = mapped_column(String(100), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class CalendarYearCopy(Base):
    """工作日历 of a year as confirmed in the blacklist service; the newest generation counts."""

    __tablename__ = "push_calendar_years"

    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    generation: Mapped[int] = mapped_column(Integer)
    rest: Mapped[list[str]] = mapped_column(JsonDoc)
    work: Mapped[list[str]] = mapped_column(JsonDoc)
