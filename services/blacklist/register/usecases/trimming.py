"""Keeping the change feed at a length: steps older than the time of keeping go, the newest ones always stay.

Whoever comes with an older cursor is told so (410) and loads the snapshot. What a listing says, its versions
and the transparency log are not touched.
"""

from datetime import timedelta
from itertools import takewhile
from threading import Event

from sqlalchemy import delete, select

from services.blacklist.register.models import Change
from services.blacklist.register.queries import newest_position
from services.blacklist.store import Deps, leases
from shared.leases import Lease

AT_ONCE = 500
ALWAYS_KEPT = 1000
"""Feeds and files look at the newest steps however old they are."""
EVERY = timedelta(hours=1)


class FeedTrim:
    """Loop: looks once an hour, and goes on while there is something old."""

    name = "feed-trim"

    def __init__(self, deps: Deps, holder: str, always_kept: int = ALWAYS_KEPT) -> None:
        self._deps, self._always_kept = deps, always_kept
        self._lease = Lease(deps.db, leases, self.name, holder)
        self._next = deps.clock.system_now()
        self._closed = Event()

    def step(self) -> bool:
        now = self._deps.clock.system_now()
        if now < self._next:
            return False
        if _oldest(self._deps, self._always_kept):
            return self._lease.acquire() and trim_feed(self._deps, self._always_kept) > 0
        self._next = now + EVERY
        return False

    def wait(self, timeout: float) -> bool:
        return not self._closed.wait(max(timeout, 1.0))

    def close(self) -> None:
        self._closed.set()
        self._lease.release()


def trim_feed(deps: Deps, always_kept: int = ALWAYS_KEPT) -> int:
    """Drop up to AT_ONCE of the oldest steps past their time, from the beginning on; how many went."""
    old = _oldest(deps, always_kept)
    if old:
        with deps.db.write() as session:
            session.execute(delete(Change).where(Change.id.in_(old)))
    return len(old)


def _oldest(deps: Deps, always_kept: int) -> list[int]:
    """From the beginning up to the first step that is kept: the feed has no gaps."""
    before = deps.clock.now() - timedelta(days=deps.feed_keep_days)
    with deps.db.read() as session:
        last = newest_position(session) - always_kept
        wanted = select(Change.id, Change.recorded_at).where(Change.position <= last)
        rows = session.execute(wanted.order_by(Change.position).limit(AT_ONCE)).all()
    return [change_id for change_id, _ in takewhile(lambda row: row[1] < before, rows)]
