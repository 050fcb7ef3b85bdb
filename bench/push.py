"""How many listings a second one worker brings from the event log to a platform and back, and how soon.

    python -m bench.push [--listings 3000] [--repeats 3] [--no-kafka]

On SQLite with the SQL log, and on PostgreSQL with Kafka. Beside it, in the same run: a bare pipeline (poll,
sign, 64 requests in flight, one row per receipt) and the bound that a platform of 50 ms sets.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import Column, MetaData, String, Table, func, insert, select

from bench.facts import keep, percentile, spread
from services.credit_push import app as wiring
from services.credit_push.catalogue import Profile, Takes
from services.credit_push.models import Delivery, metadata
from services.credit_push.settings import read_settings
from services.credit_push.worker import build_loops
from shared.contracts.envelope import Event
from shared.db import open_database
from shared.eventlog import ensure_topics, open_log
from shared.http import sign_request
from shared.loops import run
from shared.process import rest_from_collecting, take_turns
from tests.harness.broker import NotAvailable, find_broker
from tests.harness.database import LocalPostgres, Server
from tests.harness.platforms import EXCHANGE, Listing
from tests.harness.ports import free_port, is_open
from tests.harness.wait import until

IN_FLIGHT = 64
SLOW = 0.05


@contextmanager
def platform(delay: float = 0.0) -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench._platform", str(port), str(delay)])
    try:
        until(lambda: is_open(port), 20, "the bench's platform")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def only(profile: Profile, endpoint: str, rows: int) -> Profile:
    """A platform that takes everything, one or several rows a request."""
    everywhere = Takes(("000000",), ("*",), ("*",), ("*",), ("*",))
    transport = replace(profile.transport, endpoint=endpoint, in_flight=IN_FLIGHT, rows_per_request=rows)
    return replace(profile, takes=everywhere, transport=transport)


class Service:
    """The worker's loops in this process, on fresh stores."""

    def __init__(self, folder: Path, db_url: str, events_url: str, endpoint: str, rows: int) -> None:
        env = {"DATA_DIR": str(folder), "CREDIT_PUSH_DB_URL": db_url, "EVENTS_URL": events_url}
        self.settings = read_settings(env)
        _make_tables(db_url)  # first: whoever opens the service reads the released profiles
        opened = wiring.open_deps(self.settings)
        profile = only(opened.catalogue["credit-quanzhou"], endpoint, rows)
        self.deps = replace(opened, catalogue={profile.id: profile})
        ensure_topics(events_url)
        self.log = open_log(events_url)
        self.stop = threading.Event()

    def events(self, count: int) -> list[Event]:
        return [Listing(self.deps.keyring).event("published") for _ in range(count)]

    def publish(self, events: list[Event]) -> None:
        for first in range(0, len(events), 500):
            self.log.append([event.to_record(EXCHANGE) for event in events[first : first + 500]])

    def start(self) -> None:
        rest_from_collecting()  # as the worker's process does
        take_turns()
        ways = wiring.open_ways(self.settings, self.deps)
        loops = build_loops(self.deps, self.log, ways, self.settings.holder)
        self.thread = threading.Thread(target=run, args=(loops, self.stop), daemon=True)
        self.thread.start()

    def acknowledged(self) -> int:
        with self.deps.db.read() as session:
            return session.scalar(select(func.count()).where(Delivery.state == "acknowledged")) or 0

    def receipts(self) -> tuple[int, float]:
        """How many came after the first batch of them, and the seconds that took, by the times written down.

        Looking for the last one would itself take a place among the threads: a count every 0.1 s took 20 to
        40 microseconds of each push.
        """
        with self.deps.db.read() as session:
            first, last = session.execute(
                select(func.min(Delivery.settled_at), func.max(Delivery.settled_at))
            ).one()
            later = session.scalar(select(func.count()).where(Delivery.settled_at > first)) or 0
        return later, (last - first).total_seconds()

    def close(self) -> None:
        self.stop.set()
        self.thread.join(30)
        self.log.close()
        self.deps.db.close()


def _make_tables(db_url: str) -> None:
    db = open_database(db_url)
    metadata.create_all(db.engine)
    db.close()


def throughput(service: Service, count: int) -> dict[str, float]:
    """Listings a second from the first receipts to the last, the wait for the first, and the CPU used."""
    service.publish(service.events(count))
    began, used = time.perf_counter(), time.process_time()
    service.start()
    until(service.acknowledged, 60, "the first receipt", every=0.02)
    first = time.perf_counter()
    until(lambda: service.acknowledged() >= count, 600, "all acknowledged", every=1.0)
    later, seconds = service.receipts()
    return {
        "per_second": later / seconds,
        "first_receipt_seconds": first - began,
        "cpu_microseconds_each": (time.process_time() - used) / count * 1e6,
    }


