"""The working calendar as confirmed in the blacklist service: our copy of its years, the calendar they give,
and the due days of open deliveries that reach into a year just told.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, cast

from sqlalchemy import Select, Table, select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import record_from
from services.credit_push.models import CalendarYearCopy, Delivery, ListingVersion
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.planning import working_days
from shared.calendar import WorkingCalendar, builtin_years
from shared.calendar.copies import ConfirmedYear, copied_calendar, copied_years, keep_years
from shared.calendar.live import LiveCalendar
from shared.clock import local_date
from shared.db import Database

BATCH = 500


YEARS = cast("Table", CalendarYearCopy.__table__)


def confirmed_calendar(db: Database) -> LiveCalendar:
    """Follows our copy of the confirmed years within a second, in every process."""
    return copied_calendar(db, YEARS)


def take_years(session: Session, deps: Deps, years: Sequence[ConfirmedYear]) -> int:
    """Keep the newest reading of each year and count open deliveries anew; how many days moved."""
    fresh = keep_years(session, YEARS, years)
    if not fresh:
        return 0
    known = copied_years(session, YEARS)
    calendar = WorkingCalendar(deps.calendar.version, (*builtin_years(), *known))
    return sum(_recount(session, deps, calendar, year) for year in fresh)


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
