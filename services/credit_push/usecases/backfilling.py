"""Everything in force for a platform that is new, or now takes more: planned page by page, in the background.

What another system published is left out, for the platform may hold it already; a reconciliation tells.
"""

import threading
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import LIST, UNFINISHED, WITHDRAW, Record, record_from
from services.credit_push.models import DepartmentCopy, Listing, ListingVersion
from services.credit_push.publishes import lock_listings
from services.credit_push.routing import Facts, takes
from services.credit_push.usecases import rows
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.gating import STATES, hold, write
from services.credit_push.usecases.planning import CHANNEL, planned, working_days
from services.credit_push.usecases.rows import TABLE, Row
from shared.db import among, wake

PAGE = 500


@dataclass
class _Page:
    """One page of listings of ours, and those of them that the platform lacks."""

    last: str
    lacking: list[dict[str, Any]]


def fill(session: Session, deps: Deps, profile: Profile, after: str) -> tuple[str | None, int]:
    """Plan the next page of listings; where it ended (None: that was all), and how many were planned."""
    page = _page(session, profile.id, after)
    if page is None:
        return None, 0
    levels = _levels(session, {str(payload.get("department_id")) for payload in page.lacking})
    records = [(record_from(payload), payload) for payload in page.lacking]
    fresh = [
        _planned(deps, profile, record)
        for record, payload in records
        if takes(profile.takes, _facts(record, levels.get(str(payload.get("department_id")))))
    ]
    rows.add(session, fresh)
    if fresh:
        wake(session, CHANNEL)
    return page.last, len(fresh)


def _page(session: Session, platform: str, after: str) -> _Page | None:
    query = select(Listing.id).where(Listing.id > after).order_by(Listing.id).limit(PAGE)
    ids = list(session.scalars(query))
    if not ids:
        return None
    lock_listings(session, ids)  # no newer version is planned beside us
    planned_already = exists().where(
        TABLE.c.listing_id == Listing.id,
        TABLE.c.platform == platform,
        TABLE.c.sequence == Listing.sequence,
        # of a listing in force: it went because it was not taken here, and is lacking once that is done
        or_(TABLE.c.operation != WITHDRAW, TABLE.c.state.in_(UNFINISHED)),
    )
    latest = (ListingVersion.listing_id == Listing.id) & (ListingVersion.sequence == Listing.sequence)
    wanted = (
        select(ListingVersion.payload)
        .join(Listing, latest)
        .where(
            among(session, Listing.id, ids),
            Listing.operation != WITHDRAW,
            ~Listing.migrated,
            ~planned_already,
        )
        .order_by(Listing.id)
    )
    return _Page(ids[-1], list(session.scalars(wanted)))


def _levels(session: Session, departments: set[str]) -> dict[str, str]:
    found = session.execute(
        select(DepartmentCopy.id, DepartmentCopy.level).where(DepartmentCopy.id.in_(departments))
    )
    return {row.id: row.level for row in found}


def _facts(record: Record, level: str | None) -> Facts:
    return Facts(record.region, record.domain, record.list_class, record.subject.type, level)


def _planned(deps: Deps, profile: Profile, record: Record) -> Row:
    """Due as if it had happened today: the platform was not there before."""
    due = deps.calendar.add_working_days(deps.clock.today(), working_days(profile, LIST)).day
    return planned(record, profile, LIST, due, deps.clock.system_now(), deps.clock.now())


class Backfill:
    """Loop: the backfills asked for, a page a step."""

    def __init__(self, deps: Deps) -> None:
        self.name = "backfill"
        self._deps = deps
        self._closing = threading.Event()

    def step(self) -> bool:
        """True if a page was planned, or a backfill ended."""
        row = STATES.c
        asked = select(row.platform, row.backfill_after).where(row.backfill_after.is_not(None)).limit(1)
        with self._deps.db.read() as session:
            found = session.execute(asked).first()
        if found is None:
            return False
        with self._deps.db.write() as session:
            self._page(session, *found)
        return True

    def _page(self, session: Session, platform: str, after: str) -> None:
        """Listings are held before the platform's state, as by everybody: no two wait for each other."""
        profile = self._deps.catalogue.get(platform)
        last, count = fill(session, self._deps, profile, after) if profile else (None, 0)
        state = hold(session, platform)
        if state["backfill_after"] == after:  # else another worker has just done this page
            state.update(backfill_after=last, backfilled=state["backfilled"] + count)
            write(session, state)

    def wait(self, timeout: float) -> bool:
        """Nobody waits for a backfill by the second."""
        return self._closing.wait(timeout)

    def close(self) -> None:
        self._closing.set()
