"""What is really to be seen at a platform: received is not displayed, and withdrawn is not yet absent."""

from datetime import datetime

from sqlalchemy import Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.credit_push.models.base import Base
from shared.db import UtcDateTime


class Appearance(Base):
    """One listing at one public site: what should be seen there, and since when it is known to be so."""

    __tablename__ = "push_appearances"

    platform: Mapped[str] = mapped_column(String(40), primary_key=True)
    listing_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    via: Mapped[str] = mapped_column(String(40))
    """The platform whose receipt this follows: itself where it is pushed, else the one that relays to it."""
    sequence: Mapped[int] = mapped_column(Integer)
    expects: Mapped[str] = mapped_column(String(16))
    """displayed or absent."""
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    """When the platform at `via` acknowledged what is expected: lags count from here."""
    match_key: Mapped[str] = mapped_column(String(360))
    region: Mapped[str] = mapped_column(String(6))
    displayed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    displayed_how: Mapped[str | None] = mapped_column(String(16))
    """asked, reported or hand."""
    absent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    absent_how: Mapped[str | None] = mapped_column(String(16))
    lag_seconds: Mapped[int | None] = mapped_column(Integer)
    """From `since` until it was as expected; null while it is not."""
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    asks: Mapped[int] = mapped_column(Integer, default=0)
    """Questions since something new is expected."""
    next_ask_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Null where nothing is left to ask, or the platform cannot be asked."""

    __table_args__ = (
        Index("ix_push_appearances_listing", "listing_id"),
        Index(
            "ix_push_appearances_due",
            "platform",
            "next_ask_at",
            sqlite_where=text("next_ask_at IS NOT NULL"),
            postgresql_where=text("next_ask_at IS NOT NULL"),
        ),
    )

    @property
    def seen_at(self) -> datetime | None:
        """Since when it is known to be as expected."""
        return self.absent_at if self.expects == "absent" else self.displayed_at

    @property
    def against_at(self) -> datetime | None:
        """When it was last seen otherwise than the receipt says; None where it was not since."""
        at = self.displayed_at if self.expects == "absent" else self.absent_at
        return at if self.seen_at is None and at is not None and at >= self.since else None

    @property
    def against_how(self) -> str | None:
        """How that is known."""
        how = self.displayed_how if self.expects == "absent" else self.absent_how
        return how if self.against_at is not None else None

    @property
    def seen_how(self) -> str | None:
        """How that is known."""
        return self.absent_how if self.expects == "absent" else self.displayed_how


class Observation(Base):
    """One sight of a listing, or of its absence, at a public site; appended and never changed."""

    __tablename__ = "push_observations"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    platform: Mapped[str] = mapped_column(String(40))
    listing_id: Mapped[str] = mapped_column(String(36), index=True)
    sequence: Mapped[int] = mapped_column(Integer)
    seen: Mapped[str] = mapped_column(String(16))
    """displayed or absent."""
    how: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    who: Mapped[str] = mapped_column(String(100))
    """The person, or the platform that answered or reported."""
    url: Mapped[str | None] = mapped_column(String(500))
    note: Mapped[str | None] = mapped_column(String(500))
    screenshot_sha256: Mapped[str | None] = mapped_column(String(64))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Mark(Base):
    """How far a loop has read."""

    __tablename__ = "push_marks"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    position: Mapped[str] = mapped_column(String(36))
