"""Listings pushed to every platform while the platforms misbehave and the worker is killed again and again.

Afterwards the platforms are asked from below what they show, what had an effect and what receipts they gave.
"""

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from services.credit_push.catalogue import SAMPLE_VALUES, load_catalogue
from services.credit_push.models import Delivery, Holding, ReconciliationRun
from services.credit_push.models import Listing as KnownListing
from services.credit_push.routing import Facts, route
from shared.contracts.envelope import Event
from shared.eventlog import LogError
from tests.harness.by_hand import Person
from tests.harness.effects import Watch, doubled, falling
from tests.harness.forked import Forked
from tests.harness.platforms import EXCHANGE, Listing, PushWorld, Subject, http_json
from tests.harness.wait import PATIENCE, until

ROOT = Path(__file__).parents[2]
CATALOGUE = load_catalogue(SAMPLE_VALUES)
PLACES = (
    ("130102", "engineering-tendering", "industry-misconduct", 4),
    ("350524", "engineering-tendering", "industry-misconduct", 4),
    ("350524", "housing-security", "penalty-record", 2),
    ("210000", "engineering-tendering", "industry-misconduct", 3),
    ("210000", "spot-check", "penalty-record", 2),
    ("130102", "government-procurement", "serious", 1),
    ("130000", "engineering-tendering", "industry-misconduct", 1),
    ("350000", "engineering-tendering", "industry-misconduct", 1),
    ("000000", "engineering-tendering", "industry-misconduct", 2),
)
"""Region, domain, class and weight: together they reach every platform that is pushed."""
ORGANIZATIONS_ONLY = ("government-procurement", "spot-check")
DONE = ("acknowledged", "superseded")


@dataclass(frozen=True)
class Scale:
    """How much, and how rough."""

    listings: int = 2000
    corrected: float = 0.3
    withdrawn: float = 0.3
    persons: float = 0.1
    publish_seconds: float = 45.0
    fault_seconds: float = 120.0
    kill_after: tuple[float, float] = (9.0, 18.0)
    converge_seconds: float = 120.0
    seed: int = 7


@dataclass
class Told:
    """What one run showed."""

    deliveries: int = 0
    kills: int = 0
    open_at_end_of_faults: int = 0
    seconds_to_converge: float = 0.0
    wrong: list[str] = field(default_factory=list)


class Worker:
    """The worker process, killed without a word and started again."""

    def __init__(self, world: PushWorld, log: Path) -> None:
        common = world.settings.common
        self._env = {name: value for name, value in os.environ.items() if name != "CRASH_AT"}
        self._env |= {"DATA_DIR": str(common.data_dir), "SANDBOX_URL": world.sandbox, "LOG_LEVEL": "warning"}
        self._env |= {"EVENTS_URL": common.events_url, "CREDIT_PUSH_DB_URL": common.db_url}
        self._log, self.kills = log, 0
        self._process: subprocess.Popen[bytes] | Forked | None = None
        self._launch()

    def _launch(self) -> None:
        with self._log.open("ab") as output:
            command = [sys.executable, "-m", "services.credit_push", "worker"]
            self._process = subprocess.Popen(command, env=self._env, cwd=ROOT, stdout=output, stderr=output)

    def kill(self) -> None:
        """As a power cut would, and up again."""
        self.end(kill=True)
        self.kills += 1
        self._launch()

    def end(self, *, kill: bool = False) -> None:
        if self._process is not None:
            (self._process.kill if kill else self._process.terminate)()
            self._process.wait(20 * PATIENCE)
            self._process = None


