"""How soon a published listing is seen by search, feed and log, and that a removed one is seen no more.

    python -m bench.visibility [--engines sqlite postgresql] [--rate 100] [--seconds 20] [--removals 2]

The service's own processes run (worker, public side, office), each as one web process; the event log is the
embedded one. Every publication is a transaction of its own, four under way at most, at a steady rate. Counted
from its commit to the answer that shows it, over HTTP. Beside it some are removed each second, and the next
question is asked everywhere. Ends with 1 where a p99 is not below a second, something was never seen, a
removed listing was, or a busy machine did not reach the rate.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from typing import Any

from sqlalchemy import make_url, select

from bench._watching import (
    PROOF_OF_EVERY,
    AfterRemoval,
    Published,
    Told,
    watch_feed,
    watch_log,
    watch_proofs,
    watch_search,
)
from bench.facts import keep, percentile
from services.blacklist.register.domain import Publicity
from services.blacklist.register.usecases import Publication, publish_listing, remove_listing
from services.blacklist.transparency.models import LogLeaf
from shared.clock import local_date
from shared.crypto import KeyRing
from shared.db import Database, open_database
from shared.eventlog import ensure_topics
from shared.ids import new_id
from shared.process import rest_from_collecting, take_turns
from tests.harness.database import LocalPostgres, Server
from tests.harness.ports import free_ports
from tests.harness.wait import until
from tests.integration.register_world import TERMS, organisation

MUST_MS = 1000.0
PUBLISHERS = 4
REACHED = 0.95
"""Of the rate asked for; below it the figures are of another load."""
ROLE = "bench_public"
ROOT = Path(__file__).parent.parent
SEARCHERS = 2
WARM = 20
"""Listings published before the clock starts: every process has then answered once."""


@dataclass
class System:
    """The running service, and the register as its publisher has it."""

    db: Database
    keyring: KeyRing
    public: int
    office: int

    def publish(self, serial: int) -> Published:
        """As a case's publication does: one transaction with version, events, feed and log queued."""
        now = datetime.now(UTC)
        case = organisation(f"石家庄示例第{serial}建设工程有限公司", serial)
        today = local_date(now)
        shown = Publicity(start=today, max_end=today + timedelta(days=365), min_end=None)
        made = Publication(new_id(), case, TERMS, shown)
        with self.db.write() as session:
            publish_listing(session, self.keyring, made, at=now)
        return Published(serial, made.listing_id, str(case.subject.uscc))

    def remove(self, listing_id: str) -> None:
        with self.db.write() as session:
            remove_listing(
                session, self.keyring, listing_id, reason_code="repair", reason="修复", at=datetime.now(UTC)
            )


@contextmanager
def running(url: str, folder: Path) -> Iterator[System]:
    """Migrated, with worker, public side and office up."""
    public, office = free_ports(2)
    env = {
        **os.environ,
        **_public_side(url),
        "DATA_DIR": str(folder),
        "BLACKLIST_DB_URL": url,
        "LOG_LEVEL": "error",
        "WEB_PROCESSES": "1",
        "PUBLIC_REQUESTS_PER_ADDRESS": str(10**9),
    }
    ensure_topics(f"sqlite:///{folder}/events.db")
    command = [sys.executable, "-m", "services.blacklist"]
    subprocess.run([*command, "migrate"], env=env, cwd=ROOT, check=True)
    binds = {"worker": "", "public": f"127.0.0.1:{public}", "api": f"127.0.0.1:{office}"}
    started = [
        subprocess.Popen([*command, name], env={**env, "BIND": bind}, cwd=ROOT, stderr=subprocess.DEVNULL)
        for name, bind in binds.items()
    ]
    db = open_database(url)
    try:
        until(lambda: _answers(public, "/readyz"), 60.0, "the public side to be ready", every=0.2)
        until(lambda: _answers(office, "/api/v1/log/checkpoint"), 60.0, "the first checkpoint", every=0.2)
        yield System(db, KeyRing.load_or_create(folder / "keys.json"), public, office)
    finally:
        db.close()
        for process in started:
            process.terminate()
        for process in started:
            process.wait(60)


