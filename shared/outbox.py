"""Transactional outbox: events are rows of the transaction that caused them, until the log has them.

A row's presence means pending; the relay deletes it after the log acknowledged it. Nothing remembers a
"last id". One relay is active per database, by a lease with fencing token. An event the log can never
take is parked with all later events of its subject; the others go on.
"""

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    func,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.orm import Session

from shared.contracts.envelope import Event, Record, encode
from shared.contracts.topics import topic_named
from shared.crash import crash_point
from shared.db import Columns, Database, UtcDateTime, Wakeup, unnested, wake
from shared.eventlog.base import EventLog, RefusedRecords
from shared.leases import TTL, Lease
from shared.logs import get_log
from shared.metrics import counter, gauge

CHANNEL = "outbox"
LEASE = "relay"
COUNT_SECONDS = 5.0
QUEUED = ("event_id", "topic", "subject", "sequence", "headers", "value", "created_at")
BATCH = {"sqlite": 500, "postgresql": 2000}
log = get_log(__name__)


def outbox_table(metadata: MetaData) -> Table:
    return Table(
        "outbox",
        metadata,
        Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        Column("event_id", String(36), nullable=False, unique=True),
        Column("topic", String(100), nullable=False),
        Column("subject", String(100), nullable=False),
        Column("sequence", BigInteger, nullable=False),
        Column("headers", Text, nullable=False),
        Column("value", LargeBinary, nullable=False),
        Column("created_at", UtcDateTime, nullable=False),
        Column("parked_at", UtcDateTime),
        Column("last_error", Text),
        UniqueConstraint("subject", "topic", "sequence"),
        Index(
            "ix_outbox_parked",
            "topic",
            "subject",
            postgresql_where=text("parked_at IS NOT NULL"),
            sqlite_where=text("parked_at IS NOT NULL"),
        ),
        sqlite_autoincrement=True,
    )


def enqueue(session: Session, outbox: Table, topic: str, events: Sequence[Event]) -> None:
    """Adds events to the caller's transaction, which has already bumped or locked each subject's row.

    That lock makes id order the commit order per subject. A second event with the same subject, topic
    and sequence is refused by the database.
    """
    if events:
        add_queued(session, outbox, queued(topic, events))


def queued(topic: str, events: Sequence[Event]) -> list[tuple[Any, ...]]:
    """Events as rows of an outbox, for `add_queued`."""
    if not events:
        return []
    known = topic_named(topic)
    if known is not None and (strangers := {e.type for e in events} - set(known.types)):
        raise ValueError(f"{topic} does not carry {sorted(strangers)}")
    now = datetime.now(UTC)
    return [_row(topic, event, now) for event in events]


def add_queued(session: Session, outbox: Table, rows: Iterable[tuple[Any, ...]]) -> None:
    """Adds rows made by `queued` to the caller's transaction, under the same lock."""
    Columns(outbox, QUEUED).add(session, rows)
    wake(session, CHANNEL)


def _row(topic: str, event: Event, now: datetime) -> tuple[Any, ...]:
    """The values of the columns QUEUED."""
    headers, value = _pack(event.attributes()), encode(event.data)
    return event.id, topic, event.subject, event.sequence, headers, value, now


def _pack(attributes: Sequence[tuple[str, str]]) -> str:
    """Names and values by turns, a line each: unpacked many thousand times a second."""
    text = "\n".join(map("\n".join, attributes))
    if text.count("\n") != 2 * len(attributes) - 1:
        raise ValueError("a line break in an event's id, type, source or subject")
    return text


def record_of(row: Any) -> Record:
    """What the log will get for an outbox row."""
    lines = row.headers.split("\n")
    headers = tuple(zip(lines[::2], map(str.encode, lines[1::2]), strict=True))
    return Record(row.topic, row.subject, bytes(row.value), headers)


