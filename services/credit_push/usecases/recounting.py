"""The working calendar as confirmed in the blacklist service: our copy of its years, the calendar they give,
and the due days of open deliveries that reach into a year just told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import record_from
from services.credit_push.models import CalendarYearCopy, Delivery, ListingVersion
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.planning import working_days
from shared.calendar import CalendarYear, WorkingCalendar, builtin_years
from shared.calendar.live import LiveCalendar
from shared.clock import local_date
from shared.db import Database

BATCH = 500


@dataclass(frozen=True)
class ConfirmedYear:
    """A year as it was told; days in ISO form."""

    year: int
    generation: int
    rest: list[str]
    work: list[str]


def newest_generation(session: Session) -> int:
    return session.scalar(select(func.max(CalendarYearCopy.generation))) or 0


def copied_years(session: Session) -> list[CalendarYear]:
    return [
        CalendarYear(row.year, _days(row.rest), _days(row.work))
        for row in session.scalars(select(CalendarYearCopy))
    ]


def _days(texts: Sequence[str]) -> frozenset[date]:
    return frozenset(date.fromisoformat(each) for each in texts)


def confirmed_calendar(db: Database) -> LiveCalendar:
    """Follows our copy of the confirmed years within a second, in every process."""
    return LiveCalendar(db, newest_generation, copied_years)


def take_years(session: Session, deps: Deps, years: Sequence[ConfirmedYear]) -> int:
    """Keep the newest reading of each year and count open deliveries anew; how many days moved."""
    fresh = [each.year for each in years if _keep(session, each)]
    if not fresh:
        return 0
    session.flush()
    calendar = WorkingCalendar(deps.calendar.version, (*builtin_years(), *copied_years(session)))
    return sum(_recount(session, deps, calendar, year) for year in sorted(set(fresh)))


def _keep(session: Session, told: ConfirmedYear) -> bool:
    """Only forward: an older reading that comes late changes nothing."""
    row = session.get(CalendarYearCopy, told.year)
    if row is not None and row.generation >= told.generation:
        return False
    if row is None:
        row = CalendarYearCopy(year=told.year)
        session.add(row)
    row.generation, row.rest, row.work = told.generation, told.rest, told.work
    return True


def _recount(session: Session, deps: Deps, calendar: WorkingCalendar, year: int) -> int:
    """Open deliveries due in the year, or just before it: nothing further back touches its days."""
    moved, after = 0, ""
    while True:
        found = session.execute(_open(year, after)).all()
        for delivery, payload in found:
            profile = deps.catalogue.get(delivery.platform)
            if profile is not None:
                moved += _move(delivery, payload, profile, calendar)
        if not found:
            return moved
        after = found[-1][0].id


def _open(year: int, after: str) -> Select[Delivery, dict[str, Any]]:
    same = (ListingVersion.listing_id == Delivery.listing_id) & (ListingVersion.sequence == Delivery.sequence)
    wanted = select(Delivery, ListingVersion.payload).join(ListingVersion, same)
    due = Delivery.due_on >= date(year - 1, 12, 1)
    open_one = Delivery.settled_at.is_(None) & due & (Delivery.id > after)
    return wanted.where(open_one).order_by(Delivery.id).limit(BATCH)


def _move(delivery: Delivery, payload: dict[str, Any], profile: Profile, calendar: WorkingCalendar) -> bool:
    began = local_date(record_from(payload).time)
    due = calendar.add_working_days(began, working_days(profile, delivery.operation)).day
    changed, delivery.due_on = due != delivery.due_on, due
    return changed
