"""A site's own texts: every proposed wording is a numbered revision, never changed, only decided about."""

from datetime import date, datetime

from sqlalchemy import Date, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.notifier.models.store import Base
from shared.db import UtcDateTime


class TextRevision(Base):
    """One wording of one text in one language. Without title and body it is a return to the shipped text."""

    __tablename__ = "text_revisions"
    __table_args__ = (
        UniqueConstraint("name", "language", "number"),
        Index("ix_text_revisions_force", "state", "in_force_from"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    language: Mapped[str] = mapped_column(String(5))
    number: Mapped[int] = mapped_column(Integer)
    title: Mapped[str | None] = mapped_column(Text)
    body: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(20))
    in_force_from: Mapped[date | None] = mapped_column(Date)
    restores: Mapped[int | None] = mapped_column(Integer)  # the number it goes back to; 0 is the shipped text
    proposed_by: Mapped[str] = mapped_column(String(36))
    proposer_name: Mapped[str] = mapped_column(String(100))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(36))
    decider_name: Mapped[str | None] = mapped_column(String(100))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(String(300))
