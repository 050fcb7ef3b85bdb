"""What a platform sent back: the task to correct it, one of a listing and platform."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.store import Base
from shared.db import UtcDateTime


class PlatformRejection(Base):
    """The last rejection of one listing at one platform, and the duty it opened at the filing department."""

    __tablename__ = "case_rejections"

    listing_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    platform: Mapped[str] = mapped_column(String(60), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    sequence: Mapped[int]
    """Of the last event that counted: what is older changes nothing."""
    platform_name: Mapped[str] = mapped_column(String(200))
    delivery_id: Mapped[str] = mapped_column(String(36))
    operation: Mapped[str] = mapped_column(String(12))
    version: Mapped[int]
    field: Mapped[str | None] = mapped_column(String(64))
    code: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(Text)
    times: Mapped[int]
    """How often it was rejected, all versions together."""
    rejected_at: Mapped[datetime] = mapped_column(UtcDateTime)
    duty_id: Mapped[str | None] = mapped_column(String(36))
    """Null where nothing was owed: the listing had ended before the platform's word came."""
