"""Texts about listings for 微博、微信 and other outlets; for which a department has drafts written."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.store import Base
from shared.db import UtcDateTime


class ListingText(Base):
    """One text about one listing for one outlet. Its words go when the listing is no longer public."""

    __tablename__ = "openness_listing_texts"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    listing_id: Mapped[str] = mapped_column(ForeignKey("register_listing.id"))
    version: Mapped[int]
    """The listing's version the text says; of a text that it ended, the last one."""
    kind: Mapped[str] = mapped_column(String(12))
    channel: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12), index=True)
    drafted_by: Mapped[str | None] = mapped_column(String(36))
    """None where it was written by template when the listing changed."""
    drafter_name: Mapped[str] = mapped_column(String(100))
    approved_by: Mapped[str | None] = mapped_column(String(36))
    approver_name: Mapped[str | None] = mapped_column(String(100))
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_by: Mapped[str | None] = mapped_column(String(36))
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_to: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_openness_listing_texts_listing", "listing_id", "channel"),
        CheckConstraint("approved_by <> drafted_by", name="approver_not_drafter"),
        CheckConstraint("state NOT IN ('approved', 'sent') OR approved_by IS NOT NULL", name="approved"),
        CheckConstraint(
            "state <> 'sent' OR (sent_at IS NOT NULL AND sent_to IS NOT NULL)", name="sent_somewhere"
        ),
    )


class ListingOutlet(Base):
    """A department has drafts written for this outlet whenever a listing of its own changes."""

    __tablename__ = "openness_listing_outlets"

    department_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    channel: Mapped[str] = mapped_column(String(12), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    chosen_by: Mapped[str] = mapped_column(String(100))
