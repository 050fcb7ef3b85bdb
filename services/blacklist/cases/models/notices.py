"""What the notifier last said about its notices on a case or listing: own copy, from events."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.store import Base
from shared.db import UtcDateTime


class NoticeStatus(Base):
    """One notice to a department (通知送达情况), by channel."""

    __tablename__ = "case_notices"

    notice_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    channel: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject_id: Mapped[str] = mapped_column(String(36), index=True)
    """The case or listing the notice is about."""
    event_type: Mapped[str] = mapped_column(String(60))
    department_id: Mapped[str | None] = mapped_column(String(36))
    state: Mapped[str] = mapped_column(String(20))
    """delivered, failed or acknowledged."""
    sequence: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(Text)
