"""Mail addresses that bounced for good (退信), known by digest, and every bounce report that counted."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from services.notifier.models.store import Base
from shared.db import UtcDateTime


class FailingAddress(Base):
    """Nothing is mailed there for a week. `dispatch_id`: whose bounce said so; `status`: its code (5.1.1).

    A mark that somebody lifted stays on record: what was mailed before that marks nothing anew.
    """

    __tablename__ = "failing_addresses"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    dispatch_id: Mapped[str] = mapped_column(String(36))
    status: Mapped[str] = mapped_column(String(20))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @staticmethod
    def digest_of(address: str) -> str:
        """What stands for an address here."""
        return sha256(address.strip().lower().encode()).hexdigest()


class MailBounce(Base):
    """A proven report of one mail; the same one presented again is only counted. It holds no address.

    `round` is how often the mail had bounced before: sent again after that, it bears another proof.
    """

    __tablename__ = "mail_bounces"
    __table_args__ = (Index("ix_mail_bounces_at", "at"),)

    mail_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    round: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    status: Mapped[str] = mapped_column(String(20))
    effect: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    repeats: Mapped[int] = mapped_column(Integer)
    repeated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
