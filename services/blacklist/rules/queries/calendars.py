"""The calendar in force: the shipped years with the confirmed imported ones over them."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.blacklist.rules.models import CalendarYearEntry
from shared.calendar import CalendarYear, live
from shared.db import Database
from shared.errors import NotFound

CONFIRMED, PROPOSED, REJECTED = "confirmed", "proposed", "rejected"


def newest_generation(session: Session) -> int:
    """The number of the last confirmed import; 0 when there is none."""
    return session.scalar(select(func.max(CalendarYearEntry.generation))) or 0


def confirmed_years(session: Session) -> dict[int, CalendarYearEntry]:
    """The import that counts for each year: its newest."""
    wanted = select(CalendarYearEntry).where(CalendarYearEntry.state == CONFIRMED)
    rows = session.scalars(wanted.order_by(CalendarYearEntry.generation))
    return {row.year: row for row in rows}


def imported_years(session: Session) -> list[CalendarYear]:
    return [row.as_year() for row in confirmed_years(session).values()]


def list_proposals(
    session: Session, *, state: str | None, before: str | None, limit: int
) -> Sequence[CalendarYearEntry]:
    """Newest first."""
    wanted = select(CalendarYearEntry).order_by(CalendarYearEntry.id.desc()).limit(limit)
    if state:
        wanted = wanted.where(CalendarYearEntry.state == state)
    if before:
        wanted = wanted.where(CalendarYearEntry.id < before)
    return session.scalars(wanted).all()


def find_proposal(session: Session, proposal_id: str, *, lock: bool = False) -> CalendarYearEntry:
    wanted = select(CalendarYearEntry).where(CalendarYearEntry.id == proposal_id)
    found = session.scalars(wanted.with_for_update() if lock else wanted).first()
    if found is None:
        raise NotFound("calendar-proposal-not-found", "没有这份日历")
    return found


class LiveCalendar(live.LiveCalendar):
    """The calendar of this process, by the imports confirmed here."""

    def __init__(self, db: Database, stale_after: float = live.STALE_AFTER) -> None:
        super().__init__(db, newest_generation, imported_years, stale_after)
