"""Replays (重发) of what a webhook should have got, and which dispatches belong to each."""

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from services.notifier.models.store import Base
from shared.db import UtcDateTime


class WebhookReplay(Base):
    """One request: what of which window. `resent` had been sent before, `made_up` never had a dispatch."""

    __tablename__ = "webhook_replays"
    __table_args__ = (Index("ix_webhook_replays_endpoint", "endpoint_id", "id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(String(36))
    department_id: Mapped[str] = mapped_column(String(36))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    failed_only: Mapped[bool] = mapped_column(Boolean)
    resent: Mapped[int] = mapped_column(Integer)
    made_up: Mapped[int] = mapped_column(Integer)
    left_over: Mapped[int] = mapped_column(Integer)
    requested_by: Mapped[str] = mapped_column(String(100))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ReplayItem(Base):
    """A dispatch that a replay put back into the queue, or made, and what came of it there.

    `accepted_at` is when it had been delivered before: a repeat that fails takes nothing of that back.
    """

    __tablename__ = "webhook_replay_items"
    __table_args__ = (Index("ix_webhook_replay_items_dispatch", "dispatch_id"),)

    replay_id: Mapped[str] = mapped_column(ForeignKey("webhook_replays.id"), primary_key=True)
    dispatch_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    result: Mapped[str | None] = mapped_column(String(20))
