"""What became of requests, on its way back to the platforms they came from."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.credit_push.models.base import Base
from shared.db import UtcDateTime

WAITING, ANSWERED, DEAD = "waiting", "answered", "dead"
BY_HAND, TOLD, BY_EVENTS = "awaiting-hand", "told", "by-events"
DUE = text("next_at IS NOT NULL")


class RequestAnswer(Base):
    """One outcome of one ticket. Its id is the event's."""

    __tablename__ = "push_answers"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    platform: Mapped[str] = mapped_column(String(40))
    ticket: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(16))
    """objection or repair."""
    case_id: Mapped[str] = mapped_column(String(36))
    listing_id: Mapped[str] = mapped_column(String(36), index=True)
    region: Mapped[str] = mapped_column(String(6))
    document_number: Mapped[str] = mapped_column(String(128))
    sequence: Mapped[int] = mapped_column(BigInteger)
    """Of the case: a ticket's outcomes are told in this order."""
    outcome: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(16))
    """waiting answered dead; awaiting-hand told; by-events."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """System time of the next attempt; null where none is to come."""
    resent: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    """How often it went out anew after a refusal; each time its key is another."""
    problem: Mapped[str | None] = mapped_column(String(300))
    """Why the last attempt did not do."""
    receipt_number: Mapped[str | None] = mapped_column(String(100))
    body_sha256: Mapped[str | None] = mapped_column(String(64))
    """Of what was sent last; none where it was refused."""
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    told_by: Mapped[str | None] = mapped_column(String(100))
    """The person who told the platform, or who had it sent again."""
    note: Mapped[str | None] = mapped_column(String(500))

    @property
    def key(self) -> str:
        """What the platform takes once."""
        return f"{self.id}:r{self.resent}" if self.resent else self.id

    __table_args__ = (
        Index("ix_push_answers_due", "next_at", sqlite_where=DUE, postgresql_where=DUE),
        Index("ix_push_answers_ticket", "platform", "ticket"),
    )


class AnswerAttempt(Base):
    """One try at telling an outcome, or what a person did about it; appended and never changed."""

    __tablename__ = "push_answer_attempts"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    answer_id: Mapped[str] = mapped_column(ForeignKey("push_answers.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    result: Mapped[str] = mapped_column(String(16))
    """taken refused silent laid; of a person: again told."""
    key: Mapped[str | None] = mapped_column(String(50))
    """The idempotency key it went under; null where nothing went."""
    body_sha256: Mapped[str | None] = mapped_column(String(64))
    receipt_number: Mapped[str | None] = mapped_column(String(100))
    detail: Mapped[str | None] = mapped_column(String(500))
    """The platform's objection, or a person's note."""
    who: Mapped[str | None] = mapped_column(String(100))
    """The person; null where it was the system."""
