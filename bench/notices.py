"""How many events a second become notices, how many webhooks a second leave, and how soon a notice is seen.

    python -m bench.notices [--events 3000] [--webhooks 500] [--repeats 3]

On SQLite and on PostgreSQL (fsync on); beside it, bare POSTs of the same body by one thread.
"""

import argparse
import http.client
import json
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.facts import keep, percentile, spread
from services.notifier.channels import Ports, open_channels, read_settings
from services.notifier.consumes import hear_news
from services.notifier.models import Base
from services.notifier.usecases.endpoints import Change, add_endpoint
from services.notifier.worker import Parts, Sender
from shared.clock import SystemClock
from shared.crypto import KeyRing
from shared.db import Database, open_database
from shared.loops import drain
from shared.web.access import Principal
from tests.harness.database import LocalPostgres, Server
from tests.harness.notices import HOUSING, OPERATOR, case_event, hire_staff, webhook_receiver

BATCH = 500
HERE = frozenset({"127.0.0.1"})
KEEPER = Principal(OPERATOR, OPERATOR, "示例运维", HOUSING, "住建局", "130102", frozenset({"operator"}))


def prepared(url: str) -> Database:
    db = open_database(url)
    Base.metadata.create_all(db.engine)
    with db.write() as session:
        hire_staff(session)
    return db


def consume(db: Database, count: int) -> float:
    """Seconds for `count` events in batches, as the consumer hands them on; each is two notices, six rows."""
    events = [case_event() for _ in range(count)]
    handle = hear_news(SystemClock(), frozenset({"inbox"}))
    started = time.perf_counter()
    for first in range(0, count, BATCH):
        with db.write() as session:
            handle(session, events[first : first + BATCH])
    return time.perf_counter() - started


def latencies(db: Database, count: int = 200) -> list[float]:
    """Milliseconds from a single event to its visible notice."""
    handle = hear_news(SystemClock(), frozenset({"inbox"}))
    found = []
    for _ in range(count):
        event = case_event()
        started = time.perf_counter()
        with db.write() as session:
            handle(session, [event])
        found.append((time.perf_counter() - started) * 1000)
    return found


def send(db: Database, folder: Path, count: int) -> tuple[float, float]:
    """Seconds for `count` webhooks to four receivers, and for as many bare POSTs of the same body."""
    clock, keyring = SystemClock(), KeyRing.load_or_create(folder / "keys.json")
    channels = open_channels(read_settings({"WEBHOOK_ALLOWED_HOSTS": "127.0.0.1"}), Ports(db, clock))
    with webhook_receiver() as receiver:
        with db.write() as session:
            for number in range(4):
                change = Change(f"{number}", receiver.url, [])
                add_endpoint(session, keyring, change, allowed_hosts=HERE, actor=KEEPER, at=datetime.now(UTC))
            hear_news(clock, frozenset({"webhook"}))(session, [case_event() for _ in range(count // 4)])
        sender = Sender(Parts(db, clock, keyring, channels, "bench", 60.0), channels["webhook"])
        started = time.perf_counter()
        drain([sender], rounds=1_000_000)
        sent = time.perf_counter() - started
        sender.close()
        assert len(receiver.requests) == count // 4 * 4
        return sent, bare_posts(receiver.url, receiver.requests[0][1], count)


def bare_posts(url: str, body: bytes, count: int) -> float:
    parts = urlsplit(url)
    started = time.perf_counter()
    for _ in range(count):
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        connection.request("POST", parts.path, body)
        connection.getresponse().read()
        connection.close()
    return time.perf_counter() - started


def measure(url: str, folder: Path, events: int, webhooks: int) -> dict[str, float]:
    db = prepared(url)
    consumed, single = consume(db, events), latencies(db)
    sent, bare = send(db, folder, webhooks)
    db.close()
    return {
        "events_per_second": events / consumed,
        "notice_p50_ms": percentile(single, 0.5),
        "notice_p99_ms": percentile(single, 0.99),
        "webhooks_per_second": webhooks / sent,
        "bare_posts_per_second": webhooks / bare,
        "share_of_bare_posts": bare / sent,
    }


def repeated(new_url: Callable[[Path], str], given: argparse.Namespace) -> dict[str, Any]:
    """Each repeat on a fresh database."""
    runs = []
    for _ in range(given.repeats):
        with tempfile.TemporaryDirectory() as name:
            runs.append(measure(new_url(Path(name)), Path(name), given.events, given.webhooks))
    return {name: spread([run[name] for run in runs], digits=2) for name in runs[0]}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=3000)
    options.add_argument("--webhooks", type=int, default=500)
    options.add_argument("--repeats", type=int, default=3)
    given = options.parse_args()
    figures: dict[str, Any] = {"events": given.events, "webhooks": given.webhooks}
    figures["sqlite"] = repeated(lambda folder: f"sqlite:///{folder}/bench.db", given)
    server = LocalPostgres(durable=True)
    server.start()
    try:
        fresh = Server(server.url, server.close, "local").fresh
        figures["postgresql"] = repeated(lambda _: fresh(), given)
    finally:
        server.close()
    print(json.dumps(figures, indent=1))
    print(keep("notices", figures))


if __name__ == "__main__":
    main()
