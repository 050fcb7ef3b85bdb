"""A public site seen otherwise than a receipt says: work for a person, by a certain day."""

from datetime import date, datetime

from sqlalchemy import Date, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.credit_push.models.base import Base
from shared.db import UtcDateTime

OPEN = text("closed_at IS NULL")


class Finding(Base):
    """与回执相反: one site, one listing. Nobody closes it by hand: a later sight does, or a newer receipt."""

    __tablename__ = "push_findings"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    platform: Mapped[str] = mapped_column(String(40))
    listing_id: Mapped[str] = mapped_column(String(36), index=True)
    via: Mapped[str] = mapped_column(String(40))
    """The platform whose receipt is contradicted: itself, or the one that relays to it."""
    sequence: Mapped[int]
    expects: Mapped[str] = mapped_column(String(16))
    """displayed or absent: what the receipt says should be seen."""
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    """When the receipt came."""
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_how: Mapped[str] = mapped_column(String(16))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_on: Mapped[date] = mapped_column(Date)
    region: Mapped[str] = mapped_column(String(6))
    document_number: Mapped[str] = mapped_column(String(128))
    taken_by: Mapped[str | None] = mapped_column(String(100))
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str | None] = mapped_column(String(500))
    """What the person has done about it."""
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_why: Mapped[str | None] = mapped_column(String(16))
    """seen (a later sight agrees) or passed (a newer receipt expects something else)."""

    __table_args__ = (
        Index(
            "uq_push_findings_open",
            "platform",
            "listing_id",
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
    )
