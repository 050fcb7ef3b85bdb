"""监督举报 from the public: who reports is in `reporter_sealed` only; the code as a blind index only."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.store import Base
from shared.db import UtcDateTime

REPORTER_AAD = "openness_reports.reporter"
TEXT_AAD = "openness_reports.text"


class Report(Base):
    """One report to one department; may be anonymous. Its text is sealed too: it may name people."""

    __tablename__ = "openness_reports"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    lookup_blind: Mapped[str] = mapped_column(String(120), unique=True)
    sequence: Mapped[int] = mapped_column(Integer, default=0)
    state: Mapped[str] = mapped_column(String(12))
    department_id: Mapped[str] = mapped_column(String(36))
    department_name: Mapped[str] = mapped_column(String(200))
    region: Mapped[str] = mapped_column(String(6))
    topic: Mapped[str] = mapped_column(String(20))
    about: Mapped[str | None] = mapped_column(String(300))
    """索引号, listing or address the report is about."""
    text_sealed: Mapped[str] = mapped_column(Text)
    reporter_sealed: Mapped[str | None] = mapped_column(Text)
    received_on: Mapped[date]
    draft: Mapped[str | None] = mapped_column(Text)
    drafted_by: Mapped[str | None] = mapped_column(String(36))
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[str | None] = mapped_column(String(36))
    answered_on: Mapped[date | None]
    address_blind: Mapped[str] = mapped_column(String(120))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """System time, for counting what one address sends."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("answered_by <> drafted_by", name="answered_by_second"),
        CheckConstraint(
            "state <> 'answered' OR (answered_by IS NOT NULL AND answer IS NOT NULL)", name="answered"
        ),
        Index("ix_openness_reports_department", "department_id", "id"),
        Index("ix_openness_reports_region", "region", "id"),
        Index("ix_openness_reports_address", "address_blind", "sent_at"),
    )
