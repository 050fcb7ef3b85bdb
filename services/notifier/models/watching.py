"""Watches of the public on organisations, the mails they call for, and our copy of what is public today.

Of a person only a sealed mail address is kept, from the request on until the watch ends; nothing else.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.notifier.models.store import Base
from shared.db import JsonDoc, UtcDateTime
from shared.delivery import Outgoing


class Watch(Base):
    """名单变动提醒: one mail address that wants to know of one organisation; pending until confirmed."""

    __tablename__ = "watches"
    __table_args__ = (
        Index("uq_watches_address", "address_index", "uscc", unique=True),
        Index("ix_watches_uscc", "uscc"),
        Index("ix_watches_expires", "expires_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    uscc: Mapped[str] = mapped_column(String(18))
    sealed_address: Mapped[str] = mapped_column(Text)
    address_index: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @staticmethod
    def aad(watch_id: str) -> str:
        """The place an address is sealed for."""
        return f"watches.sealed_address.{watch_id}"


class WatchMail(Outgoing, Base):
    """One mail to a watcher; `occasion` keeps the same thing from being told twice."""

    __tablename__ = "watch_mails"
    __table_args__ = (
        Index("uq_watch_mails_occasion", "watch_id", "occasion", unique=True),
        Index("ix_watch_mails_due", "state", "next_attempt_at"),
        Index("ix_watch_mails_listing", "listing_id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    watch_id: Mapped[str] = mapped_column(ForeignKey("watches.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    occasion: Mapped[str] = mapped_column(String(100))
    listing_id: Mapped[str | None] = mapped_column(String(36))
    facts: Mapped[dict[str, Any]] = mapped_column(JsonDoc)


class PublicListing(Base):
    """A listing of an organisation: whose it is while it is public; its sequence alone once it is not."""

    __tablename__ = "public_listings"
    __table_args__ = (Index("ix_public_listings_uscc", "uscc"),)

    listing_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    uscc: Mapped[str | None] = mapped_column(String(18))
    name: Mapped[str | None] = mapped_column(String(200))
    stated: Mapped[dict[str, str] | None] = mapped_column(JsonDoc)
    """What institutions are told of it, should it end with no case to say so."""
