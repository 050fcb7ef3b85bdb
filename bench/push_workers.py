"""Two worker processes beside one, on the same backlog of listings that go to four platforms each.

    python -m bench.push_workers [--listings 1500] [--repeats 2] [--no-kafka]

PostgreSQL, with Kafka or the SQL log. Beside the rate: the CPU of all workers a push, and what part of the
pushes the busiest of them did. Where cores are short the rate cannot double; what it could be with cores
enough follows from both: an even split at the same CPU a push is twice the rate.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench.facts import keep, spread
from bench.push import Service, only, platform
from services.credit_push import app as wiring
from services.credit_push.models import Delivery
from services.credit_push.settings import read_settings
from services.credit_push.worker import build_loops
from shared.db import Database
from shared.eventlog import open_log
from shared.loops import run
from shared.process import rest_from_collecting, take_turns
from tests.harness.broker import find_broker
from tests.harness.database import LocalPostgres, Server
from tests.harness.wait import until

PLATFORMS = 4
MODEL = "credit-quanzhou"


def work(folder: str, db_url: str, events_url: str, *endpoints: str) -> None:
    """One worker with all its loops, until it is told to stop; then what it did and used."""
    env = {"DATA_DIR": folder, "CREDIT_PUSH_DB_URL": db_url, "EVENTS_URL": events_url}
    settings = read_settings(env)
    opened = wiring.open_deps(settings)
    model = opened.catalogue[MODEL]
    profiles = [replace(only(model, url, 1), id=f"platform-{at}") for at, url in enumerate(endpoints)]
    deps = replace(opened, catalogue={each.id: each for each in profiles})
    log, stop = open_log(events_url), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    rest_from_collecting()
    take_turns()
    loops = build_loops(deps, log, wiring.open_ways(settings, deps), settings.holder)
    used = time.process_time()
    run(loops, stop)
    print(json.dumps({"cpu": time.process_time() - used, "pushes": _pushes()}), flush=True)


def _pushes() -> float:
    from services.credit_push.usecases.sending import outcomes_total

    found = (sample.value for metric in outcomes_total.collect() for sample in metric.samples
             if sample.name.endswith("_total"))  # fmt: skip
    return sum(found)


def measure(workers: int, folder: Path, db_url: str, events_url: str, listings: int) -> dict[str, float]:
    """A backlog worked off by so many processes."""
    with ExitStack() as stack:
        endpoints = [stack.enter_context(platform()) for _ in range(PLATFORMS)]
        service = Service(folder, db_url, events_url, endpoints[0], 1)
        service.publish(service.events(listings))
        command = [sys.executable, "-m", "bench.push_workers", "--work", str(folder), db_url, events_url]
        started = [
            subprocess.Popen([*command, *endpoints], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            for _ in range(workers)
        ]
        wanted = listings * PLATFORMS
        until(lambda: _done(service.deps.db) > 0, 90, "the first receipt", every=0.05)
        early, began = _done(service.deps.db), time.perf_counter()
        until(lambda: _done(service.deps.db) >= wanted, 900, "all acknowledged", every=0.2)
        took = time.perf_counter() - began
        told = [_ended(each) for each in started]
        service.log.close()
        service.deps.db.close()
    return {
        "per_second": (wanted - early) / took,
        "cpu_microseconds_each": sum(each["cpu"] for each in told) / wanted * 1e6,
        "largest_part": max(each["pushes"] for each in told) / sum(each["pushes"] for each in told),
    }


def _done(db: Database) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).where(Delivery.state == "acknowledged")) or 0


def _ended(process: "subprocess.Popen[bytes]") -> dict[str, float]:
    process.terminate()
    told, _ = process.communicate(timeout=60)
    found: dict[str, float] = json.loads(told.splitlines()[-1])
    return found


def compared(db_url: Callable[[], str], events_url: Callable[[Path], str], listings: int) -> dict[str, float]:
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        for workers, label in ((1, "one"), (2, "two")):
            folder = Path(name) / label
            folder.mkdir()
            found = measure(workers, folder, db_url(), events_url(folder), listings)
            figures |= {f"{label}_{what}": value for what, value in found.items()}
    figures["rate_ratio"] = figures["two_per_second"] / figures["one_per_second"]
    dearer = figures["one_cpu_microseconds_each"] / figures["two_cpu_microseconds_each"]
    figures["ratio_by_cpu_and_part"] = dearer / figures["two_largest_part"]
    return figures


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--listings", type=int, default=1500)
    options.add_argument("--repeats", type=int, default=2)
    options.add_argument("--no-kafka", action="store_true")
    options.add_argument("--work", nargs="+", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.work:
        work(*given.work)
        return
    with ExitStack() as stack:
        server = LocalPostgres(durable=True)
        server.start()
        stack.callback(server.close)
        fresh = Server(server.url, server.close, "local").fresh
        events: Callable[[Path], str] = lambda folder: f"sqlite:///{folder}/events.db"  # noqa: E731
        if not given.no_kafka:
            broker = find_broker()
            stack.callback(broker.close)
            events = lambda _: broker.url  # noqa: E731
        runs = [compared(fresh, events, given.listings) for _ in range(given.repeats)]
    figures: dict[str, Any] = {"listings": given.listings, "platforms": PLATFORMS, "cores": os.cpu_count()}
    figures |= {name: spread([each[name] for each in runs], digits=2) for name in runs[0]}
    print(json.dumps(figures, indent=1))
    print(keep("push_workers", figures))


if __name__ == "__main__":
    main()
