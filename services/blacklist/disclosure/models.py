"""Tables of disclosure: the regions' own catalogue items, requests with their timeline, and their numbering.

Who asks and how to reach them stands in `applicant_sealed` only; the lookup code as a blind index only.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.store import Base
from shared.db import JsonDoc, UtcDateTime

APPLICANT_AAD = "disclosure_requests.applicant"


class DisclosureItem(Base):
    """公开事项 a region lists beside those its rules give: 事项、内容、时限、方式、责任主体、监督渠道."""

    __tablename__ = "disclosure_items"

    region: Mapped[str] = mapped_column(String(6), primary_key=True)
    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    domain: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(200))
    content: Mapped[str] = mapped_column(Text)
    time_limit: Mapped[str] = mapped_column(String(300))
    method: Mapped[str] = mapped_column(Text)
    organ: Mapped[str] = mapped_column(String(40))
    supervision: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(200))
    edition: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    closed_on: Mapped[date | None]
    """The first day it is no longer in the catalogue; what was published under it stays."""


class CatalogueChange(Base):
    """A change of the catalogue as one person proposed it; in force once another confirmed it."""

    __tablename__ = "catalogue_changes"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    region: Mapped[str] = mapped_column(String(6))
    code: Mapped[str] = mapped_column(String(60))
    act: Mapped[str] = mapped_column(String(12))
    """add, change or close."""
    edition: Mapped[int]
    """What it makes of the entry; two proposals of one edition cannot both come into force."""
    before: Mapped[dict[str, Any] | None] = mapped_column(JsonDoc)
    after: Mapped[dict[str, Any] | None] = mapped_column(JsonDoc)
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12))
    proposed_by: Mapped[str] = mapped_column(String(36))
    proposer_name: Mapped[str] = mapped_column(String(100))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_by: Mapped[str | None] = mapped_column(String(36))
    settler_name: Mapped[str | None] = mapped_column(String(100))
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_on: Mapped[date | None]
    answer: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint(
            "state <> 'confirmed' OR (settled_by IS NOT NULL AND settled_by <> proposed_by)",
            name="second_person",
        ),
        Index("ix_catalogue_changes_entry", "region", "code", "id"),
        Index(
            "uq_catalogue_changes_waiting", "region", "code", unique=True,
            sqlite_where=text("state = 'proposed'"), postgresql_where=text("state = 'proposed'"),
        ),
    )  # fmt: skip


class DisclosureRequest(Base):
    """依申请公开: one request to one department."""

    __tablename__ = "disclosure_requests"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    lookup_blind: Mapped[str] = mapped_column(String(120), unique=True)
    sequence: Mapped[int] = mapped_column(Integer)
    """Last number used on blacklist.cases.v1 for this request."""
    state: Mapped[str] = mapped_column(String(16))
    department_id: Mapped[str] = mapped_column(String(36))
    department_name: Mapped[str] = mapped_column(String(200))
    region: Mapped[str] = mapped_column(String(6))
    applicant_type: Mapped[str] = mapped_column(String(16))
    applicant_sealed: Mapped[str] = mapped_column(Text)
    wanted: Mapped[str] = mapped_column(Text)
    delivery: Mapped[str] = mapped_column(String(16))
    received_on: Mapped[date]
    correction_until: Mapped[date | None]
    draft: Mapped[dict[str, Any] | None] = mapped_column(JsonDoc)
    """answer_type, content, reason, exceptions of the answer being prepared."""
    drafted_by: Mapped[str | None] = mapped_column(String(36))
    answer: Mapped[dict[str, Any] | None] = mapped_column(JsonDoc)
    letter_sealed: Mapped[str | None] = mapped_column(Text)
    issued_by: Mapped[str | None] = mapped_column(String(36))
    answered_on: Mapped[date | None]
    address_blind: Mapped[str] = mapped_column(String(120))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """System time of the submission, for counting what one address sends."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("issued_by <> drafted_by", name="issued_by_second"),
        CheckConstraint(
            "state <> 'answered' OR (issued_by IS NOT NULL AND letter_sealed IS NOT NULL)", name="answered"
        ),
        Index("ix_disclosure_requests_department", "department_id", "id"),
        Index("ix_disclosure_requests_region", "region", "id"),
        Index("ix_disclosure_requests_address", "address_blind", "sent_at"),
    )


class DisclosureDocument(Base):
    """A file that goes with the answer; its bytes stand sealed under DATA_DIR, named by id."""

    __tablename__ = "disclosure_documents"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    request_id: Mapped[str] = mapped_column(ForeignKey("disclosure_requests.id"), index=True)
    file_name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    identities: Mapped[int | None] = mapped_column(Integer)
    """Identity numbers found in its text; None where the file has no text that can be looked through."""
    checked: Mapped[str | None] = mapped_column(Text)
    """What the officer stated about them (经核对的说明), where a statement was needed."""
    added_by: Mapped[str] = mapped_column(String(36))
    adder_name: Mapped[str] = mapped_column(String(100))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DisclosureStep(Base):
    """One entry of a request's timeline; `told` is what the applicant reads, `note` stays inside."""

    __tablename__ = "disclosure_steps"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    request_id: Mapped[str] = mapped_column(ForeignKey("disclosure_requests.id"), index=True)
    action: Mapped[str] = mapped_column(String(32))
    title: Mapped[str] = mapped_column(String(60))
    told: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    actor_id: Mapped[str | None] = mapped_column(String(36))
    actor_name: Mapped[str | None] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class DisclosureCounter(Base):
    """The last number given out per region and year."""

    __tablename__ = "disclosure_counters"

    key: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[int] = mapped_column(Integer)
