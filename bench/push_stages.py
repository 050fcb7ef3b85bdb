"""CPU of one push by stage, from the event in the log to the told receipt; one thread, no waiting.

    python -m bench.push_stages [--listings 4000] [--repeats 3] [--postgresql]

Each stage handles batches of 500; the least of all batches counts, so that a busy machine shows less in it.
HTTP itself is left out (`python -m bench.push` measures the whole): a stand-in answers every row.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.facts import keep
from bench.push import Service
from services.credit_push.consumes import exchange_handler
from services.credit_push.models import inbox, leases, outbox
from services.credit_push.transports.base import FILED, Job, Outcome
from services.credit_push.usecases.claiming import Claimed, claim
from services.credit_push.usecases.sending import Dispatch, Tried, settle_tries
from shared.contracts.envelope import Record, from_record
from shared.inbox import claim as unseen
from shared.outbox import Relay
from shared.process import rest_from_collecting
from tests.harness.database import LocalPostgres, Server
from tests.harness.platforms import EXCHANGE

AT_ONCE = 500
ANSWER = b'{"receipts": [{"idempotency_key": "%b", "result": "accepted", "receipt_number": "R1"}]}'


class Yes:
    """A way to a platform that files everything at once."""

    def send(self, jobs: Sequence[Job]) -> list[Outcome]:
        return [
            Outcome(job.delivery_id, FILED, "R1", http_status=200, evidence=ANSWER % job.key.encode())
            for job in jobs
        ]


class Stages:
    """A service whose stages are called one after the other, and the least CPU each took for a batch."""

    def __init__(self, service: Service) -> None:
        self.service, self.least = service, dict[str, float]()
        self.deps = service.deps
        (self.profile,) = self.deps.catalogue.values()
        way: Any = Yes()
        self.dispatch = Dispatch(self.deps, self.profile, way, "me")
        self.handle = exchange_handler(self.deps)

    def timed(self, name: str, act: Callable[..., Any], *given: Any) -> Any:
        began = time.thread_time()
        found = act(*given)
        self.least[name] = min(self.least.get(name, 1e9), time.thread_time() - began)
        return found

    def batch(self, records: Sequence[Record]) -> None:
        """One batch through all of them."""
        events = self.timed("parse", lambda: [from_record(record) for record in records])
        self.timed("plan", self._plan, events)
        claimed = self.timed("claim", self._claim)
        tried = self.timed("encode", self.dispatch._send, claimed)
        self.timed("settle", self._settle, tried)

    def _plan(self, events: list[Any]) -> None:
        with self.deps.db.write() as session:
            self.handle(session, unseen(session, inbox, "bench", events))

    def _claim(self) -> list[Claimed]:
        with self.deps.db.write() as session:
            now, at = self.deps.clock.system_now(), self.deps.clock.now()
            return claim(session, self.profile, "me", now, at, self.deps.recent)

    def _settle(self, tried: list[Tried]) -> None:
        with self.deps.db.write() as session:
            settle_tries(session, self.deps, self.profile, tried)


def measure(folder: Path, db_url: str, listings: int) -> dict[str, float]:
    """Microseconds of CPU a push, by stage."""
    service = Service(folder, db_url, f"sqlite:///{folder}/events.db", "http://127.0.0.1:1", 1)
    service.publish(service.events(listings))
    stages = Stages(service)
    reader = service.log.reader([EXCHANGE], "bench")
    relay = Relay(service.deps.db, outbox, leases, service.log, "me")
    rest_from_collecting()
    while records := stages.timed("poll", reader.poll, AT_ONCE):
        if len(records) < AT_ONCE:
            break
        stages.batch(records)
        stages.timed("relay", lambda: [None for _ in iter(relay.step, False)])
        reader.commit()
    del stages.least["poll"]  # the last look finds nothing
    reader.close()
    relay.close()
    service.log.close()
    service.deps.db.close()
    return {name: seconds / AT_ONCE * 1e6 for name, seconds in stages.least.items()}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--listings", type=int, default=4000)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--postgresql", action="store_true")
    given = options.parse_args()
    best: dict[str, float] = {}
    with ExitStack() as stack:
        fresh = _postgresql(stack) if given.postgresql else None
        for _ in range(given.repeats):
            with tempfile.TemporaryDirectory() as name:
                url = fresh() if fresh else f"sqlite:///{name}/push.db"
                for stage, cost in measure(Path(name), url, given.listings).items():
                    best[stage] = min(best.get(stage, 1e9), cost)
    figures: dict[str, Any] = {name: round(cost, 1) for name, cost in best.items()}
    figures |= {"together": round(sum(best.values()), 1), "postgresql": given.postgresql}
    print(json.dumps(figures, indent=1))
    print(keep("push_stages", figures))


def _postgresql(stack: ExitStack) -> Callable[[], str]:
    server = LocalPostgres(durable=False)
    server.start()
    stack.callback(server.close)
    return Server(server.url, server.close, "local").fresh


if __name__ == "__main__":
    main()
