"""Outbox relay, consumer and latency on real PostgreSQL and Kafka, beside the raw client in the same run.

`python -m bench.messaging [--repeats 3] [--rows 30000]`
"""

import argparse
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from kafka import KafkaProducer
from sqlalchemy import Column, Integer, String, Table, insert, text

from bench.facts import keep, percentile, spread
from shared.contracts.envelope import Event, Record
from shared.contracts.topics import Topic
from shared.db import Database, new_metadata, open_database
from shared.eventlog import open_log
from shared.eventlog.kafka import COMMON, PRODUCER, create_topics
from shared.ids import new_id
from shared.inbox import Consumer, inbox_table, to_unreadable
from shared.leases import leases_table
from shared.loops import run
from shared.outbox import Relay, backlog, enqueue, outbox_table
from shared.process import rest_from_collecting
from tests.harness.broker import find_broker
from tests.harness.database import LocalPostgres, Server

METADATA = new_metadata()
OUTBOX, INBOX, LEASES = outbox_table(METADATA), inbox_table(METADATA), leases_table(METADATA)
EFFECTS = Table(
    "effects", METADATA, Column("event_id", String(36), primary_key=True), Column("sequence", Integer)
)
FILL = "x" * 900
WARM_UP = 2  # seconds of the latency run that do not count


def event(subject: str, sequence: int) -> Event:
    """About 1 KB."""
    data = {"listing_id": subject, "version": sequence, "fill": FILL}
    return Event(new_id(), "bench.event", "bench", subject, datetime.now(UTC), sequence, data)


def topic_in(events_url: str) -> str:
    topic = Topic(f"bench.{new_id()}", "bench", ("bench",), (), "id", partitions=4)
    create_topics([events_url.removeprefix("kafka://")], [topic])
    return topic.name


