"""Listings from history that no case answers for end by their date, as a case's own do by its expiry.

Readers see nothing of them from that day on anyway; the step makes the public topic, the transparency log and
the platforms follow. Platforms are told to withdraw: another system may have pushed the listing, or one of
their records was taken for it (认领); where a platform holds none, that counts as withdrawn.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from services.blacklist.register.models import UNENDED, Listing
from services.blacklist.register.usecases.endings import expire_listings
from services.blacklist.store import Deps, leases
from shared.clock import local_date
from shared.crypto import KeyRing
from shared.db import dialect_of
from shared.leases import Lease
from shared.loops import Periodic

EVERY = timedelta(minutes=1)
BATCH = 500


def end_by_date(session: Session, keyring: KeyRing, *, at: datetime, limit: int = BATCH) -> int:
    """End the next that are over; how many. What another worker has under its lock is left to it."""
    found = _next_over(session, local_date(at), limit)
    if found:
        expire_listings(session, keyring, found, at=at)
    return len(found)


def _next_over(session: Session, today: date, limit: int) -> Sequence[Listing]:
    over = select(Listing).where(_is_over(session, today)).order_by(Listing.public_until).limit(limit)
    free = over.with_for_update(skip_locked=True)
    return session.scalars(free.execution_options(populate_existing=True)).all()


def _is_over(session: Session, today: date) -> ColumnElement[bool]:
    return and_(UNENDED[dialect_of(session)], Listing.public_until <= today)


def ending_loop(deps: Deps, holder: str) -> Periodic:
    """Loop: once a minute, and at once while there is more; one process at a time."""
    lease = Lease(deps.db, leases, "listing-ender", holder)

    def end(_now: datetime) -> bool:
        with deps.db.read() as session:
            if not _any_over(session, deps.clock.today()):
                return False
        if not lease.acquire():
            return False
        with deps.db.write() as session:
            return end_by_date(session, deps.keyring, at=deps.clock.now()) == BATCH

    return Periodic("listing-ender", deps.clock, EVERY, end)


def _any_over(session: Session, today: date) -> bool:
    over = select(Listing.id).where(_is_over(session, today))
    return session.scalar(over.limit(1)) is not None
