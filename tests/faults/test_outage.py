"""Broker or database goes away and comes back: writing goes on or fails cleanly, then all is made good."""

import contextlib
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import DBAPIError

from shared.db import Database, is_passing, open_database
from shared.eventlog.kafka import KafkaReader
from shared.loops import failed_steps, run
from shared.outbox import backlog
from tests.conftest import make_topic, unavailable
from tests.faults import ledger
from tests.harness.broker import LocalKafka, NotAvailable
from tests.harness.database import LocalPostgres
from tests.harness.wait import PATIENCE, until


@pytest.fixture
def broker() -> Iterator[LocalKafka]:
    try:
        kafka = LocalKafka()
    except NotAvailable as error:
        unavailable(f"no broker that may be killed: {error}")
    kafka.start()
    yield kafka
    kafka.close()


@pytest.fixture
def server() -> Iterator[LocalPostgres]:
    try:
        postgres = LocalPostgres()
    except NotAvailable as error:
        unavailable(f"no database that may be killed: {error}")
    postgres.start()
    yield postgres
    postgres.close()


@contextlib.contextmanager
def service(db_url: str, events_url: str, topic: str) -> Iterator[None]:
    """Relay and consumer running, in threads of this process."""
    stop = threading.Event()
    loops = [ledger.relay(db_url, events_url), ledger.consumer(db_url, events_url, topic)]
    runner = threading.Thread(target=run, args=(loops, stop))
    runner.start()
    try:
        yield
    finally:
        stop.set()
        runner.join(30 * PATIENCE)
        assert not runner.is_alive()


def change_all(db: Database, topic: str, accounts: list[str], times: int) -> None:
    for _ in range(times):
        with db.write() as session:
            for account in accounts:
                ledger.change(session, account, topic)


def effects(db: Database) -> int:
    return sum(map(len, ledger.effects(db).values()))


def test_broker_away_for_a_while(broker: LocalKafka, postgres_url: str) -> None:
    topic, db = make_topic(broker.url), open_database(postgres_url)
    accounts = ledger.create(db, 5)
    with service(postgres_url, broker.url, topic):
        change_all(db, topic, accounts, 4)
        until(lambda: effects(db) == 20, 30.0, "effects before the outage")
        broker.kill()
        failures = failed_steps.labels("relay")._value.get()
        change_all(db, topic, accounts, 20)
        until(lambda: failed_steps.labels("relay")._value.get() > failures, 30.0, "the relay to notice")
        with db.read() as session:
            assert backlog(session, ledger.OUTBOX) == 100
        broker.start()
        until(lambda: effects(db) >= 120, 30.0, "effects after the outage")
    assert ledger.effects(db) == {account: list(range(1, 25)) for account in accounts}
    db.close()


def _refuses(db: Database) -> bool:
    """Server processes outlive their parent for a moment and still answer."""
    try:
        effects(db)
    except DBAPIError:
        return True
    return False


def test_database_away_for_a_while(server: LocalPostgres, kafka_url: str) -> None:
    topic, db = make_topic(kafka_url), open_database(server.url)
    accounts = ledger.create(db, 5)
    with service(server.url, kafka_url, topic):
        change_all(db, topic, accounts, 4)
        until(lambda: effects(db) == 20, 30.0, "effects before the outage")
        server.kill()
        until(lambda: _refuses(db), 30.0, "the last server process to be gone")
        with pytest.raises(DBAPIError) as error:
            change_all(db, topic, accounts, 1)
        assert is_passing(error.value)
        server.start()
        change_all(db, topic, accounts, 4)
        until(lambda: effects(db) >= 40, 30.0, "effects after the outage")
    assert ledger.effects(db) == {account: list(range(1, 9)) for account in accounts}
    db.close()


def test_a_reader_without_a_broker_gives_empty_polls() -> None:
    reader = KafkaReader(["127.0.0.1:1"], ["t"], "g")
    assert reader.poll(10, 0.1) == []
    reader.close()
