"""Every fault of the stand-ins at rate 0.3 on every platform, while worker and broker are killed at random.

    python -m bench.fault_matrix [KIND …] [--listings 2000] [--rate 0.3] [--mode embedded|kafka]

30 % of the listings are corrected and 30 % withdrawn meanwhile. Once the faults end, every platform's ledger
has to equal the register within 120 s. Ends with 1 where a promise was not kept.
"""

import argparse
import json
import logging
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from bench.facts import keep
from services.credit_push.sandbox.faults import KINDS
from shared.eventlog import ensure_topics
from shared.logs import configure_logs
from tests.harness.broker import LocalKafka
from tests.harness.database import LocalPostgres, Server
from tests.harness.fault_run import FaultRun, Scale, summary
from tests.harness.platforms import push_world


@contextmanager
def means(mode: str) -> Iterator[tuple[dict[str, Any], Callable[[], None] | None]]:
    """Where events and deliveries are kept, and how the broker is killed and started again."""
    if mode == "embedded":
        yield {}, None
        return
    kafka, postgres = LocalKafka(), LocalPostgres()
    kafka.start()
    postgres.start()
    server = Server(postgres.url, postgres.close, "local")
    ensure_topics(kafka.url)

    def kill() -> None:
        kafka.kill()
        kafka.start()

    try:
        yield {"db_url": server.fresh(), "events_url": kafka.url}, kill
    finally:
        postgres.close()
        kafka.close()


def matrix(kind: str, rate: float, scale: Scale, mode: str) -> dict[str, Any]:
    """One fault, fresh data."""
    with tempfile.TemporaryDirectory() as name, means(mode) as (where, kill_broker):
        with push_world(Path(name), worker=False, tune=lambda profile: profile, **where) as world:
            run = FaultRun(world, scale, [kill_broker] if kill_broker else [])
            told = run([{"kind": kind, "rate": rate, "platform": "*"}])
        if told.wrong:
            print(f"   worker's log: {(Path(name) / 'worker.log').read_text()[-3000:]}", flush=True)
    print(f"{kind}: {summary(told.wrong) or 'all kept'}", flush=True)
    return asdict(told) | {"wrong": len(told.wrong), "first": told.wrong[:20]}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("kinds", nargs="*", help="which faults; all of them without a name")
    options.add_argument("--listings", type=int, default=2000)
    options.add_argument("--rate", type=float, default=0.3)
    options.add_argument("--mode", choices=("embedded", "kafka"), default="embedded")
    options.add_argument("--seconds", type=float, default=120, help="how long the faults last at most")
    options.add_argument("--seed", type=int, default=7)
    given = options.parse_args()
    configure_logs("error", "bench")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    scale = replace(Scale(), listings=given.listings, fault_seconds=given.seconds, seed=given.seed)
    runs = {}
    for kind in given.kinds or KINDS:
        runs[kind] = matrix(kind, given.rate, scale, given.mode)
        print(json.dumps({kind: runs[kind]}, ensure_ascii=False, indent=1), flush=True)
    told = {"mode": given.mode, "listings": given.listings, "rate": given.rate, "runs": runs}
    print(keep("fault_matrix", told))
    return 1 if any(run["wrong"] for run in runs.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
