"""Letters to be announced to their parties (送达通知). The address goes once the announcement is settled."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.notifier.models.store import Base
from shared.db import JsonDoc, UtcDateTime


class PartyNotice(Base):
    """One announcement of one letter over one channel; the id is the sending's in the blacklist service."""

    __tablename__ = "party_notices"
    __table_args__ = (Index("ix_party_notices_due", "channel", "state", "next_attempt_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    channel: Mapped[str] = mapped_column(String(8))
    department_id: Mapped[str] = mapped_column(String(36))
    case_id: Mapped[str] = mapped_column(String(36))
    letter_id: Mapped[str] = mapped_column(String(36))
    facts: Mapped[dict[str, Any]] = mapped_column(JsonDoc)
    sealed: Mapped[str | None] = mapped_column(Text)
    """Address and code, sealed by the blacklist service; None once the announcement is settled."""
    state: Mapped[str] = mapped_column(String(20))
    attempts_count: Mapped[int] = mapped_column(Integer, default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_holder: Mapped[str | None] = mapped_column(String(200))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_token: Mapped[int] = mapped_column(BigInteger, default=0)
    reason: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @staticmethod
    def aad(sending_id: str) -> str:
        """The place address and code are sealed for."""
        return f"letters.sending.{sending_id}"
