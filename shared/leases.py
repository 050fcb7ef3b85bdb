"""A lease row: one holder at a time, with a fencing token that rises at every change of hands.

The same statement on both databases. Time is the database's own on PostgreSQL, so hosts need not agree.
"""

import time
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
        return func.clock_timestamp() if self._db.dialect == "postgresql" else datetime.now(UTC)

    def _statement(self) -> Any:
        leases, now = self._table.c, self._now()
        insert = upsert(self._db.dialect)(self._table).values(
            name=self.name, holder=self.holder, token=1, until=now + timedelta(seconds=self.ttl)
        )
        lapsed = leases.until < now
        return insert.on_conflict_do_update(
            index_elements=[leases.name],
            set_={
                "holder": insert.excluded.holder,
                "until": insert.excluded.until,
                "token": case((lapsed, leases.token + 1), else_=leases.token),
            },
            where=or_(lapsed, leases.holder == self.holder),
        ).returning(leases.token)
