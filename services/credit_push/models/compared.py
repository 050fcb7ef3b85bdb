"""Reconciliation: what a platform says it holds, compared with what we believe it holds."""

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from services.credit_push.models.base import Base
from shared.db import UtcDateTime


class ReconciliationRun(Base):
    """One comparison of what we believe a platform holds with what it says it holds."""

    __tablename__ = "push_reconciliations"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    platform: Mapped[str] = mapped_column(String(40), index=True)
    state: Mapped[str] = mapped_column(String(16))
    """waiting, running, done or failed."""
    repair: Mapped[bool] = mapped_column(Boolean, default=True)
    requested_by: Mapped[str] = mapped_column(String(100))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ours: Mapped[int | None] = mapped_column(Integer)
    theirs: Mapped[int | None] = mapped_column(Integer)
    rows_exchanged: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str | None] = mapped_column(String(1000))


class Difference(Base):
    """One record on which the two sides disagree, and what was done about it."""

    __tablename__ = "push_differences"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("push_reconciliations.id"), index=True)
    listing_id: Mapped[str | None] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(16))
    """missing, extra, stale or altered."""
    detail: Mapped[str] = mapped_column(String(500))
    repair_id: Mapped[str | None] = mapped_column(String(36))
    """The delivery that repairs it."""