def fill(db: Database, topic: str, rows: int) -> None:
    for start in range(0, rows, 5000):
        batch = [event(f"s{at % 500}", at // 500 + 1) for at in range(start, min(rows, start + 5000))]
        with db.write() as session:
            enqueue(session, OUTBOX, topic, batch)


def raw_producer(events_url: str, rows: int) -> float:
    """kafka-python alone with the same settings: 500 sends, flush, every future checked."""
    topic = topic_in(events_url)
    producer = KafkaProducer(bootstrap_servers=[events_url.removeprefix("kafka://")], **COMMON, **PRODUCER)
    records = [event(f"s{at % 500}", 1).to_record(topic) for at in range(rows)]
    producer.send(topic, key=b"warm", value=b"up").get(10)
    started = time.perf_counter()
    for start in range(0, rows, 500):
        sent = [
            producer.send(topic, key=r.key.encode(), value=r.value, headers=list(r.headers))
            for r in records[start : start + 500]
        ]
        producer.flush()
        assert all(future.succeeded() for future in sent)
    seconds = time.perf_counter() - started
    producer.close()
    return rows / seconds


def relay_drain(db: Database, events_url: str, rows: int) -> float:
    """Rows a second out of a backlog, deleted after acknowledgement."""
    topic = topic_in(events_url)
    log = open_log(events_url)
    log.append([Record(topic, "warm", b"up")])
    fill(db, topic, rows)
    relay = Relay(db, OUTBOX, LEASES, log, new_id())
    started = time.perf_counter()
    while relay.step():
        pass
    seconds = time.perf_counter() - started
    with db.read() as session:
        assert backlog(session, OUTBOX) == 0
    relay.close()
    log.close()
    return rows / seconds


def latency(db: Database, events_url: str, rate: int, seconds: int) -> list[float]:
    """Milliseconds from just before the insert to the reader; writer, relay and reader are processes."""
    topic, log = topic_in(events_url), open_log(events_url)
    reader = log.reader([topic], new_id())
    command = [sys.executable, "-m", "bench.messaging", "--db", db.url, "--events", events_url]
    relay = subprocess.Popen([*command, "--child", "relay"])
    with db.write() as session:
        enqueue(session, OUTBOX, topic, [event("warm", 1)])
    _wait(lambda: bool(reader.poll(1, 0.5)))
    offered = ["--topic", topic, "--rate", str(rate), "--seconds", str(seconds)]
    writer = subprocess.Popen([*command, "--child", "offer", *offered])
    arrived: list[float] = []
    while len(arrived) < rate * (seconds + WARM_UP):
        found = reader.poll(500, 0.2)
        now = time.time()
        arrived += [(now - json.loads(record.value)["at"]) * 1000 for record in found]
    assert writer.wait(10) == 0
    relay.terminate()
    relay.wait(10)
    reader.close()
    log.close()
    return arrived[rate * WARM_UP :]


def offer(db: Database, topic: str, rate: int, seconds: int) -> None:
    """One transaction with one event, so many times a second."""
    pause, begin = threading.Event(), time.time()
    for at in range(rate * seconds):
        pause.wait(max(0.0, begin + at / rate - time.time()))
        made = event(f"l{at}-{new_id()}"[:36], 1)
        made.data["at"] = time.time()
        with db.write() as session:
            enqueue(session, OUTBOX, topic, [made])


def child(how: argparse.Namespace) -> None:
    db = open_database(how.db)
    if how.child == "relay":
        run([Relay(db, OUTBOX, LEASES, open_log(how.events), new_id())], threading.Event())
    else:
        offer(db, how.topic, how.rate, how.seconds + WARM_UP)


def _wait(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    end, pause = time.monotonic() + seconds, threading.Event()
    while not condition():
        assert time.monotonic() < end, "the bench waited in vain"
        pause.wait(0.01)


def raw_consumer(events_url: str, topic: str, rows: int) -> float:
    """kafka-python's poll, JSON parsed, cursor committed per 500: no database."""
    reader = open_log(events_url).reader([topic], new_id())
    _wait(lambda: reader.wait(0.5))
    seen, started = 0, time.perf_counter()
    while seen < rows:
        found = reader.poll(500, 0.5)
        for record in found:
            json.loads(record.value)
        seen += len(found)
        reader.commit()
    seconds = time.perf_counter() - started
    reader.close()
    return rows / seconds


def inbox_consumer(db: Database, events_url: str, topic: str, rows: int) -> float:
    """Inbox row and effect row per event, in transactions of 500, cursor committed after each."""
    log = open_log(events_url)
    reader = log.reader([topic], new_id())
    handled = 0

    def handle(session: Any, events: list[Event]) -> None:
        nonlocal handled
        session.execute(insert(EFFECTS), [{"event_id": e.id, "sequence": e.sequence} for e in events])
        handled += len(events)

    with db.write() as session:
        session.execute(text("TRUNCATE effects, inbox"))
    consumer = Consumer(db, INBOX, reader, "bench", handle, to_unreadable(log))
    _wait(lambda: consumer.wait(0.5))
    started = time.perf_counter()
    while handled < rows:
        if not consumer.step():
            consumer.wait(0.5)
    seconds = time.perf_counter() - started
    consumer.close()
    log.close()
    return rows / seconds


def measure(db: Database, events_url: str, rows: int, repeats: int) -> dict[str, Any]:
    raw, relayed, raw_read, consumed = [], [], [], []
    for _ in range(repeats):
        raw.append(raw_producer(events_url, rows))
        relayed.append(relay_drain(db, events_url, rows))
        topic = topic_in(events_url)
        log = open_log(events_url)
        for start in range(0, rows, 1000):
            log.append([event(f"s{at % 500}", 1).to_record(topic) for at in range(start, start + 1000)])
        log.close()
        raw_read.append(raw_consumer(events_url, topic, rows))
        consumed.append(inbox_consumer(db, events_url, topic, rows))
    times = [latency(db, events_url, 200, 10) for _ in range(repeats)]
    return {
        "rows": rows,
        "raw_producer_per_s": spread(raw),
        "relay_per_s": spread(relayed),
        "relay_to_raw": spread([ours / theirs for ours, theirs in zip(relayed, raw, strict=True)], 2),
        "raw_consumer_per_s": spread(raw_read),
        "inbox_consumer_per_s": spread(consumed),
        "inbox_to_raw": spread([ours / theirs for ours, theirs in zip(consumed, raw_read, strict=True)], 2),
        "latency_200_per_s_p50_ms": spread([percentile(each, 0.5) for each in times], 1),
        "latency_200_per_s_p99_ms": spread([percentile(each, 0.99) for each in times], 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rows", type=int, default=30_000)
    parser.add_argument("--child", choices=["relay", "offer"], help=argparse.SUPPRESS)
    for name, kind in (("db", str), ("events", str), ("topic", str), ("rate", int), ("seconds", int)):
        parser.add_argument(f"--{name}", type=kind, help=argparse.SUPPRESS)
    how = parser.parse_args()
    if how.child:
        child(how)
        return
    rest_from_collecting()  # as the worker's process does
    broker, local = find_broker(), LocalPostgres(durable=True)
    local.start()
    db = open_database(Server(local.url, local.close, "local").fresh())
    METADATA.create_all(db.engine)
    try:
        figures = measure(db, broker.url, how.rows, how.repeats)
    finally:
        db.close()
        local.close()
        broker.close()
    print(json.dumps(figures, indent=1))
    print(keep("messaging", {"broker": broker.how, "database": "PostgreSQL, fsync on", **figures}))


if __name__ == "__main__":
    main()
