"""Outbox and relay on both databases and both logs."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError

from shared.contracts.envelope import encode, from_record, new_event
from shared.db import Database, open_database
from shared.eventlog import EventLog, LogError, Record
from shared.loops import drain
from shared.outbox import CHANNEL, Relay, backlog, enqueue, parked, pending_events, unpark
from tests.faults.ledger import LEASES, METADATA, OUTBOX, TYPE, change, create
from tests.harness.wait import until

NewTopic = Callable[..., str]


@pytest.fixture
def db(any_db: Database) -> Database:
    create(any_db, 5)
    return any_db


def read_all(log: EventLog, topic: str, count: int) -> dict[str, list[int]]:
    reader = log.reader([topic], f"check-{topic}")
    found: list[Record] = []
    until(lambda: found.extend(reader.poll(500, 0.2)) or len(found) >= count, 20.0, f"{count} events")
    reader.close()
    order: dict[str, list[int]] = {}
    for record in found:
        order.setdefault(record.key, []).append(from_record(record).sequence)
    return order


def test_committed_events_reach_the_log_once_and_in_order(
    db: Database, any_log: EventLog, new_topic: NewTopic
) -> None:
    topic = new_topic()
    for _ in range(12):
        with db.write() as session:
            for at in range(5):
                change(session, f"a{at}", topic)
    relay = Relay(db, OUTBOX, LEASES, any_log, "h", batch=7)
    drain([relay])
    assert read_all(any_log, topic, 60) == {f"a{at}": list(range(1, 13)) for at in range(5)}
    with db.read() as session:
        assert backlog(session, OUTBOX) == 0
    relay.close()


class BrokenLog:
    """Refuses everything, as a broker that is away does; then, what was lost in between may be resent."""

    def __init__(self, inner: EventLog) -> None:
        self.inner, self.away, self.lose_answer = inner, True, False

    def append(self, records: list[Record]) -> None:
        if self.lose_answer:
            self.inner.append(records)
        if self.away:
            raise LogError("away")
        self.inner.append(records)

    def reader(self, topics: list[str], group: str) -> object:
        return self.inner.reader(topics, group)

    def close(self) -> None:
        self.inner.close()


@pytest.mark.parametrize("any_log_url", ["sql"], indirect=True)
@pytest.mark.parametrize("lose_answer", [False, True])
def test_while_the_log_is_away_nothing_is_deleted(
    db: Database, any_log: EventLog, new_topic: NewTopic, lose_answer: bool
) -> None:
    topic = new_topic()
    broken = BrokenLog(any_log)
    broken.lose_answer = lose_answer
    with db.write() as session:
        event = change(session, "a0", topic)
    relay = Relay(db, OUTBOX, LEASES, broken, "h")
    for _ in range(2):
        with pytest.raises(LogError):
            relay.step()
    with db.read() as session:
        assert backlog(session, OUTBOX) == 1
    broken.away = broken.lose_answer = False
    drain([relay])
    reader = any_log.reader([topic], "g")
    ids = [from_record(record).id for record in reader.poll(10, 5.0)]
    assert ids == [event.id] * (3 if lose_answer else 1)
    reader.close()


def test_a_rolled_back_change_has_no_event(db: Database) -> None:
    with contextlib.suppress(RuntimeError), db.write() as session:
        change(session, "a0", "t")
        raise RuntimeError
    with db.read() as session:
        assert backlog(session, OUTBOX) == 0


def test_a_second_event_of_the_same_sequence_is_refused(db: Database) -> None:
    with db.write() as session:
        event = change(session, "a0", "t")
    with pytest.raises(IntegrityError), db.write() as session:
        enqueue(session, OUTBOX, "t", [replace(event, id="01a3f0d0-0000-7000-8000-000000000001")])


def test_a_line_break_in_a_subject_is_refused(db: Database) -> None:
    with db.write() as session:
        event = change(session, "a0", "t")
        with pytest.raises(ValueError, match="line break"):
            enqueue(session, OUTBOX, "t", [replace(event, id="1", subject="a\nb")])


def test_a_topic_carries_only_its_types(db: Database) -> None:
    data = {"listing_id": "L", "version": 1, "recorded_at": datetime.now(UTC)}
    event = new_event(TYPE, source="t", subject="L", sequence=1, data=data, at=datetime.now(UTC))
    with pytest.raises(ValueError, match="does not carry"), db.write() as session:
        enqueue(session, OUTBOX, "blacklist.cases.v1", [event])


def test_poison_parks_its_subject_and_the_others_go_on(
    db: Database, any_log: EventLog, new_topic: NewTopic
) -> None:
    topic = new_topic()
    with db.write() as session:
        first = change(session, "a0", topic)
        change(session, "a1", topic)
    _spoil(db, first.id)
    relay = Relay(db, OUTBOX, LEASES, any_log, "h")
    drain([relay])
    with db.write() as session:
        change(session, "a0", topic)
        change(session, "a1", topic)
    drain([relay])
    assert read_all(any_log, topic, 2) == {"a1": [1, 2]}
    with db.read() as session:
        (row,) = parked(session, OUTBOX)
    assert (row["subject"], row["sequence"], row["waiting"]) == ("a0", 1, 1)
    assert row["last_error"]
    _spoil(db, first.id, encode(first.data))
    with db.write() as session:
        unpark(session, OUTBOX, [row["id"]])
    drain([relay])
    assert read_all(any_log, topic, 4) == {"a0": [1, 2], "a1": [1, 2]}
    relay.close()


def _spoil(db: Database, event_id: str, value: bytes = b"x" * 3_000_000) -> None:
    with db.write() as session:
        changed = session.execute(OUTBOX.update().where(OUTBOX.c.event_id == event_id).values(value=value))
        assert changed.rowcount == 1


def test_a_second_relay_waits_for_the_lease(db: Database, any_log: EventLog, new_topic: NewTopic) -> None:
    topic = new_topic()
    one = Relay(db, OUTBOX, LEASES, any_log, "one", lease_seconds=600.0)
    other = Relay(db, OUTBOX, LEASES, any_log, "other", lease_seconds=600.0)
    one.step()
    with db.write() as session:
        change(session, "a0", topic)
    pending_events.labels(CHANNEL).set(7)
    assert not other.step()
    assert REGISTRY.get_sample_value("outbox_pending_events", {"outbox": CHANNEL}) == 0  # it says nothing
    with db.write() as session:
        session.execute(LEASES.update().values(until=datetime.fromtimestamp(0, UTC)))
    assert other.step()
    assert read_all(any_log, topic, 1) == {"a0": [1]}


def test_a_relay_that_lost_its_lease_sees_no_rows(db: Database, any_log: EventLog) -> None:
    """It was paused past its lease and still believes it holds it: the fence in its query says no."""
    paused = Relay(db, OUTBOX, LEASES, any_log, "paused", lease_seconds=600.0)
    paused.step()
    with db.write() as session:
        session.execute(LEASES.update().values(token=LEASES.c.token + 1, holder="successor"))
        change(session, "a0", "t")
    assert paused._lease.held
    assert not paused.step()
    with db.read() as session:
        assert backlog(session, OUTBOX) == 1


def test_commit_wakes_the_relay(db: Database, any_log: EventLog, new_topic: NewTopic) -> None:
    import threading

    topic = new_topic()
    relay = Relay(db, OUTBOX, LEASES, any_log, "h")
    relay.wait(0.1)
    while relay.wait(0.05):
        pass
    woken: list[bool] = []
    waiter = threading.Thread(target=lambda: woken.append(relay.wait(300.0)))
    waiter.start()
    with db.write() as session:
        change(session, "a0", topic)
    until(lambda: woken, 10.0, "the relay to be woken long before its own time")
    waiter.join()
    assert woken == [True]
    relay.close()


@pytest.fixture
def full(tmp_path: object, postgres_url: str) -> Iterator[Database]:
    db = open_database(postgres_url)
    METADATA.create_all(db.engine)
    yield db
    db.close()


def test_postgres_reads_the_backlog_by_its_key(full: Database) -> None:
    """The relay's query walks the primary key: a large backlog costs no sort."""
    now = datetime.now(UTC)
    row = {"topic": "t", "headers": "a\nb", "value": b"{}", "created_at": now, "sequence": 1}
    rows = [row | {"event_id": str(n), "subject": str(n)} for n in range(2000)]
    with full.write() as session:
        session.execute(insert(OUTBOX), rows)
        session.execute(text("ANALYZE outbox"))
        plan = "\n".join(
            line for (line,) in session.execute(text("EXPLAIN SELECT id FROM outbox ORDER BY id LIMIT 500"))
        )
    assert "Sort" not in plan
