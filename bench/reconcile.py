"""Comparing a million records with a platform's ledger: every planted difference found, nothing else told.

    python -m bench.reconcile [--rows 1000000] [--postgresql]

Our records are in a database, the platform's in a process of its own behind HTTP. Beside it: what telling
every record would have cost.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Table

from bench._ledger import bucket_of, digest_of, key_of, planted
from bench.facts import keep
from services.credit_push.models import Holding, metadata
from services.credit_push.reconciliation import compare
from services.credit_push.transports.http import HttpClient, Reply
from services.credit_push.transports.http_ledger import HttpLedger
from shared.clock import SystemClock
from shared.db import Database, add_rows, open_database
from shared.platform_keys import PlatformKey
from shared.wire import AsyncRunner
from tests.harness.database import LocalPostgres, Server
from tests.harness.ports import free_port, is_open
from tests.harness.wait import until

PLATFORM = "bench"


class CountingClient(HttpClient):
    """The service's own client, which also counts what it is told."""

    received = 0
    questions = 0

    def get(self, path: str) -> Reply:
        reply = super().get(path)
        self.received += len(reply.body)
        self.questions += 1
        return reply


def fill(db: Database, rows: int) -> None:
    metadata.create_all(db.engine)
    table = cast("Table", Holding.__table__)
    for first in range(0, rows, 20_000):
        with db.write() as session:
            add_rows(session, table, [_holding(number) for number in range(first, min(first + 20_000, rows))])


def _holding(number: int) -> dict[str, Any]:
    key = key_of(number)
    return {
        "platform": PLATFORM,
        "listing_id": key,
        "delivery_id": key,
        "version": 1,
        "match_key": key,
        "bucket_hash": bucket_of(key),
        "content_digest": digest_of(number),
        "layout": "canonical",
        "sent_row": None,
    }


@contextmanager
def platform(rows: int) -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench._ledger", str(port), str(rows)])
    try:
        until(lambda: is_open(port), 300, "the platform's ledger", every=0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def measure(db: Database, rows: int) -> dict[str, Any]:
    fill(db, rows)
    runner = AsyncRunner()
    with platform(rows) as url:
        client = CountingClient(runner, url, PlatformKey("k", b"s"), SystemClock(None), 4, 60)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began, used = time.perf_counter(), time.process_time()
        with db.read() as session:
            told = compare(session, PLATFORM, HttpLedger(client))
        seconds, cpu = time.perf_counter() - began, time.process_time() - used
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        client.close()
    runner.close()
    found = {item.match_key: item.kind for item in told.found}
    told_fully = {"listing_id": key_of(0), "document_number": "示" * 16, "subject_name": "示" * 14}
    told_fully |= {"version": "1", "content_digest": digest_of(0)}
    record = len(json.dumps(told_fully, ensure_ascii=False).encode())
    return {
        "rows": rows,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "planted_and_found": len(found) if found == planted(rows) else f"WRONG: {len(found)}",
        "rows_transferred_percent": round(100 * told.rows_exchanged / rows, 3),
        "bytes_transferred_percent": round(100 * client.received / (rows * record), 3),
        "questions": client.questions,
        "memory_grown_mib": round(grown / 1024, 1),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--postgresql", action="store_true")
    given = options.parse_args()
    if given.postgresql:
        server = LocalPostgres(durable=True)
        server.start()
        url = Server(server.url, server.close, "local").fresh()
        figures = {"postgresql": measure(open_database(url), given.rows)}
        server.close()
    else:
        with tempfile.TemporaryDirectory() as folder:
            figures = {"sqlite": measure(open_database(f"sqlite:///{Path(folder) / 'push.db'}"), given.rows)}
    print(json.dumps(figures, indent=1))
    print(keep("reconcile", figures))


if __name__ == "__main__":
    main()
