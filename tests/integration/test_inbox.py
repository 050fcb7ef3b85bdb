"""Consumers: one effect per event, whatever the log delivers again, on both databases."""

import contextlib
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from shared.contracts.envelope import Event, Record
from shared.db import Database, open_database
from shared.eventlog import EventLog, LogError, open_log
from shared.ids import new_id
from shared.inbox import STOP_AFTER, Consumer, InboxPurge, claim, purge, to_unreadable
from shared.loops import drain, run
from tests.conftest import make_topic
from tests.faults.ledger import INBOX, change, create, effects, record
from tests.harness.wait import until

NewTopic = Callable[..., str]


@pytest.fixture
def db(any_db: Database) -> Database:
    create(any_db, 5)
    return any_db


def some_events(db: Database, count: int, accounts: int = 5) -> list[Event]:
    with db.write() as session:
        return [change(session, f"a{at % accounts}", "t") for at in range(count)]


def a_consumer(
    db: Database, log: EventLog, topic: str, handle: object = record, batch: int = 500
) -> Consumer:
    return Consumer(db, INBOX, log.reader([topic], topic), "c", handle, to_unreadable(log), batch=batch)


def drain_until(consumer: Consumer, condition: Callable[[], bool]) -> None:
    def step() -> bool:
        consumer.wait(0.05)
        drain([consumer])
        return condition()

    until(step, 20.0, "the consumer's effects")


def test_claim_gives_each_event_once(db: Database) -> None:
    events = some_events(db, 6)
    with db.write() as session:
        assert claim(session, INBOX, "c", [*events[:3], events[0]]) == events[:3]
    with db.write() as session:
        assert claim(session, INBOX, "c", [events[1], *events[2:], events[4]]) == events[3:]
        assert claim(session, INBOX, "other", events) == events


def test_a_failed_effect_leaves_the_event_unclaimed(db: Database) -> None:
    events = some_events(db, 2)
    with contextlib.suppress(RuntimeError), db.write() as session:
        claim(session, INBOX, "c", events)
        raise RuntimeError
    with db.write() as session:
        assert claim(session, INBOX, "c", events) == events


def test_duplicates_and_restarts_have_one_effect(
    db: Database, any_log: EventLog, new_topic: NewTopic
) -> None:
    topic = new_topic()
    events = some_events(db, 40)
    records = [event.to_record(topic) for event in events]
    any_log.append(records + records[:17] + records)
    consumer = a_consumer(db, any_log, topic, batch=11)
    drain_until(consumer, lambda: sum(map(len, effects(db).values())) == 40)
    consumer._reader.rewind()
    consumer.close()
    again = a_consumer(db, any_log, topic)
    drain_until(again, lambda: again._reader.lag() == 0)
    assert effects(db) == {f"a{at}": list(range(1, 9)) for at in range(5)}
    again.close()


def test_a_failing_handler_is_tried_again_with_the_same_events(
    db: Database, any_log: EventLog, new_topic: NewTopic
) -> None:
    topic = new_topic(1)
    any_log.append([event.to_record(topic) for event in some_events(db, 3)])
    seen: list[list[int]] = []

    def handle(session: Session, events: list[Event]) -> None:
        seen.append([event.sequence for event in events])
        record(session, events)
        if len(seen) < 3:
            raise RuntimeError("not yet")

    consumer = a_consumer(db, any_log, topic, handle)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            until(consumer.step, 20.0)
    drain_until(consumer, lambda: bool(effects(db)))
    assert len({tuple(each) for each in seen}) == 1
    assert sum(map(len, effects(db).values())) == 3
    consumer.close()


def broken(topic: str, count: int) -> list[Record]:
    return [Record(topic, "k", b"{", (("ce_id", str(at).encode()),)) for at in range(count)]


def test_unreadable_records_are_put_aside_and_the_rest_has_effect(
    db: Database, any_log: EventLog, new_topic: NewTopic
) -> None:
    topic = new_topic(1)
    good = [event.to_record(topic) for event in some_events(db, 4)]
    any_log.append([good[0], *broken(topic, 2), *good[1:]])
    consumer = a_consumer(db, any_log, topic)
    drain_until(consumer, lambda: sum(map(len, effects(db).values())) == 4)
    aside = any_log.reader([f"{topic}.unreadable"], f"aside-{topic}")
    found: list[Record] = []
    until(lambda: found.extend(aside.poll(10, 0.2)) or len(found) == 2, 20.0, "records put aside")
    headers = dict(found[0].headers)
    assert found[0].value == b"{"
    assert headers["x-reason"] == b"no ce_type header"
    assert headers["x-origin"].startswith(topic.encode())
    aside.close()
    consumer.close()


