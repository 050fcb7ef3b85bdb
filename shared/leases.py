"""A lease row: one holder at a time, with a fencing token that rises at every change of hands.

The same statement on both databases. Time is the database's own on PostgreSQL, so hosts need not agree.
"""

import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    MetaData,
    String,
    Table,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from shared.db import Database, UtcDateTime, upsert

TTL = 5.0


def leases_table(metadata: MetaData) -> Table:
    return Table(
        "leases",
        metadata,
        Column("name", String(100), primary_key=True),
        Column("holder", String(200), nullable=False),
        Column("token", BigInteger, nullable=False),
        Column("until", UtcDateTime, nullable=False),
    )


class Lease:
    """`acquire()` takes or renews; it asks the database only when a third of the time has gone."""

    def __init__(self, db: Database, table: Table, name: str, holder: str, ttl: float = TTL) -> None:
        self.name, self.holder, self.ttl = name, holder, ttl
        self.token: int | None = None
        self._db, self._table = db, table
        self._renew_at = self._ends_at = 0.0

    def acquire(self) -> bool:
        """True while this holder may act. A new holder gets a higher token."""
        started = time.monotonic()
        if self.token is not None and started < self._renew_at:
            return True
        with self._db.write() as session:
            self.token = session.execute(self._statement()).scalar()
        self._renew_at = started + self.ttl / 3
        self._ends_at = started + self.ttl
        return self.token is not None

    @property
    def held(self) -> bool:
        """Whether the lease is still ours by our own clock."""
        return self.token is not None and time.monotonic() < self._ends_at

    def fence(self) -> ColumnElement[bool]:
        """Holds only while our token is the current one; put it into the statement that acts."""
        leases = self._table.c
        return (
            select(leases.name)
            .where(leases.name == self.name, leases.token == (self.token or 0), leases.until > self._now())
            .exists()
        )

    def release(self) -> None:
        """Gives the lease up at once, so that a successor need not wait for it to lapse."""
        if self.token is None:
            return
        leases = self._table.c
        ours = (leases.name == self.name) & (leases.holder == self.holder) & (leases.token == self.token)
        with self._db.write() as session:
            session.execute(update(self._table).where(ours).values(until=datetime.fromtimestamp(0, UTC)))
        self.token = None

    def _now(self) -> Any:
        return now_of(self._db)

    def _statement(self) -> Any:
        return _taking(self._db, self._table, [self.name], self.holder, self.ttl).returning(
            self._table.c.token
        )


Upon = Callable[[Session, set[str]], None]


class Leases:
    """Several leases of one holder, taken and renewed by one statement in one transaction."""

    def __init__(self, db: Database, table: Table, holder: str, ttl: float = TTL) -> None:
        self.holder, self.ttl = holder, ttl
        self._db, self._table = db, table
        self._tokens: dict[str, int] = {}
        self._ends: dict[str, float] = {}

    def held(self, name: str) -> bool:
        """Whether it is still ours by our own clock."""
        return time.monotonic() < self._ends.get(name, 0.0)

    def stands(self, name: str) -> bool:
        """Whether it is ours with time to spare, for who is about to act on it; asked from any thread."""
        return time.monotonic() < self._ends.get(name, 0.0) - self.ttl / 10

    def sure(self, name: str) -> bool:
        """Whether less than a third of its time has gone: no need to ask."""
        return time.monotonic() < self._ends.get(name, 0.0) - self.ttl * 2 / 3

    def take(self, names: Collection[str], upon: Upon | None = None) -> set[str]:
        """Take or renew as many of these as may be had; which changed hands, or had lapsed.

        `upon` is called for those in the same transaction: what it writes is there once they are ours.
        """
        started, leases = time.monotonic(), self._table.c
        taking = _taking(self._db, self._table, sorted(names), self.holder, self.ttl)
        with self._db.write() as session:
            found = session.execute(taking.returning(leases.name, leases.token))
            told: dict[str, int] = {row.name: row.token for row in found}
            fresh = {name for name, token in told.items() if self._tokens.get(name) != token}
            if fresh and upon is not None:
                upon(session, fresh)
        kept = {name: end for name, end in self._ends.items() if name not in names}
        self._tokens = {name: token for name, token in self._tokens.items() if name in kept} | told
        self._ends = kept | dict.fromkeys(told, started + self.ttl)  # at once, as others look at it
        return fresh

    def release(self, names: Collection[str] | None = None) -> None:
        """Give these up at once (all of them if not told), so that a successor need not wait."""
        ours = [name for name in (self._tokens if names is None else names) if name in self._tokens]
        if not ours:
            return
        leases = self._table.c
        mine = leases.name.in_(ours) & (leases.holder == self.holder)
        # in order of name, as they are taken
        locked = select(leases.name).where(mine).order_by(leases.name).with_for_update()
        given = update(self._table).where(leases.name.in_(locked))
        with self._db.write() as session:
            session.execute(given.values(until=datetime.fromtimestamp(0, UTC)))
        for name in ours:
            del self._tokens[name]
            self._ends.pop(name, None)


def now_of(db: Database) -> Any:
    """What leases are measured by: the database's own time where several hosts may share it."""
    return func.clock_timestamp() if db.dialect == "postgresql" else datetime.now(UTC)


def _taking(db: Database, table: Table, names: Collection[str], holder: str, ttl: float) -> Any:
    """Rows of these names under our holder, where nobody else's lease stands."""
    leases, now = table.c, now_of(db)
    until = now + timedelta(seconds=ttl)
    rows = [{"name": name, "holder": holder, "token": 1, "until": until} for name in names]
    insert = upsert(db.dialect)(table).values(rows)
    lapsed = leases.until < now
    return insert.on_conflict_do_update(
        index_elements=[leases.name],
        set_={
            "holder": insert.excluded.holder,
            "until": insert.excluded.until,
            "token": case((lapsed, leases.token + 1), else_=leases.token),
        },
        where=or_(lapsed, leases.holder == holder),
    )
