"""Letters to be announced to their parties (送达通知). The address goes once the announcement is settled."""

from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.notifier.models.store import Base
from shared.db import JsonDoc
from shared.delivery import Outgoing


class PartyNotice(Outgoing, Base):
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

    @staticmethod
    def aad(sending_id: str) -> str:
        """The place address and code are sealed for."""
        return f"letters.sending.{sending_id}"
