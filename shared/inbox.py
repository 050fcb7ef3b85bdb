"""Inbox and consumer loop: each event has its effect once, though the log may deliver it again.

One poll is one write transaction: claim the event ids not seen before (one set-based statement), let
`handle` write their effects, commit; only then the log's cursor moves. A consumer never calls outside.
"""

import contextlib
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Column, Index, MetaData, String, Table, delete, literal, select, true, tuple_
from sqlalchemy.orm import Session

from shared.contracts.envelope import Event, Record, Unreadable, from_record
from shared.contracts.topics import SUFFIX_UNREADABLE
from shared.crash import crash_point
from shared.db import Database, UtcDateTime, dialect_of, rows_changed, unnested, upsert
from shared.eventlog.base import EventLog, LogError, Reader
from shared.logs import get_log
from shared.metrics import counter, gauge

BATCH = 500
KEEP = timedelta(days=120)  # longer than any topic is retained, or a replay from the start applies twice
PURGE_SECONDS = 3600.0
LAG_SECONDS = 30.0
STOP_AFTER = 20  # unreadable records in a row, without one readable: the fault is not in the records
Handle = Callable[[Session, list[Event]], None]
Bad = Sequence[tuple[Record, Unreadable]]
log = get_log(__name__)


def together(*handles: Handle) -> Handle:
    """One handler after the other, for the same events in one transaction."""

    def handle(session: Session, events: list[Event]) -> None:
        for each in handles:
            each(session, events)

    return handle


def inbox_table(metadata: MetaData) -> Table:
    return Table(
        "inbox",
        metadata,
        Column("consumer", String(100), primary_key=True),
        Column("event_id", String(100), primary_key=True),
        Column("received_at", UtcDateTime, nullable=False),
        Index("ix_inbox_received_at", "received_at"),
    )


def claim(session: Session, inbox: Table, consumer: str, events: Sequence[Event]) -> list[Event]:
    """The events this consumer has not handled yet, in order, now marked as handled in this transaction."""
    ids = unnested(session, [event.id for event in events], String())
    source = select(literal(consumer), ids, literal(datetime.now(UTC), UtcDateTime)).where(true())
    new = upsert(dialect_of(session))(inbox).from_select(["consumer", "event_id", "received_at"], source)
    fresh = set(session.scalars(new.on_conflict_do_nothing().returning(inbox.c.event_id)).all())
    taken: list[Event] = []
    for event in events:
        if event.id in fresh:
            fresh.discard(event.id)
            taken.append(event)
    return taken


def purge(session: Session, inbox: Table, keep: timedelta, limit: int = 50_000) -> int:
    """Forgets at most `limit` ids older than `keep`; says how many."""
    ids = inbox.c.event_id, inbox.c.consumer
    old = select(*ids).where(inbox.c.received_at < datetime.now(UTC) - keep).limit(limit)
    return rows_changed(session, delete(inbox).where(tuple_(*ids).in_(old)))


def to_unreadable(event_log: EventLog) -> Callable[[Bad], None]:
    """What a consumer does with records it cannot parse: copies them to `<topic>.unreadable`."""

    def put_aside(bad: Bad) -> None:
        event_log.append(
            [
                Record(
                    record.topic + SUFFIX_UNREADABLE,
                    record.key,
                    record.value,
                    (
                        *record.headers,
                        ("x-reason", error.reason.encode()),
                        ("x-origin", f"{record.topic}/{record.partition}/{record.offset}".encode()),
                    ),
                )
                for record, error in bad
            ]
        )

    return put_aside


class InboxPurge:
    """Loop: once an hour forgets ids older than `keep`, which exceeds the retention of every topic read."""

    def __init__(self, db: Database, inbox: Table, keep: timedelta = KEEP) -> None:
        self.name = "inbox-purge"
        self._db, self._inbox, self._keep = db, inbox, keep
        self._due = 0.0

    def step(self) -> bool:
        if time.monotonic() < self._due:
            return False
        with self._db.write() as session:
            more = purge(session, self._inbox, self._keep, BATCH) == BATCH
        self._due = 0.0 if more else time.monotonic() + PURGE_SECONDS
        return more


class Consumer:
    """Loop: reads one group's records and hands fresh events to `handle(session, events)`, in order."""

    def __init__(
        self,
        db: Database,
        inbox: Table,
        reader: Reader,
        name: str,
        handle: Handle,
        unreadable: Callable[[Bad], None],
        batch: int = BATCH,
    ) -> None:
        self.name = name
        self._db, self._inbox, self._reader, self._handle = db, inbox, reader, handle
        self._put_aside, self._batch = unreadable, batch
        self._records: list[Record] = []
        self._bad_in_a_row = 0
        self._lag_due = time.monotonic() + LAG_SECONDS

    def step(self) -> bool:
        """One batch. After an error the same batch is tried again at the next step."""
        self._measure_lag()
        self._records = self._records or self._reader.poll(self._batch)
        if not self._records:
            return False
        events, bad = _parse(self._records)
        self._stop_if_all_bad(events, bad)
        if bad:
            self._put_aside(bad)
            unreadable_records.labels(self.name).inc(len(bad))
        fresh = self._apply(events) if events else 0
        self._records = []
        self._reader.commit()
        crash_point("consumer.after_cursor")
        handled_events.labels(self.name).inc(fresh)
        return True

    def _apply(self, events: list[Event]) -> int:
        with self._db.write() as session:
            fresh = claim(session, self._inbox, self.name, events)
            if fresh:
                self._handle(session, fresh)
            crash_point("consumer.before_commit")
        crash_point("consumer.after_commit")
        return len(fresh)

    def _stop_if_all_bad(self, events: list[Event], bad: Bad) -> None:
        self._bad_in_a_row = 0 if events else self._bad_in_a_row + len(bad)
        if self._bad_in_a_row >= STOP_AFTER:
            raise LogError(
                f"{self.name}: {self._bad_in_a_row} records in a row are unreadable; reading stops"
            )

    def _measure_lag(self) -> None:
        if time.monotonic() > self._lag_due:
            self._lag_due = time.monotonic() + LAG_SECONDS
            with contextlib.suppress(LogError):
                lag_events.labels(self.name).set(self._reader.lag())

    def wait(self, timeout: float) -> bool:
        return self._reader.wait(timeout)

    def close(self) -> None:
        self._reader.close()


def _parse(records: Sequence[Record]) -> tuple[list[Event], list[tuple[Record, Unreadable]]]:
    events: list[Event] = []
    bad: list[tuple[Record, Unreadable]] = []
    for record in records:
        try:
            events.append(from_record(record))
        except Unreadable as error:
            log.warning("unreadable record", topic=record.topic, offset=record.offset, reason=error.reason)
            bad.append((record, error))
    return events, bad


handled_events = counter("consumer_handled_events", "Events whose effect was committed", ["consumer"])
lag_events = gauge(
    "consumer_lag_events", "Events in the log the consumer has not committed yet", ["consumer"]
)
unreadable_records = counter("consumer_unreadable_records", "Records put aside as unreadable", ["consumer"])
