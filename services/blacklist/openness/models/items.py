"""公开信息条目, the wording it had at each act, and its files."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.store import Base
from shared.db import JsonDoc, UtcDateTime


class OpennessItem(Base):
    """One item of information under a catalogue entry; `pending` is a correction or withdrawal asked for."""

    __tablename__ = "openness_items"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    sequence: Mapped[int] = mapped_column(Integer, default=0)
    """Last number used on blacklist.cases.v1."""
    edition: Mapped[int] = mapped_column(Integer)
    """Raised by every change, so that what is approved is what was read."""
    state: Mapped[str] = mapped_column(String(16))
    department_id: Mapped[str] = mapped_column(String(36))
    department_name: Mapped[str] = mapped_column(String(200))
    region: Mapped[str] = mapped_column(String(6))
    domain: Mapped[str] = mapped_column(String(40))
    catalogue_code: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(40))
    formed_on: Mapped[date]
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text, default="")
    document_number: Mapped[str | None] = mapped_column(String(128))
    medium: Mapped[str | None] = mapped_column(String(200))
    """指定媒介 it appeared in first, with its address."""
    attribute: Mapped[str] = mapped_column(String(16))
    attribute_reason: Mapped[str | None] = mapped_column(Text)
    exceptions: Mapped[list[str]] = mapped_column(JsonDoc, default=list)
    secrecy: Mapped[dict[str, str] | None] = mapped_column(JsonDoc)
    """level and term of a classified matter, of which nothing else is kept."""
    term: Mapped[dict[str, Any]] = mapped_column(JsonDoc)
    """The time that counts: code, name, working_days, basis, status."""
    related_id: Mapped[str | None] = mapped_column(String(36), index=True)
    pending: Mapped[dict[str, Any] | None] = mapped_column(JsonDoc)
    pending_by: Mapped[str | None] = mapped_column(String(36))
    drafted_by: Mapped[str] = mapped_column(String(36))
    drafter_name: Mapped[str] = mapped_column(String(100))
    edited_by: Mapped[str] = mapped_column(String(36))
    approved_by: Mapped[str | None] = mapped_column(String(36))
    approver_name: Mapped[str | None] = mapped_column(String(100))
    returned_reason: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, default=0)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("approved_by <> drafted_by", name="approver_not_drafter"),
        CheckConstraint("approved_by <> edited_by", name="approver_not_editor"),
        CheckConstraint(
            "state NOT IN ('published', 'registered', 'withdrawn') OR approved_by IS NOT NULL",
            name="approved",
        ),
        CheckConstraint(
            "state NOT IN ('published', 'withdrawn') "
            "OR (attribute = 'proactive' AND published_at IS NOT NULL)",
            name="public_is_proactive",
        ),
        Index("ix_openness_items_public", "state", "published_at", "id"),
        Index("ix_openness_items_department", "department_id", "id"),
        Index("ix_openness_items_region", "region", "id"),
    )


class ItemVersion(Base):
    """What one approved act made public or marked: the wording, why, and the two people."""

    __tablename__ = "openness_versions"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("openness_items.id"))
    version: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    """publish, register, correct or withdraw."""
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    drafted_by: Mapped[str] = mapped_column(String(36))
    approved_by: Mapped[str] = mapped_column(String(36))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("approved_by <> drafted_by", name="approver_not_drafter"),
        Index("uq_openness_versions_version", "item_id", "version", unique=True),
    )


class ItemFile(Base):
    """附件 of an item: sealed on disk like every file, opened for anyone once the item is public."""

    __tablename__ = "openness_files"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("openness_items.id"), index=True)
    file_name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    uploaded_by: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