def test_one_broken_record_alone_does_not_stop_reading(
    db: Database, any_log: EventLog, new_topic: NewTopic
) -> None:
    topic = new_topic(1)
    consumer = a_consumer(db, any_log, topic)
    any_log.append(broken(topic, 1))
    until(consumer.step, 20.0)
    any_log.append([event.to_record(topic) for event in some_events(db, 1)])
    drain_until(consumer, lambda: bool(effects(db)))
    consumer.close()


def test_reading_stops_when_everything_is_unreadable(
    db: Database, any_log: EventLog, new_topic: NewTopic
) -> None:
    """The fault is then in us or in the publisher, and nothing is marked as read."""
    topic = new_topic(1)
    any_log.append(broken(topic, STOP_AFTER + 5))
    consumer = a_consumer(db, any_log, topic)
    for _ in range(3):
        with pytest.raises(LogError, match="in a row"):
            until(consumer.step, 20.0)
    assert consumer._reader.lag() == STOP_AFTER + 5
    consumer.close()


def test_purge_forgets_only_old_ids(db: Database) -> None:
    events = some_events(db, 3)
    with db.write() as session:
        claim(session, INBOX, "c", events)
        assert purge(session, INBOX, timedelta(days=1)) == 0
    assert drain([InboxPurge(db, INBOX)]) == 0
    with db.write() as session:
        assert claim(session, INBOX, "c", events) == []
        assert purge(session, INBOX, timedelta(days=-1), limit=2) == 2
    drain([InboxPurge(db, INBOX, keep=timedelta(days=-1))])
    with db.write() as session:
        assert claim(session, INBOX, "c", events) == events


def test_members_that_join_and_leave_lose_and_double_nothing(kafka_url: str, postgres_url: str) -> None:
    """Three consumers of one group come and go while events arrive."""
    db, topic = open_database(postgres_url), make_topic(kafka_url, 6)
    create(db, 12)
    log = open_log(kafka_url)
    with db.write() as session:
        events = [change(session, f"a{at % 12}", topic) for at in range(600)]
    members: list[tuple[threading.Event, threading.Thread]] = []

    def join() -> None:
        own = open_log(kafka_url)
        consumer = a_consumer(db, own, topic, batch=20)
        stop = threading.Event()
        member = threading.Thread(target=run, args=([consumer], stop))
        member.start()
        members.append((stop, member))

    def leave() -> None:
        stop, member = members.pop(0)
        stop.set()
        member.join(30)

    for part in range(6):
        log.append([event.to_record(topic) for event in events[part * 100 : part * 100 + 100]])
        join()
        until(lambda part=part: sum(map(len, effects(db).values())) > part * 60, 30.0, "progress")
        if len(members) == 3:
            leave()
    until(lambda: sum(map(len, effects(db).values())) >= 600, 60.0, "all effects")
    while members:
        leave()
    assert effects(db) == {f"a{at}": list(range(1, 51)) for at in range(12)}
    log.close()
    db.close()


def test_two_embedded_consumers_of_one_group(tmp_path: Path) -> None:
    """Started twice by mistake on one machine: the inbox keeps every effect single and in order."""
    url, events_url = f"sqlite:///{tmp_path}/d.db", f"sqlite:///{tmp_path}/e.db"
    db, log, topic = open_database(url), open_log(events_url), f"t.{new_id()}"
    create(db, 3)
    with db.write() as session:
        events = [change(session, f"a{at % 3}", topic) for at in range(300)]
    log.append([event.to_record(topic) for event in events])
    stop = threading.Event()
    consumers = [a_consumer(open_database(url), open_log(events_url), topic, batch=7) for _ in range(2)]
    runner = threading.Thread(target=run, args=(consumers, stop))
    runner.start()
    until(lambda: sum(map(len, effects(db).values())) >= 300, 30.0, "all effects")
    stop.set()
    runner.join(10)
    assert effects(db) == {f"a{at}": list(range(1, 101)) for at in range(3)}
