"""Texts for 微博、微信、客户端: drafted, approved by another, sent by hand and where."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.store import Base
from shared.db import UtcDateTime


class ChannelDraft(Base):
    """One text of one public item for one outlet."""

    __tablename__ = "openness_channel_drafts"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("openness_items.id"), index=True)
    department_id: Mapped[str] = mapped_column(String(36))
    channel: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12))
    drafted_by: Mapped[str] = mapped_column(String(36))
    drafter_name: Mapped[str] = mapped_column(String(100))
    approved_by: Mapped[str | None] = mapped_column(String(36))
    approver_name: Mapped[str | None] = mapped_column(String(100))
    sent_by: Mapped[str | None] = mapped_column(String(36))
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_to: Mapped[str | None] = mapped_column(String(300))
    """The address it can be seen at."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("approved_by <> drafted_by", name="approver_not_drafter"),
        CheckConstraint("state NOT IN ('approved', 'sent') OR approved_by IS NOT NULL", name="approved"),
        CheckConstraint(
            "state <> 'sent' OR (sent_at IS NOT NULL AND sent_to IS NOT NULL)", name="sent_somewhere"
        ),
    )
