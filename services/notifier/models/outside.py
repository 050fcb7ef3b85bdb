"""Who outside asked for a webhook about public listings of organisations; the webhook is like any other.

Its webhook hangs at a department that is none, so that no officer's list or inbox ever shows its messages.
"""

from datetime import datetime

from sqlalchemy import Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.notifier.models.store import Base
from shared.db import UtcDateTime

OUTSIDE = "outside"
ASKED, APPROVED, REFUSED, REVOKED = "asked", "approved", "refused", "revoked"


class OutsideSubscriber(Base):
    """外部订阅方: the id is its webhook's. Of a person only a sealed mail address is kept, until it ends."""

    __tablename__ = "outside_subscribers"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    organization: Mapped[str] = mapped_column(String(200))
    purpose: Mapped[str] = mapped_column(String(500))
    sealed_contact: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), index=True)
    version: Mapped[int] = mapped_column(Integer)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(100))
    decided_department: Mapped[str | None] = mapped_column(String(36))
    reason: Mapped[str | None] = mapped_column(String(300))

    @staticmethod
    def aad(subscriber_id: str) -> str:
        """The place an address is sealed for."""
        return f"outside_subscribers.sealed_contact.{subscriber_id}"