def _public_side(url: str) -> dict[str, str]:
    """PostgreSQL: the public side reads as a role of its own, as deployed."""
    if not url.startswith("postgresql"):
        return {}
    db = open_database(url)
    with db.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {ROLE} LOGIN")
    db.close()
    own = make_url(url).set(username=ROLE).render_as_string(False)
    return {"PUBLIC_DB_ROLE": ROLE, "PUBLIC_DB_URL": own}


def _answers(port: int, path: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


class Run:
    """Publishing at a rate, and everyone who watches."""

    def __init__(self, system: System, rate: float, seconds: float, removals: float) -> None:
        self.system, self.rate, self.removals = system, rate, removals
        self.total = WARM + int(rate * seconds)
        self.told = Told()
        self.found: SimpleQueue[Published] = SimpleQueue()
        self.proven: SimpleQueue[Published] = SimpleQueue()
        self.published: list[Published] = []
        self.late: list[float] = []
        self._serials = itertools.count()
        self._stop, self._published = Event(), Event()

    def __call__(self) -> dict[str, Any]:
        watchers = self._watchers()
        with ThreadPoolExecutor(len(watchers) + PUBLISHERS + 1) as pool:
            under_way = [pool.submit(each) for each in watchers]
            try:
                self._warm(under_way)
                began = time.perf_counter()
                publishers = [pool.submit(self._publish, began) for _ in range(PUBLISHERS)]
                remover = pool.submit(self._remove)
                for each in publishers:
                    each.result()
                took = time.perf_counter() - began
                self._published.set()
                remover.result()
                until(lambda: self._all_seen(under_way), 60.0, "everything to be seen", every=0.1)
            finally:
                self._published.set()
                self._stop.set()
        return self._figures(took)

    def _watchers(self) -> list[Callable[[], None]]:
        told, public, office, stop = self.told, self.system.public, self.system.office, self._stop
        return [
            *[lambda: watch_search(told, public, self.found, stop)] * SEARCHERS,
            lambda: watch_feed(told, public, stop),
            lambda: watch_log(told, office, stop),
            lambda: watch_proofs(told, office, self.proven, stop),
        ]

    def _warm(self, under_way: "Sequence[Future[None]]") -> None:
        for serial in itertools.islice(self._serials, WARM):
            self._one(serial)
        until(lambda: self._all_seen(under_way), 60.0, "the first to be seen", every=0.1)

    def _one(self, serial: int) -> None:
        listing = self.system.publish(serial)
        self.told.committed[listing.id] = time.perf_counter()
        self.published.append(listing)
        self.found.put(listing)
        if serial % PROOF_OF_EVERY == 0:
            self.proven.put(listing)

    def _publish(self, began: float) -> None:
        """Each listing at its time; one that is late goes at once, so that the rate is kept."""
        pause = Event()
        for serial in self._serials:
            if serial >= self.total:
                return
            due = began + (serial - WARM) / self.rate
            pause.wait(max(0.0, due - time.perf_counter()))
            self.late.append((time.perf_counter() - due) * 1000)
            self._one(serial)

    def _remove(self) -> None:
        """The newest that was seen everywhere, so many times a second, while others are published."""
        told, asked = self.told, AfterRemoval(self.told, self.system.public, self.system.office)
        while not self._published.wait(1 / self.removals):
            for listing in reversed(tuple(self.published)):
                if self._is_removable(listing.id):
                    self.system.remove(listing.id)
                    told.removed[listing.id] = time.perf_counter()
                    asked(listing)
                    break

    def _is_removable(self, listing_id: str) -> bool:
        seen = all(listing_id in each for each in (self.told.search, self.told.places, self.told.proof))
        return seen and listing_id not in self.told.removed

    def _all_seen(self, under_way: "Sequence[Future[None]]") -> bool:
        for each in under_way:
            if each.done():
                each.result()  # raises what ended the watcher
        told, wanted = self.told, set(self.told.committed)
        logged = told.checkpoints and told.checkpoints[-1][1] >= len(wanted) + len(told.removed)
        proven = {each.id for each in self.published if each.serial % PROOF_OF_EVERY == 0}
        return bool(
            logged
            and wanted <= told.search.keys()
            and wanted <= told.feed.keys()
            and proven <= told.proof.keys()
            and told.removed.keys() <= told.tombstone.keys()
        )

    def _figures(self, took: float) -> dict[str, Any]:
        told, counted = self.told, {each.id for each in self.published if each.serial >= WARM}
        since = {key: at for key, at in told.committed.items() if key in counted}
        return {
            "published": len(counted),
            "published_per_second": round(len(counted) / took, 1),
            "late_p99_ms": round(percentile(self.late, 0.99), 1),
            "search": spread(since, told.search),
            "feed": spread(since, told.feed),
            "log": spread(since, self._logged()),
            "proof": spread(since, told.proof),
            "removed": len(told.removed),
            "still_seen": sorted(told.still_seen),
            "tombstone": spread(told.removed, told.tombstone),
        }

    def _logged(self) -> dict[str, float]:
        """When the first signed checkpoint was read that has the listing's leaf."""
        with self.system.db.read() as session:
            rows = session.execute(
                select(LogLeaf.listing_id, LogLeaf.position).where(LogLeaf.version == 1)
            ).all()
        sizes = [size for _, size in self.told.checkpoints]
        return {key: self.told.checkpoints[bisect_right(sizes, position)][0] for key, position in rows}


def spread(since: Mapping[str, float], seen: Mapping[str, float]) -> dict[str, float]:
    """Milliseconds from commit to sight; whoever sees it before its writer is told waits for nothing."""
    spent = [max(0.0, seen[key] - at) * 1000 for key, at in since.items() if key in seen]
    if not spent:
        return {}
    shares = {"p50_ms": percentile(spent, 0.5), "p99_ms": percentile(spent, 0.99), "worst_ms": max(spent)}
    return {name: round(value, 1) for name, value in shares.items()} | {"count": len(spent)}


def measure(url: str, given: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name, running(url, Path(name)) as system:
        load = os.getloadavg()[0]
        figures = Run(system, given.rate, given.seconds, given.removals)()
        return figures | {"load_before": round(load, 1), "load_after": round(os.getloadavg()[0], 1)}


def on_postgresql(given: argparse.Namespace) -> dict[str, Any]:
    server = LocalPostgres(durable=True)
    server.start()
    try:
        return measure(Server(server.url, server.close, "local").fresh(), given)
    finally:
        server.close()


def on_sqlite(given: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        return measure(f"sqlite:///{name}/blacklist.db", given)


ENGINES = {"sqlite": on_sqlite, "postgresql": on_postgresql}


def said(engine: str, told: dict[str, Any]) -> str:
    parts = [
        f"{where} p50 {told[where]['p50_ms']} p99 {told[where]['p99_ms']} worst {told[where]['worst_ms']} ms"
        for where in ("search", "feed", "log", "proof")
    ]
    load = f"load {told['load_before']} to {told['load_after']}"
    removed = f"{told['removed']} removed, seen after it: {len(told['still_seen'])}"
    return f"{engine} at {told['published_per_second']}/s ({load}): {'; '.join(parts)}; {removed}"


def is_kept(told: dict[str, Any], rate: float) -> bool:
    quick = all(told[where]["p99_ms"] < MUST_MS for where in ("search", "feed", "log", "proof"))
    return quick and not told["still_seen"] and told["published_per_second"] >= REACHED * rate


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--engines", nargs="+", choices=tuple(ENGINES), default=list(ENGINES))
    options.add_argument("--rate", type=float, default=100.0)
    options.add_argument("--seconds", type=float, default=20.0)
    options.add_argument("--removals", type=float, default=2.0, help="a second")
    given = options.parse_args()
    rest_from_collecting()
    take_turns()
    figures = {engine: ENGINES[engine](given) for engine in given.engines}
    print(json.dumps(figures, indent=1))
    print(keep("visibility", {"rate": given.rate, "seconds": given.seconds, **figures}))
    for engine, told in figures.items():
        print(said(engine, told))
    return 0 if all(is_kept(told, given.rate) for told in figures.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
