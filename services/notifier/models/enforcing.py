"""Institutions that apply measures because of a listing, and who was told to stop or may go on."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from services.notifier.models.store import Base
from shared.db import UtcDateTime


class Enforcer(Base):
    """A department applies measures in a field and region; an empty field means every field."""

    __tablename__ = "enforcers"
    __table_args__ = (Index("uq_enforcers_scope", "department_id", "domain", "region", unique=True),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    department_id: Mapped[str] = mapped_column(String(36))
    domain: Mapped[str] = mapped_column(String(40))
    region: Mapped[str] = mapped_column(String(6))
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StopOrder(Base):
    """The notice by which an institution was told; the deciding department sees who has acknowledged it."""

    __tablename__ = "stop_orders"
    __table_args__ = (
        Index("ix_stop_orders_department", "department_id", "notice_id"),
        Index("ix_stop_orders_case", "case_id"),
    )

    notice_id: Mapped[str] = mapped_column(ForeignKey("notices.id"), primary_key=True)
    department_id: Mapped[str] = mapped_column(String(36))
    """Whose listing it is."""
    region: Mapped[str] = mapped_column(String(6))
    case_id: Mapped[str] = mapped_column(String(36))
    cause: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