class Relay:
    """Loop: moves the outbox into the log, in order of id, batch by batch.

    One thread on purpose: deleting and reading ahead beside the publishing was tried and is no faster,
    since the limit is Python's, not the database's.
    """

    def __init__(
        self,
        db: Database,
        outbox: Table,
        leases: Table,
        log: EventLog,
        holder: str,
        batch: int | None = None,
        lease_seconds: float = TTL,
    ) -> None:
        self.name = "relay"
        self._db, self._outbox, self._log = db, outbox, log
        self._batch = batch or BATCH[db.dialect]
        self._lease = Lease(db, leases, LEASE, holder, lease_seconds)
        self._wakeup = Wakeup(db, CHANNEL)
        self._count_due = 0.0

    def step(self) -> bool:
        """One batch. True if there may be more to do now."""
        if self._lease.token is not None and self._is_empty():
            return False  # without renewing the lease: a quiet service writes nothing
        if not self._lease.acquire():
            _show_nothing()  # the active relay says how much waits
            return False
        rows = self._pending()
        if not rows:
            return False
        done = self._publish(rows)
        with self._db.write() as session:
            _delete(session, self._outbox, done)
        crash_point("relay.after_delete")
        relayed.labels(CHANNEL).inc(len(done))
        return True

    def _is_empty(self) -> bool:
        with self._db.read() as session:
            if session.scalar(select(self._outbox.c.id).limit(1)) is not None:
                return False
        _show_nothing()
        return True

    def _pending(self) -> Sequence[Any]:
        """The next rows by id, without those that wait behind a parked one."""
        box = self._outbox.c
        columns = (box.id, box.topic, box.subject, box.headers, box.value)
        query = select(*columns).where(self._lease.fence()).order_by(box.id).limit(self._batch)
        with self._db.read() as session:
            parked = self._parked(session)
            self._count(session, len(parked))
            if parked:
                query = query.where(tuple_(box.topic, box.subject).not_in([tuple(p) for p in parked]))
            return session.execute(query).all()

    def _parked(self, session: Session) -> Sequence[Any]:
        """Topics and subjects that wait. Asked for in index order: without statistics PostgreSQL would
        otherwise read the whole backlog, 20 ms a batch, to find none."""
        box = self._outbox.c
        query = (
            select(box.topic, box.subject).where(box.parked_at.is_not(None)).order_by(box.topic, box.subject)
        )
        return session.execute(query.distinct()).all() if session.execute(query.limit(1)).first() else ()

    def _count(self, session: Session, parked: int) -> None:
        parked_subjects.labels(CHANNEL).set(parked)
        if time.monotonic() > self._count_due:
            self._count_due = time.monotonic() + COUNT_SECONDS
            pending_events.labels(CHANNEL).set(backlog(session, self._outbox))

    def _publish(self, rows: Sequence[Any]) -> list[int]:
        """Ids that are durable in the log. Raises LogError if the log is away: nothing is deleted then."""
        records = [record_of(row) for row in rows]
        crash_point("relay.before_publish")
        try:
            self._log.append(records)
        except RefusedRecords as refused:
            self._park({rows[at].id: reason for at, reason in refused.reasons.items()})
            left = refused.reasons.keys() | refused.withheld
            return [row.id for at, row in enumerate(rows) if at not in left]
        crash_point("relay.after_publish")
        return [row.id for row in rows]

    def _park(self, reasons: dict[int, str]) -> None:
        box = self._outbox
        with self._db.write() as session:
            for row_id, reason in reasons.items():
                values = {"parked_at": datetime.now(UTC), "last_error": reason[:500]}
                session.execute(update(box).where(box.c.id == row_id).values(values))
                log.error("outbox event parked with its subject", outbox_id=row_id, reason=reason)

    def wait(self, timeout: float) -> bool:
        return self._wakeup.wait(timeout)

    def close(self) -> None:
        """Releases the lease, so that a successor starts at once."""
        self._wakeup.close()
        self._lease.release()


def _delete(session: Session, outbox: Table, ids: Sequence[int]) -> None:
    if ids:
        chosen = outbox.c.id.in_(select(unnested(session, ids, BigInteger())))
        session.execute(delete(outbox).where(chosen))


def parked(session: Session, outbox: Table) -> list[dict[str, Any]]:
    """The parked events, for operators: what, since when, why, and how many wait behind each."""
    box, behind = outbox.c, outbox.alias().c
    waiting = (
        select(func.count())
        .where(behind.topic == box.topic, behind.subject == box.subject, behind.id > box.id)
        .scalar_subquery()
    )
    columns = (box.id, box.event_id, box.topic, box.subject, box.sequence, box.parked_at, box.last_error)
    query = select(*columns, waiting.label("waiting")).where(box.parked_at.is_not(None)).order_by(box.id)
    return [dict(row._mapping) for row in session.execute(query)]


def unpark(session: Session, outbox: Table, ids: Iterable[int]) -> None:
    """Lets the relay try again, after an operator has removed the cause."""
    session.execute(update(outbox).where(outbox.c.id.in_(list(ids))).values(parked_at=None, last_error=None))
    wake(session, CHANNEL)


def backlog(session: Session, outbox: Table) -> int:
    """How many events wait to be relayed."""
    return session.execute(select(func.count()).select_from(outbox)).scalar_one()


relayed = counter("outbox_relayed_events", "Events moved from the outbox into the log", ["outbox"])
pending_events = gauge("outbox_pending_events", "Events waiting in the outbox", ["outbox"])
parked_subjects = gauge(
    "outbox_parked_subjects", "Subjects whose events wait behind a refused one", ["outbox"]
)


def _show_nothing() -> None:
    parked_subjects.labels(CHANNEL).set(0)
    pending_events.labels(CHANNEL).set(0)
