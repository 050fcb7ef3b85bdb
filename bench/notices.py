"""How many notices a second reach inboxes, how many webhooks a second leave, and how soon a notice is seen.

    python -m bench.notices [--events 3000] [--webhooks 8000] [--repeats 3]

On SQLite and on PostgreSQL (fsync on); beside it, bare POSTs by the same client, nothing recorded. CPU is of
the client's process alone: the receiver, and PostgreSQL, have their own. Per CPU second, and in bare POSTs,
the figures say something on a busy machine too.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.facts import keep, percentile, spread
from services.notifier.channels import Ports, open_channels, read_settings
from services.notifier.channels.webhook import WebhookChannel
from services.notifier.consumes import hear_news
from services.notifier.usecases.endpoints import Change, add_endpoint
from services.notifier.worker import Parts, Sender
from shared.clock import SystemClock
from shared.crypto import KeyRing
from shared.db import Database, migrate, open_database
from shared.loops import drain
from shared.process import rest_from_collecting
from shared.web.access import Principal
from shared.wire import Pool
from tests.harness.database import LocalPostgres, Server
from tests.harness.hooks import Hooks, hooks
from tests.harness.notices import HOUSING, OPERATOR, case_event, hire_staff

BATCH = 500
BODY_BYTES = 700
HERE = frozenset({"127.0.0.1"})
KEEPER = Principal(OPERATOR, OPERATOR, "示例运维", HOUSING, "住建局", "130102", frozenset({"operator"}))


def prepared(url: str) -> Database:
    db = open_database(url)
    migrate(url, "services.notifier")
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


def send(db: Database, folder: Path, count: int) -> dict[str, float]:
    """`count` webhooks to four receivers by the sender, and as many bare POSTs of the same body beside."""
    clock, keyring = SystemClock(), KeyRing.load_or_create(folder / "keys.json")
    channels = open_channels(read_settings({"WEBHOOK_ALLOWED_HOSTS": "127.0.0.1"}), Ports(db, clock))
    with hooks() as receiver:
        with db.write() as session:
            for number in range(4):
                change = Change(f"{number}", receiver.url(f"/{number}"), [])
                add_endpoint(session, keyring, change, allowed_hosts=HERE, actor=KEEPER, at=datetime.now(UTC))
            hear_news(clock, frozenset({"webhook"}))(session, [case_event() for _ in range(count // 4)])
        sender = Sender(Parts(db, clock, keyring, channels, "bench", 60.0), channels["webhook"])
        started, spent = time.perf_counter(), time.process_time()
        drain([sender], rounds=1_000_000)
        seconds, spent = time.perf_counter() - started, time.process_time() - spent
        sender.close()
        assert len(receiver.seen()) == count // 4 * 4
        bare, bare_spent = bare_posts(receiver, count)
    return {
        "webhooks_per_second": count / seconds,
        "webhooks_per_cpu_second": count / spent,
        "webhook_cpu_us": spent / count * 1e6,
        "bare_posts_per_second": count / bare,
        "bare_post_cpu_us": bare_spent / count * 1e6,
        "cpu_of_a_webhook_in_bare_posts": spent / bare_spent,
        "share_of_bare_posts": bare / seconds,
    }


def bare_posts(receiver: Hooks, count: int) -> tuple[float, float]:
    """Seconds and CPU seconds of the client alone: as many under way as the sender has, nothing recorded."""
    body = b"x" * BODY_BYTES
    request = b"POST /bare HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n%s" % (BODY_BYTES, body)
    left = iter(range(count))

    async def client(pool: Pool) -> None:
        connection = await pool.connect()
        for _ in left:
            await connection.exchange(request, 10.0)
        connection.close()

    async def clients() -> None:
        pool = Pool(receiver.url("/"))
        await asyncio.gather(*(client(pool) for _ in range(4 * WebhookChannel.per_target)))

    started, spent = time.perf_counter(), time.process_time()
    asyncio.run(clients())
    return time.perf_counter() - started, time.process_time() - spent


def measure(url: str, folder: Path, events: int, webhooks: int) -> dict[str, float]:
    db = prepared(url)
    spent = time.process_time()
    consumed = consume(db, events)
    spent = time.process_time() - spent
    single, sent = latencies(db), send(db, folder, webhooks)
    db.close()
    return {
        "notices_per_second": 2 * events / consumed,
        "notices_per_cpu_second": 2 * events / spent,
        "notice_cpu_us": spent / events / 2 * 1e6,
        "notice_p50_ms": percentile(single, 0.5),
        "notice_p99_ms": percentile(single, 0.99),
        **sent,
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
    options.add_argument("--webhooks", type=int, default=8000)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--sqlite-only", action="store_true")
    given = options.parse_args()
    rest_from_collecting()
    figures: dict[str, Any] = {"events": given.events, "webhooks": given.webhooks}
    figures["sqlite"] = repeated(lambda folder: f"sqlite:///{folder}/bench.db", given)
    if not given.sqlite_only:
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