def latencies(service: Service, count: int) -> list[float]:
    """Milliseconds from the event's being in the log to its receipt row, one listing at a time."""
    found, done = [], service.acknowledged()
    for event in service.events(count):
        began = time.perf_counter()
        service.publish([event])
        done += 1
        until(lambda want=done: service.acknowledged() >= want, 30, "acknowledged", every=0.001)
        found.append((time.perf_counter() - began) * 1000)
    return found


def bare(service: Service, db_url: str, endpoint: str, count: int) -> float:
    """The same events polled, signed, posted and written down by the fewest lines that do it."""
    table = Table(
        "bare_receipts", MetaData(), Column("id", String(36), primary_key=True), Column("answer", String)
    )
    db = open_database(db_url)
    table.create(db.engine)
    key = service.deps.keys["sandbox:credit-quanzhou"]
    service.publish(service.events(count))
    reader = service.log.reader([EXCHANGE], "bare")
    began, done = time.perf_counter(), 0

    async def post(
        session: aiohttp.ClientSession, window: asyncio.Semaphore, subject: str, body: bytes
    ) -> Any:
        async with window:
            now = service.deps.clock.system_now()
            headers = sign_request("POST", "/records", body, key_id=key.key_id, secret=key.secret, now=now)
            async with session.post(f"{endpoint}/records", data=body, headers=headers) as answer:
                return {"id": subject, "answer": (await answer.read()).decode()}

    async def batch(records: list[Any]) -> list[Any]:
        window = asyncio.Semaphore(IN_FLIGHT)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT)) as session:
            return list(await asyncio.gather(*(post(session, window, r.key, r.value) for r in records)))

    while done < count:
        records = reader.poll(500, timeout=1.0)
        rows = asyncio.run(batch(records))
        with db.write() as session:
            session.execute(insert(table), rows)
        reader.commit()
        done += len(rows)
    reader.close()
    db.close()
    return count / (time.perf_counter() - began)


def measure(db_urls: Any, events_url: Any, listings: int) -> dict[str, float]:
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name, platform() as quick, platform(SLOW) as slow:
        for label, endpoint, rows, count in (
            ("one_row_a_request", quick, 1, listings),
            ("fifty_rows_a_request", quick, 50, listings),
            ("platform_of_50_ms", slow, 1, listings),
        ):
            folder = Path(name) / label
            folder.mkdir()
            service = Service(folder, db_urls(folder), events_url(folder), endpoint, rows)
            figures |= {f"{label}_{name}": value for name, value in throughput(service, count).items()}
            if label == "one_row_a_request":
                single = latencies(service, 200)
                figures["latency_p50_ms"] = percentile(single, 0.5)
                figures["latency_p99_ms"] = percentile(single, 0.99)
            service.close()
        folder = Path(name) / "bare"
        folder.mkdir()
        service = Service(folder, db_urls(folder), events_url(folder), quick, 1)
        service.thread = threading.Thread(target=lambda: None)
        service.thread.start()
        figures["bare_pipeline_per_second"] = bare(service, db_urls(folder), quick, listings)
        service.close()
    figures["share_of_bare_pipeline"] = (
        figures["one_row_a_request_per_second"] / figures["bare_pipeline_per_second"]
    )
    figures["share_of_50_ms_bound"] = figures["platform_of_50_ms_per_second"] / (IN_FLIGHT / SLOW)
    return figures


def repeated(db_urls: Any, events_url: Any, given: argparse.Namespace) -> dict[str, Any]:
    runs = [measure(db_urls, events_url, given.listings) for _ in range(given.repeats)]
    return {name: spread([each[name] for each in runs], digits=2) for name in runs[0]}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--listings", type=int, default=3000)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--no-kafka", action="store_true")
    given = options.parse_args()
    figures: dict[str, Any] = {"listings": given.listings, "in_flight": IN_FLIGHT}
    figures["sqlite_sql_log"] = repeated(
        lambda folder: f"sqlite:///{folder}/push.db", lambda folder: f"sqlite:///{folder}/events.db", given
    )
    if not given.no_kafka:
        figures["postgresql_kafka"] = _with_kafka(given)
    print(json.dumps(figures, indent=1))
    print(keep("push", figures))


def _with_kafka(given: argparse.Namespace) -> Any:
    server = LocalPostgres(durable=True)
    server.start()
    fresh = Server(server.url, server.close, "local").fresh
    try:
        broker = find_broker()
    except NotAvailable as error:
        server.close()
        return str(error)
    try:
        return repeated(lambda _: fresh(), lambda _: broker.url, given)
    finally:
        broker.close()
        server.close()


if __name__ == "__main__":
    main()
