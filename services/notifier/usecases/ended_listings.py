"""A listing from another system that nobody here adopted ends by its date, with no case to say so.

Who applies measures because of it, who watches it and who is sent what is public hear of it all the same.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notifier.domain import chinese_date
from services.notifier.models import Notice, PublicListing
from services.notifier.usecases.enforcing import Turn, tell_enforcers
from services.notifier.usecases.watch_news import PublicFact, hear_public
from shared.calendar import WorkingCalendar
from shared.clock import Clock, local_date
from shared.db import Database
from shared.loops import Periodic

EVERY = timedelta(minutes=10)
GRACE = timedelta(hours=1)
"""An adopted listing's case ends it right after midnight: its own word comes first."""
BATCH = 200
CAUSE = "case.expired"


def end_by_date(
    session: Session, clock: Clock, *, channels: Collection[str], calendar: WorkingCalendar
) -> int:
    """Take the next that are over; returns how many were looked at. Those with a case are left to it."""
    today = local_date(clock.now() - GRACE)
    over = select(PublicListing).where(PublicListing.until <= today, PublicListing.uscc.is_not(None))
    rows = session.scalars(over.order_by(PublicListing.until).limit(BATCH).with_for_update(skip_locked=True))
    found = {row.listing_id: row for row in rows}
    if not found:
        return 0
    told = select(Notice.listing_id).where(
        Notice.listing_id.in_(found), Notice.event_type.startswith("case.", autoescape=True)
    )
    for listing_id in set(session.scalars(told)):
        found.pop(str(listing_id)).until = None  # its case says when it ends
    turns = [_turn(row, clock.now()) for row in found.values() if row.stated]
    tell_enforcers(session, turns, clock, channels=channels, calendar=calendar)
    facts = [_ended(row, clock.now()) for row in found.values()]
    hear_public(session, facts, today=today, at=clock.system_now())
    return len(facts) + 1


def _turn(row: PublicListing, now: datetime) -> Turn:
    stated = dict(row.stated or {})
    return Turn(
        event_id=f"ended:{row.listing_id}:{row.sequence}",
        cause=CAUSE,
        case_id="",
        listing_id=row.listing_id,
        department_id="",
        region=stated["region"],
        domain=stated["domain"],
        at=now,
        facts={
            "subject_name": row.name or "",
            "list_name": stated["list_name"],
            "document_number": stated["document_number"],
            "reason": "",
            "occurred_on": chinese_date(row.until or now),
        },
    )


def _ended(row: PublicListing, now: datetime) -> PublicFact:
    return PublicFact(row.listing_id, row.sequence, now, by_date=True)


def ending_loop(db: Database, clock: Clock, channels: Collection[str], calendar: WorkingCalendar) -> Periodic:
    """Loop: looks for what is over, now and then."""

    def end(_now: datetime) -> bool:
        with db.write() as session:
            return end_by_date(session, clock, channels=channels, calendar=calendar) > 0

    return Periodic("listing-ender", clock, EVERY, end)
