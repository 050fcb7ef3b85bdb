"""Counting common grams now and then, and deriving every name anew when the gram function has changed.

Counting reads a snapshot and writes a few thousand rows; searches go on meanwhile with the counts they have.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from services.blacklist.register.domain.names import GRAM_VERSION, record_at
from services.blacklist.register.index.building import name_unnamed
from services.blacklist.register.index.counts import COMMON, MARK
from services.blacklist.register.index.port import RegisterIndex
from services.blacklist.register.models import NAMES, GramCount
from services.blacklist.store import leases
from shared.db import Database
from shared.leases import Lease

BLOCK = 500
EVERY_SECONDS = 5.0
GROWTH = 1.2
"""Counted anew when the last name's id has grown by so much since."""
FIRST = 1000
"""No gram of so few names is worth counting."""
Progress = Callable[[int], None]


class GramCounter:
    """Loop: keeps the index in few parts, and counts common grams when the register has grown by a fifth."""

    name = "gram-counter"

    def __init__(self, db: Database, index: RegisterIndex, holder: str) -> None:
        self._db, self._index = db, index
        self._lease = Lease(db, leases, self.name, holder)
        self._looked = float("-inf")
        self._tidying = False

    def step(self) -> bool:
        if not self._tidying and time.monotonic() - self._looked < EVERY_SECONDS:
            return False
        self._looked = time.monotonic()
        if not self._lease.acquire():
            return False
        self._tidying = tidied(self._db, self._index, going=self._tidying)
        if self._tidying or not self._due():
            return self._tidying
        count_grams(self._db, self._index)
        return True

    def _due(self) -> bool:
        with self._db.read() as session:
            last = _last_id(session)
            counted = session.scalar(select(GramCount.names).where(GramCount.gram == MARK)) or 0
        return last >= FIRST and last > counted * GROWTH

    def close(self) -> None:
        self._lease.release()


def tidied(db: Database, index: RegisterIndex, *, going: bool) -> bool:
    """One short step in a transaction of its own; true while there is more."""
    with db.write() as session:
        return index.tidy(session.connection(), going=going)


def _last_id(session: Session) -> int:
    return session.scalar(select(func.max(NAMES.c.id))) or 0


def count_grams(db: Database, index: RegisterIndex) -> int:
    """Counts every common gram; how many there are."""
    with db.read() as session:
        last = _last_id(session)
        found = index.common_grams(session.connection(), COMMON)
    rows = [{"gram": gram, "names": names} for gram, names in [(MARK, last), *found]]
    with db.write() as session:
        session.execute(delete(GramCount))
        session.execute(insert(GramCount), rows)
    return len(found)


@dataclass
class Reindexed:
    """What looking through every name showed."""

    names: int = 0
    outdated: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not self.outdated and not self.faults


def verify_index(db: Database, index: RegisterIndex, progress: Progress | None = None) -> Reindexed:
    """Derives every name anew and compares; asks the database whether index and table agree."""
    report = _walked(db, repair=False, progress=progress)
    with db.write() as session:  # SQLite's check is written as an insert
        report.faults = index.faults(session.connection())
    return report


def reindex(db: Database, index: RegisterIndex, progress: Progress | None = None) -> Reindexed:
    """Names what has none, derives the others anew, rebuilds the index, counts; searches go on meanwhile."""
    unnamed = name_unnamed(db, index, progress)
    report = _walked(db, repair=True, progress=progress)
    report.outdated += unnamed
    with db.write() as session:
        index.rebuild(session.connection())
    count_grams(db, index)
    return report


def _walked(db: Database, *, repair: bool, progress: Progress | None) -> Reindexed:
    report, last = Reindexed(), 0
    while rows := _block(db, last):
        last = rows[-1]["id"]
        wrong = [row for row in map(_derived, rows) if row]
        if wrong and repair:
            with db.write() as session:
                session.execute(_UPDATE, wrong)
        report.names += len(rows)
        report.outdated += len(wrong)
        if progress:
            progress(len(rows))
    return report


def _block(db: Database, after: int) -> Sequence[Any]:
    with db.read() as session:
        found = select(NAMES).where(NAMES.c.id > after).order_by(NAMES.c.id).limit(BLOCK)
        return session.execute(found).mappings().all()


_DERIVED = [column.name for column in NAMES.columns if column.name not in {"id", "listing_id", "ordinal"}]
_UPDATE = (
    update(NAMES)
    .where(NAMES.c.id == bindparam("name_id"))
    .values({name: bindparam(f"new_{name}") for name in _DERIVED})
)


def _derived(row: Any) -> dict[str, Any] | None:
    """The row's new values if they differ from what stands there."""
    now = record_at(row["ordinal"], row["name"])._asdict()
    if row["gram_version"] == GRAM_VERSION and all(row[name] == now[name] for name in _DERIVED):
        return None
    return {"name_id": row["id"]} | {f"new_{name}": value for name, value in now.items()}
