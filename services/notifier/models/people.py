"""What officers decided about their own messages, and who stands in for whom."""

from datetime import date, datetime

from sqlalchemy import Date, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from services.notifier.models.store import Base
from shared.db import JsonDoc, UtcDateTime


class Profile(Base):
    """An officer's general wishes. `declined` names channels by severity: {"info": ["email"]}."""

    __tablename__ = "profiles"

    user_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    declined: Mapped[dict[str, list[str]]] = mapped_column(JsonDoc)
    digest_hour: Mapped[int | None] = mapped_column(Integer)
    language: Mapped[str] = mapped_column(String(5))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StandIn(Base):
    """Someone of the same department who gets copies of an absent officer's messages (代班)."""

    __tablename__ = "stand_ins"
    __table_args__ = (Index("ix_stand_ins_department", "department_id", "to_day"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    department_id: Mapped[str] = mapped_column(String(36))
    user_id: Mapped[str] = mapped_column(String(36))
    stand_in_id: Mapped[str] = mapped_column(String(36))
    from_day: Mapped[date] = mapped_column(Date)
    to_day: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(200))
    hands_over: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
