"""期限 and the days they are counted by: duties of cases, and calendar years imported and confirmed."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.rules.terms import Pause
from services.blacklist.store import Base
from shared.calendar import CalendarYear
from shared.clock import local_date
from shared.db import JsonDoc, UtcDateTime

_OPEN = text("done_at IS NULL AND cancelled_at IS NULL")


class Duty(Base):
    """What a department must do by when, and by which rule. `due_on` is empty until its start is known.

    `case_id` is the case, request, item or report the duty belongs to. A duty with `due_at` runs by the wall
    clock (hours, or a day the law names): no working calendar moves it.
    """

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
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    soon_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    provisional: Mapped[bool]
    calendar_version: Mapped[str] = mapped_column(String(40))
    extended_wd: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    paused_on: Mapped[date | None]
    pauses: Mapped[list[dict[str, Any]]] = mapped_column(JsonDoc, default=list, server_default="[]")
    """Every pause: from, until (None while it lasts), reason; dates in ISO form."""
    extensions: Mapped[list[dict[str, Any]]] = mapped_column(JsonDoc, default=list, server_default="[]")
    """Every extension: on, working_days, reason."""
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_soon_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    overdue_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_duties_open", "due_on", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_duties_department", "department_id", "due_on"),
    )

    def state_at(self, now: datetime) -> str:
        """done cancelled not-started paused overdue due-soon or open: by the dates, whether or not the clock
        loop has come round to say so."""
        return self._state(late=self.late_at(now), soon=self.soon_by(now))

    def state_on(self, today: date) -> str:
        """The same of a duty counted in days."""
        late = self.due_on is not None and self.due_on < today
        return self._state(late=late, soon=self.soon_on is not None and self.soon_on <= today)

    def _state(self, *, late: bool, soon: bool) -> str:
        marks = (
            (self.done_at is not None, "done"),
            (self.cancelled_at is not None, "cancelled"),
            (self.due_on is None, "not-started"),
            (self.paused_on is not None, "paused"),
            (late, "overdue"),
            (soon, "due-soon"),
        )
        return next((state for holds, state in marks if holds), "open")

    @property
    def done_late(self) -> bool:
        """逾期办结: done, but after its day, or after its moment where the wall clock counts."""
        if self.done_at is None or self.due_on is None:
            return False
        return self.done_at > self.due_at if self.due_at else local_date(self.done_at) > self.due_on

    @property
    def is_open(self) -> bool:
        return self.done_at is None and self.cancelled_at is None

    def late_at(self, now: datetime) -> bool:
        """Whether its moment is past: to the second by the wall clock, to the day by the calendar."""
        if self.due_at is not None:
            return self.due_at < now
        return self.due_on is not None and self.due_on < local_date(now)

    def soon_by(self, now: datetime) -> bool:
        """Whether the department should have been reminded by now."""
        if self.soon_at is not None:
            return self.soon_at <= now
        return self.soon_on is not None and self.soon_on <= local_date(now)

    def ended_pauses(self) -> list[Pause]:
        return [
            Pause(date.fromisoformat(each["from"]), date.fromisoformat(each["until"]))
            for each in self.pauses
            if each["until"]
        ]


class CalendarYearEntry(Base):
    """工作日历 of one year as somebody read it from its notice; in force once a second person confirmed it.

    The newest `generation` of a year counts; earlier ones stay as history.
    """

    __tablename__ = "calendar_years"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    year: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    """proposed, confirmed or rejected."""
    generation: Mapped[int | None] = mapped_column(Integer, unique=True)
    rest: Mapped[list[str]] = mapped_column(JsonDoc)
    work: Mapped[list[str]] = mapped_column(JsonDoc)
    source: Mapped[str] = mapped_column(String(300))
    number: Mapped[str | None] = mapped_column(String(60))
    notice: Mapped[str | None] = mapped_column(Text)
    doubts: Mapped[list[str]] = mapped_column(JsonDoc)
    proposed_by: Mapped[str] = mapped_column(String(36))
    proposer_name: Mapped[str] = mapped_column(String(100))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_by: Mapped[str | None] = mapped_column(String(36))
    settler_name: Mapped[str | None] = mapped_column(String(100))
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint("state <> 'confirmed' OR settled_by <> proposed_by", name="confirmed_by_second"),
        CheckConstraint("state <> 'confirmed' OR generation IS NOT NULL", name="confirmed_counts"),
        Index("ix_calendar_years_year", "year", "generation"),
    )

    def as_year(self) -> CalendarYear:
        return CalendarYear(self.year, _days(self.rest), _days(self.work))


def _days(texts: list[str]) -> frozenset[date]:
    return frozenset(date.fromisoformat(each) for each in texts)
