"""No event lost, none out of order: six writers at once, the relay killed three times, the broker once."""

import random
import threading
from pathlib import Path

import pytest

from shared.contracts.envelope import from_record
from shared.db import open_database
from shared.eventlog import open_log
from shared.outbox import backlog
from tests.conftest import make_topic, unavailable
from tests.faults import ledger
from tests.faults.processes import Processes, processes
from tests.harness.broker import LocalKafka, NotAvailable
from tests.harness.wait import until

WRITERS, EVENTS, ACCOUNTS, KILLS = 6, 600, 20, 3


def first_deliveries(events_url: str, topic: str, expected: int) -> dict[str, list[int]]:
    """Sequences per subject in the order of the log, each event at its first appearance."""
    log = open_log(events_url)
    reader = log.reader([topic], f"check-{topic}")
    seen: set[str] = set()
    order: dict[str, list[int]] = {}

    def all_seen() -> bool:
        for record in reader.poll(2000, 0.2):
            event = from_record(record)
            if event.id not in seen:
                seen.add(event.id)
                order.setdefault(event.subject, []).append(event.sequence)
        return len(seen) >= expected

    until(all_seen, 60.0, f"{expected} events in the log")
    reader.close()
    log.close()
    return order


def start_relay(running: Processes, db_url: str, events_url: str) -> None:
    running.start("relay", "relay", "--db", db_url, "--events", events_url, "--batch", "100")


def hold_to_the_promise(db_url: str, events_url: str, topic: str, broker: LocalKafka | None) -> None:
    db = open_database(db_url)
    ledger.create(db, ACCOUNTS)
    pause = threading.Event()
    with processes() as running:
        running.start("consumer", "consume", "--db", db_url, "--events", events_url, "--topic", topic)
        arguments = (
            "write",
            "--db",
            db_url,
            "--topic",
            topic,
            "--count",
            str(EVENTS),
            "--accounts",
            str(ACCOUNTS),
        )
        writers = [running.start(f"writer{n}", *arguments) for n in range(WRITERS)]
        start_relay(running, db_url, events_url)
        for kill in range(KILLS):
            _await_progress(db)
            pause.wait(random.uniform(0.0, 0.3))
            running.kill("relay")
            start_relay(running, db_url, events_url)
            if broker is not None and kill == 1:
                broker.kill()
                broker.start()
        assert [writer.wait(120) for writer in writers] == [0] * WRITERS
        written = ledger.versions(db)
        assert sum(written.values()) == WRITERS * EVENTS
        until(lambda: _settled(db, written), 90.0, "every event to have its effect")
    expected = {account: list(range(1, version + 1)) for account, version in written.items()}
    assert first_deliveries(events_url, topic, WRITERS * EVENTS) == expected
    assert ledger.effects(db) == expected
    db.close()


def _await_progress(db: ledger.Database) -> None:
    """Until something more has had its effect, or everything has."""
    before = sum(map(len, ledger.effects(db).values()))

    def progress() -> bool:
        now = sum(map(len, ledger.effects(db).values()))
        return now > before or now == WRITERS * EVENTS

    until(progress, 60.0, "some progress")


def _settled(db: ledger.Database, written: dict[str, int]) -> bool:
    with db.read() as session:
        waiting = backlog(session, ledger.OUTBOX)
    return waiting == 0 and sum(map(len, ledger.effects(db).values())) >= sum(written.values())


def test_postgres_and_kafka(postgres_url: str) -> None:
    try:
        broker = LocalKafka()
    except NotAvailable as error:
        unavailable(f"no broker that may be killed: {error}")
    broker.start()
    try:
        hold_to_the_promise(postgres_url, broker.url, make_topic(broker.url), broker)
    finally:
        broker.close()


def test_sqlite_and_sql_log(tmp_path: Path) -> None:
    events_url = f"sqlite:///{tmp_path}/events.db"
    hold_to_the_promise(f"sqlite:///{tmp_path}/ledger.db", events_url, make_topic(events_url), None)


@pytest.mark.parametrize("relays", [3])
def test_several_relays_started_by_mistake(tmp_path: Path, relays: int) -> None:
    """Only the holder of the lease publishes; the others wait."""
    db_url, events_url = f"sqlite:///{tmp_path}/ledger.db", f"sqlite:///{tmp_path}/events.db"
    db = open_database(db_url)
    ledger.create(db, 5)
    loops = [ledger.relay(db_url, events_url, batch=20) for _ in range(relays)]
    for _ in range(10):
        with db.write() as session:
            for account in range(5):
                ledger.change(session, f"a{account}", "t")
        for loop in random.sample(loops, relays):
            loop.step()
    while any(loop.step() for loop in loops):
        pass
    assert first_deliveries(events_url, "t", 50) == {f"a{n}": list(range(1, 11)) for n in range(5)}
    log = open_log(events_url)
    assert log.reader(["t"], "count").lag() == 50
    db.close()
