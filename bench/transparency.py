"""The transparency log: how fast versions become leaves, and what a proof costs, in trees of growing size.

    python -m bench.transparency [--sizes 0 100000 1000000] [--versions 10000] [--databases sqlite postgresql]
    python -m bench.transparency --url sqlite:////tmp/log.db --sizes 10000000 --versions 0

The tree is first filled with made-up leaves up to each size; then real versions are appended and proofs made.
A database named by `--url` is kept and not filled anew, so that proofs can be timed at a quiet hour.
"""

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from bench.facts import keep, percentile
from bench.import_listings import lines
from services.blacklist.register.models import Unlogged
from services.blacklist.register.usecases import import_listings
from services.blacklist.store import Base
from services.blacklist.transparency.domain.commitments import entry_of
from services.blacklist.transparency.models import LEAVES, LogCheckpoint
from services.blacklist.transparency.queries import proofs
from services.blacklist.transparency.queries.checking import check_log
from services.blacklist.transparency.queries.keys import log_keys
from services.blacklist.transparency.queries.store import tree_size
from services.blacklist.transparency.usecases.appending import append, write_checkpoint, write_tiles
from shared.clock import SystemClock
from shared.crypto import KeyRing
from shared.db import Database, open_database
from shared.process import rest_from_collecting
from shared.tlog.tree import leaf_hash
from tests.harness.database import LocalPostgres, Server

ORIGIN = "bench.example/log"
BLOCK = 25_600
PROOFS, FIRST = 1000, 20
"""Proofs timed, and those before them that only warm a process up."""


class Bench:
    """One database with a log that grows."""

    def __init__(self, url: str, folder: Path) -> None:
        self.db: Database = open_database(url)
        Base.metadata.create_all(self.db.engine)
        self.keyring = KeyRing.load_or_create(folder / "keys.json")
        self.serial = 0
        self.busy_from = 0.0

    def fill(self, size: int) -> None:
        while True:
            with self.db.write() as session:
                have = tree_size(session)
                if have >= size:
                    write_checkpoint_once(session, self.keyring, have)
                    return
                self._block(session, have, min(BLOCK, size - have))

    def _block(self, session: Session, have: int, count: int) -> None:
        commitments = [os.urandom(32) for _ in range(count)]
        rows = [
            {
                "position": have + n,
                "kind": 1,
                "commitment": each,
                "listing_id": f"made-up-{have + n}",
                "version": 1,
            }
            for n, each in enumerate(commitments)
        ]
        session.execute(insert(LEAVES), rows)
        write_tiles(session, have, [leaf_hash(entry_of(1, each)) for each in commitments])

    def versions(self, count: int) -> None:
        texts = (line for line in lines_from(self.serial, count))
        import_listings(self.db, SystemClock(), self.keyring, texts)
        self.serial += count

    def append_all(self) -> tuple[float, float]:
        """Leaves a second and a second of this process's own work, until nothing waits."""
        started, busy, done = time.perf_counter(), time.process_time(), 0
        while True:
            with self.db.write() as session:
                taken = append(session, self.keyring, ORIGIN, datetime.now(UTC))
            if not taken:
                return done / (time.perf_counter() - started), done / (time.process_time() - busy)
            done += taken

    def proofs(self) -> dict[str, dict[str, float]]:
        draw = random.Random(7)
        with self.db.read() as session:
            size = tree_size(session)
        self.busy_from = time.process_time()
        return {
            "inclusion_ms": self._timed(lambda s: proofs.inclusion(s, draw.randrange(size), None)),
            "consistency_ms": self._timed(lambda s: proofs.consistency(s, draw.randrange(1, size), None)),
        }

    def _timed(self, make: Callable[[Session], Any]) -> dict[str, float]:
        """Milliseconds; the thread's own work says more on a busy machine (SQLite works in it too)."""
        found, busy = list[float](), list[float]()
        for number in range(FIRST + PROOFS):
            if number == FIRST:
                found.clear()
                busy.clear()
            started, worked = time.perf_counter(), time.thread_time()
            with self.db.read() as session:
                make(session)
            found.append((time.perf_counter() - started) * 1000)
            busy.append((time.thread_time() - worked) * 1000)
        at = {
            "p50": percentile(found, 0.5),
            "p99": percentile(found, 0.99),
            "cpu_p99": percentile(busy, 0.99),
        }
        return {name: round(value, 2) for name, value in at.items()}

    def check(self) -> float:
        """Leaves a second of `verify-log` over real versions."""
        started = time.perf_counter()
        with self.db.read() as session:
            report = check_log(session, log_keys(self.keyring, ORIGIN), datetime.now(UTC).date())
        return report.size / (time.perf_counter() - started)


def write_checkpoint_once(session: Session, keyring: KeyRing, size: int) -> None:
    if session.get(LogCheckpoint, size) is None:
        write_checkpoint(session, keyring, ORIGIN, size, {}, datetime.now(UTC))


def lines_from(start: int, count: int) -> Iterator[str]:
    for number, line in enumerate(lines(start + count, 0.1)):
        if number >= start:
            yield line


def measure(url: str, folder: Path, sizes: list[int], versions: int) -> dict[str, Any]:
    bench = Bench(url, folder)
    figures: dict[str, Any] = {}
    for size in sizes:
        bench.fill(size)
        bench.versions(versions)
        with bench.db.read() as session:
            assert session.scalar(select(func.count()).select_from(Unlogged)) == versions
        rate, busy = bench.append_all()
        rest_from_collecting()  # as every process that serves
        said = bench.proofs()
        each = (time.process_time() - bench.busy_from) / (2 * (FIRST + PROOFS)) * 1000
        figures[f"at {size}"] = {
            "append_per_second": round(rate),
            "append_per_cpu_second": round(busy),
            "proof_cpu_ms": round(each, 2),
            **said,
        }
        if not size:
            figures["verify_log_leaves_per_second"] = round(bench.check())
        print(f"{bench.db.dialect} {size}: {figures[f'at {size}']}", flush=True)
    bench.db.close()
    return figures


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", type=int, nargs="+", default=[0, 100_000, 1_000_000])
    options.add_argument("--versions", type=int, default=10_000)
    options.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    options.add_argument("--url", help="a database to grow and leave in place; again with it: proofs alone")
    given = options.parse_args()
    figures: dict[str, Any] = {"versions": given.versions, "load": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.url:
            figures["url"] = measure(given.url, folder, given.sizes, given.versions)
        elif "sqlite" in given.databases:
            url = f"sqlite:///{folder}/bench.db"
            figures["sqlite"] = measure(url, folder, given.sizes, given.versions)
        if "postgresql" in given.databases and not given.url:
            server = LocalPostgres(durable=True)
            server.start()
            try:
                fresh = Server(server.url, server.close, "local").fresh()
                figures["postgresql"] = measure(fresh, folder, given.sizes, given.versions)
            finally:
                server.close()
    print(json.dumps(figures, indent=1))
    print(keep("transparency", figures))


if __name__ == "__main__":
    main()
