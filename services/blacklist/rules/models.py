"""期限: a duty of one case, made in the transaction of the step that causes it."""

from datetime import date, datetime

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.store import Base
from shared.db import UtcDateTime

_OPEN = text("done_at IS NULL AND cancelled_at IS NULL")


class Duty(Base):
    """What a department must do by when, and by which rule. `due_on` is empty until its start is known."""

    __tablename__ = "duties"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    case_id: Mapped[str] = mapped_column(String(36), index=True)
    department_id: Mapped[str] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(40))
    rule: Mapped[str] = mapped_column(String(100))
    rule_version: Mapped[str] = mapped_column(String(60))
    length_wd: Mapped[int]
    soon_wd: Mapped[int]
    start_on: Mapped[date | None]
    due_on: Mapped[date | None]
    soon_on: Mapped[date | None]
    provisional: Mapped[bool]
    calendar_version: Mapped[str] = mapped_column(String(40))
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_soon_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    overdue_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_duties_open", "due_on", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_duties_department", "department_id", "due_on"),
    )

    @property
    def state(self) -> str:
        """done, cancelled, not-started, overdue, due-soon or open: as the clock loop last marked it."""
        marks = (
            (self.done_at is not None, "done"),
            (self.cancelled_at is not None, "cancelled"),
            (self.due_on is None, "not-started"),
            (self.overdue_at is not None, "overdue"),
            (self.due_soon_at is not None, "due-soon"),
        )
        return next((state for holds, state in marks if holds), "open")

    @property
    def is_open(self) -> bool:
        return self.done_at is None and self.cancelled_at is None
