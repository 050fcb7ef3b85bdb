"""政务舆情 records: reported when, answered by which item, press met when, ended by whom and why; and the
rounds of watching (监测) they are found in.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.store import Base
from shared.db import UtcDateTime


class Opinion(Base):
    """One matter of public opinion; its clocks are duties of its id."""

    __tablename__ = "openness_opinions"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    sequence: Mapped[int] = mapped_column(Integer, default=0)
    state: Mapped[str] = mapped_column(String(12))
    department_id: Mapped[str] = mapped_column(String(36))
    department_name: Mapped[str] = mapped_column(String(200))
    region: Mapped[str] = mapped_column(String(6))
    level: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(300))
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    response_item_id: Mapped[str | None] = mapped_column(String(36))
    information_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    press_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    press_note: Mapped[str | None] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(String(36))
    recorder_name: Mapped[str] = mapped_column(String(100))
    closed_by: Mapped[str | None] = mapped_column(String(36))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    close_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("closed_by <> recorded_by", name="closer_not_recorder"),
        CheckConstraint("state <> 'closed' OR closed_by IS NOT NULL", name="closed_by_someone"),
        Index("ix_openness_opinions_department", "department_id", "id"),
        Index("ix_openness_opinions_region", "region", "id"),
    )


class WatchRound(Base):
    """One round of watching: who looked where, and how many matters were found, none included."""

    __tablename__ = "openness_watch_rounds"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    department_id: Mapped[str] = mapped_column(String(36))
    department_name: Mapped[str] = mapped_column(String(200))
    region: Mapped[str] = mapped_column(String(6))
    sources: Mapped[str] = mapped_column(Text)
    found: Mapped[int] = mapped_column(Integer)
    note: Mapped[str | None] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(String(36))
    recorder_name: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_openness_watch_rounds_department", "department_id", "id"),
        Index("ix_openness_watch_rounds_region", "region", "id"),
    )
