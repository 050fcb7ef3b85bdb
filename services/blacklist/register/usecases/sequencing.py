"""The sequencer of the change feed: gives positions to committed changes, so that no reader loses a late one.

A position exists only once its change is committed, and positions are given in one transaction at a
time: whoever has read up to position n will never see a new entry at or below n.
"""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.blacklist.register.models import Change
from services.blacklist.register.queries import newest_position
from services.blacklist.store import leases
from shared.db import Database, Wakeup
from shared.leases import Lease

BATCH = 500
CHANNEL = "outbox"  # every change queues a public event, which wakes us too


class ChangeSequencer:
    """Loop: one step gives positions to up to BATCH changes."""

    name = "change-sequencer"

    def __init__(self, db: Database, holder: str) -> None:
        self._db = db
        self._lease = Lease(db, leases, self.name, holder)
        self._wakeup = Wakeup(db, CHANNEL)

    def step(self) -> bool:
        if not self._waiting() or not self._lease.acquire():
            return False
        with self._db.write() as session:
            return assign_positions(session, BATCH) > 0

    def _waiting(self) -> bool:
        with self._db.read() as session:
            return session.scalar(select(Change.id).where(Change.position.is_(None)).limit(1)) is not None

    def wait(self, timeout: float) -> bool:
        return self._wakeup.wait(timeout)

    def close(self) -> None:
        self._wakeup.close()
        self._lease.release()


def assign_positions(session: Session, limit: int) -> int:
    """Positions for the oldest changes that have none; how many got one."""
    waiting = select(Change.id).where(Change.position.is_(None)).order_by(Change.id).limit(limit)
    ids = session.scalars(waiting).all()
    last = newest_position(session)
    rows = [{"id": each, "position": last + number} for number, each in enumerate(ids, start=1)]
    if rows:
        session.execute(update(Change), rows)
    return len(rows)
