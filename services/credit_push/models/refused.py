"""Receipts and requests of platforms that were not believed: what, from where, why; never what they said."""

from datetime import date, datetime

from sqlalchemy import Date, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from services.credit_push.models.base import Base
from shared.db import UtcDateTime


class RefusedReceipt(Base):
    """One refusal, appended and never changed. The body is kept as its digest only."""

    __tablename__ = "push_refused_receipts"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    platform: Mapped[str] = mapped_column(String(40), index=True)
    """Whom it claimed to come from, as far as we know such a platform; else `-`."""
    door: Mapped[str] = mapped_column(String(16))
    """callback, receipts, events or requests."""
    why: Mapped[str] = mapped_column(String(24))
    key_id: Mapped[str | None] = mapped_column(String(100))
    """The key it named, where we know that key: what a stranger writes there is not kept."""
    body_sha256: Mapped[str] = mapped_column(String(64))
    address: Mapped[str | None] = mapped_column(String(45))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RefusedCount(Base):
    """How many were refused for a platform on a day, also beyond those written down one by one."""

    __tablename__ = "push_refused_counts"

    platform: Mapped[str] = mapped_column(String(40), primary_key=True)
    on_day: Mapped[date] = mapped_column(Date, primary_key=True)
    counted: Mapped[int] = mapped_column(Integer)