@contextmanager
def killing(
    kills: Sequence[Callable[[], None]], pause: tuple[float, float], dice: random.Random
) -> Iterator[None]:
    """Call one of `kills` again and again, at random moments."""
    stop = threading.Event()

    def strike() -> None:
        while not stop.wait(dice.uniform(*pause)):
            dice.choice(kills)()

    thread = threading.Thread(target=strike, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(120)


class QuickWorker(Worker):
    """The same, forked: it is there at once, and much may be killed in a short time."""

    def _launch(self) -> None:
        self._process = Forked("services.credit_push", "worker", env=self._env, errors=self._log)


class FaultRun:
    """One stream of listings under one set of faults."""

    worker: type[Worker] = Worker

    def __init__(self, world: PushWorld, scale: Scale, more_kills: Sequence[Callable[[], None]] = ()) -> None:
        self.world, self.scale, self.dice = world, scale, random.Random(scale.seed)
        self.watch = Watch(world.settings.sandbox_dir / "sandbox.db")
        self.person, self.client = Person(world), world.client("operator", region="000000")
        self.gone: set[str] = set()
        self.listings = [self._listing(number) for number in range(scale.listings)]
        self._more_kills = more_kills

    def _listing(self, number: int) -> Listing:
        weights = [place[3] for place in PLACES]
        region, domain, list_class, _ = self.dice.choices(PLACES, weights)[0]
        person = self.dice.random() < self.scale.persons and domain not in ORGANIZATIONS_ONLY
        name = f"示例人员{number}" if person else f"示例建设工程第{number}有限公司"
        return self.world.listing(
            region=region,
            domain=domain,
            list_class=list_class,
            subject=Subject(name, person),
            number=f"示住建罚〔2026〕{number}号",
        )

    def stream(self) -> list[Event]:
        """Every event of every listing, shuffled but in order for each."""
        steps: dict[str, list[str]] = {}
        for listing in self.listings:
            steps[listing.id] = ["published"]
            if self.dice.random() < self.scale.corrected:
                steps[listing.id].append("corrected")
            if self.dice.random() < self.scale.withdrawn:
                steps[listing.id].append("revoked")
                self.gone.add(listing.id)
        turns = [listing for listing in self.listings for _ in steps[listing.id]]
        self.dice.shuffle(turns)
        events = []
        for listing in turns:
            kind = steps[listing.id].pop(0)
            if kind == "corrected":
                listing.facts = f"更正后的违法事实（{listing.number}）"
            events.append(listing.event(kind))
        return events

    def __call__(self, faults: Sequence[dict[str, Any]]) -> Told:
        told, scale = Told(), self.scale
        for fault in faults:
            http_json("POST", f"{self.world.sandbox}/faults", fault)
        worker = self.worker(self.world, self.world.settings.common.data_dir / "worker.log")
        try:
            began = time.monotonic()
            with killing([worker.kill, *self._more_kills], scale.kill_after, self.dice):
                self._publish(self.stream())
                self._until(lambda: self._settled() or time.monotonic() - began > scale.fault_seconds, 900)
            told.open_at_end_of_faults, told.kills = self._open(), worker.kills
            self.world.clear_faults()
            began = time.monotonic()
            self._converge(told)
            told.seconds_to_converge = round(time.monotonic() - began, 1)
            told.wrong += self.wrong()
        finally:
            worker.end()
        told.deliveries = self._count()
        return told

    def _publish(self, events: list[Event]) -> None:
        size = max(1, len(events) // 50)
        pause = threading.Event()
        for at in range(0, len(events), size):
            records = [event.to_record(EXCHANGE) for event in events[at : at + size]]
            until(partial(self._append, records), 120, "the log takes events", every=0.5)
            self._tend()
            pause.wait(self.scale.publish_seconds / 50)

    def _append(self, records: list[Any]) -> bool:
        try:
            self.world.log.append(records)
        except LogError:
            return False
        return True

    def _tend(self) -> None:
        """What people do meanwhile: carry sheets and letters, push again what was refused."""
        self.person.carry()
        self.client.post("/push/api/v1/replays", json={})

    def _until(self, condition: Callable[[], bool], seconds: float) -> None:
        def look() -> bool:
            self._tend()
            return condition()

        until(look, seconds, "the deliveries to settle", every=1.0)

    def _converge(self, told: Told) -> None:
        """Settled and reconciled, each in the time given for both."""
        end = time.monotonic() + self.scale.converge_seconds
        try:
            self._until(self._settled, self.scale.converge_seconds)
            while self.reconcile(end) and time.monotonic() < end:
                self._until(self._settled, max(1.0, end - time.monotonic()))
        except AssertionError as error:
            told.wrong.append(f"{error}: {self._unsettled()}")

    def reconcile(self, end: float, *, repair: bool = True) -> int:
        """A run of every platform; how many differences they told."""
        asked = self.client.post(
            "/push/api/v1/reconciliations", json={"platform": None, "repair": repair}
        ).json
        ids = [one["id"] for one in asked["items"]]
        run = ReconciliationRun
        found: list[Any] = []

        def done() -> bool:
            with self.world.deps.db.read() as session:
                found[:] = session.scalars(select(run).where(run.id.in_(ids))).all()
            return all(one.state in ("done", "failed") for one in found)

        until(done, max(5.0, end - time.monotonic()), "the reconciliation", every=0.3)
        views = [self.client.get(f"/push/api/v1/reconciliations/{one}").json for one in ids]
        self.found = [
            f"{view['platform']} {one['kind']} {one['detail']} repaired: {bool(one['repair_id'])}"
            for view in views
            for one in view["differences"]
        ] + [
            f"{view['platform']} {view['state']} {view['reason']}"
            for view in views
            if view["state"] != "done"
        ]
        return len(self.found)

    def _states(self) -> dict[tuple[str, str], int]:
        query = select(Delivery.platform, Delivery.state, func.count()).group_by(
            Delivery.platform, Delivery.state
        )
        with self.world.deps.db.read() as session:
            return {(platform, state): count for platform, state, count in session.execute(query)}

    def _count(self) -> int:
        return sum(self._states().values())

    def _open(self) -> int:
        return sum(count for (_, state), count in self._states().items() if state not in DONE)

    def _unsettled(self) -> dict[str, int]:
        return {f"{at} {state}": count for (at, state), count in self._states().items() if state not in DONE}

    def _settled(self) -> bool:
        """Every event planned, and no newest version of a listing still on its way anywhere."""
        with self.world.deps.db.read() as session:
            known = dict(session.execute(select(KnownListing.id, KnownListing.sequence)).all())
            later = Delivery.__table__.alias()
            newer = select(later.c.id).where(
                later.c.listing_id == Delivery.listing_id,
                later.c.platform == Delivery.platform,
                later.c.sequence > Delivery.sequence,
            )
            left = select(Delivery.id).where(Delivery.state.not_in(DONE))
            left = left.where(Delivery.state.not_in(("rejected", "dead")) | ~newer.exists())
            moving = session.scalars(left.limit(1)).first()
        return moving is None and all(known.get(one.id) == one.sequence for one in self.listings)

    def expected(self) -> dict[tuple[str, str], int]:
        """What every platform has to show: (platform, document number) and the version."""
        found = {}
        for listing in self.listings:
            if listing.id in self.gone:
                continue
            kind = "individual" if listing.subject.person else "organization"
            facts = Facts(listing.region, listing.domain, listing.list_class, kind)
            for profile in route(CATALOGUE, facts):
                found[profile.id, listing.number] = listing.sequence
        return found

    def wrong(self) -> list[str]:
        """Every promise that was not kept."""
        found = self._ledgers() + self._receipts()
        effects = self.watch.effects()
        lost = self._repaired()
        found += [f"twice: {one}" for one in doubled(effects) if (one.platform, one.listing_id) not in lost]
        found += [f"fell: {one}" for one in falling(effects)]
        if self.reconcile(time.monotonic() + 60, repair=False):
            found += [f"differs: {one}" for one in self.found]
        return found

    def _repaired(self) -> set[tuple[str, str]]:
        """Where a reconciliation has pushed the same version once more on purpose."""
        query = select(Delivery.platform, Delivery.listing_id).where(Delivery.resent > 0)
        with self.world.deps.db.read() as session:
            return set(session.execute(query).all())

    def _ledgers(self) -> list[str]:
        expected, shown = self.expected(), self.watch.shown()
        found = [f"missing: {place}" for place in expected.keys() - shown.keys()]
        found += [f"still shown: {place}" for place in shown.keys() - expected.keys()]
        for place in expected.keys() & shown.keys():
            if shown[place] not in (None, expected[place]):
                found.append(f"version: {place} {shown[place]} instead of {expected[place]}")
        with self.world.deps.db.read() as session:
            query = select(Holding.platform, Holding.listing_id, Holding.version)
            ours = {(at, listing): version for at, listing, version in session.execute(query)}
        ids = {listing.number: listing.id for listing in self.listings}
        wanted = {(at, ids[number]): version for (at, number), version in expected.items()}
        return found + [f"holding: {each}" for each in set(ours.items()) ^ set(wanted.items())]

    def _receipts(self) -> list[str]:
        """Receipts the platforms made out that we do not have."""
        query = select(Delivery.idempotency_key, Delivery.receipt_number).where(
            Delivery.state == "acknowledged"
        )
        with self.world.deps.db.read() as session:
            ours = dict(session.execute(query).all())
        return [
            f"receipt lost: {key} {number} ours {ours.get(key)}"
            for key, number in self.watch.receipts().items()
            if ours.get(key) != number
        ]


def summary(wrong: Sequence[str]) -> str:
    """How many of each kind, and the first few."""
    kinds = Counter(one.split(":")[0] for one in wrong)
    return "; ".join([*(f"{kind} {count}" for kind, count in kinds.items()), *wrong[:12]])
