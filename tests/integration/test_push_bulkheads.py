"""A platform that hangs or breaks is left alone, costs the others nothing, and is found well again.

Counts, not seconds: how often a bad platform was asked, and that every other got everything.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from services.credit_push import app as wiring
from services.credit_push.catalogue import Breaker, Limits, Window
from services.credit_push.models import Delivery
from services.credit_push.settings import read_settings
from services.credit_push.standing import health
from services.credit_push.usecases import Deps
from services.credit_push.usecases.gating import Pace, in_maintenance, quota_left, states
from services.credit_push.usecases.operating import pause, request_backfill, resume
from services.credit_push.usecases.sending import Dispatch
from services.credit_push.usecases.settling import with_newer
from services.credit_push.worker import build_loops
from shared.db import migrate
from shared.eventlog import EventLog, open_log
from shared.loops import drain, run
from tests.harness.counting import stubs
from tests.harness.platforms import EXCHANGE, Listing
from tests.harness.wait import PATIENCE, until

PATIENT = Breaker(failures=10, pause_seconds=(0.3,), deadline_hours=0)
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


class Noon:
    """Business time at noon in Shanghai unless moved; system time as it is."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def today(self) -> Any:
        return (self.at + timedelta(hours=8)).date()

    def system_now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Field:
    """The push service among stubs."""

    deps: Deps
    log: EventLog
    loops: list[Any]
    clock: Noon

    def publish(
        self, count: int, kind: str = "published", among: list[Listing] | None = None
    ) -> list[Listing]:
        listings = among or [Listing(self.deps.keyring) for _ in range(count)]
        self.log.append([each.event(kind, self.clock.at).to_record(EXCHANGE) for each in listings])
        return listings

    def plan(self) -> None:
        drain([loop for loop in self.loops if loop.name.startswith("credit-push")])

    def breaker(self, platform: str) -> str:
        with self.deps.db.read() as session:
            found: str = health(session, self.clock.system_now())[platform]["breaker"]
        return found


@contextmanager
def field(folder: Path, made: dict[str, Any]) -> Iterator[Field]:
    settings = read_settings({"DATA_DIR": str(folder)})
    opened, clock = wiring.open_deps(settings), Noon()
    migrate(opened.db.url, "services.credit_push")
    model = opened.catalogue["credit-quanzhou"]
    catalogue = {name: stub.like(model, name, *how) for name, (stub, *how) in made.items()}
    deps = replace(opened, catalogue=catalogue, clock=clock)
    log = open_log(settings.common.events_url)
    loops = build_loops(deps, log, wiring.open_ways(settings, deps), settings.holder)
    try:
        yield Field(deps, log, loops, clock)
    finally:
        for loop in loops:
            if hasattr(loop, "close"):
                loop.close()
        log.close()
        deps.db.close()


@contextmanager
def running(world: Field) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(world.loops, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20 * PATIENCE)


def test_one_hangs_one_breaks_and_the_others_get_everything(tmp_path: Path) -> None:
    with stubs(10) as made:
        names = {f"platform-{number}": (stub, PATIENT) for number, stub in enumerate(made)}
        hanging, broken, well = made[0], made[1], made[2:]
        hanging.mood, broken.mood = "hangs", "breaks"
        with field(tmp_path, names) as world:
            world.publish(60)
            with running(world):
                until(lambda: all(len(stub.rows) == 60 for stub in well), 60, "the well ones have all")
                until(lambda: world.breaker("platform-0") == "open", 20, "hanging one left alone")
                until(lambda: world.breaker("platform-1") == "open", 20, "broken one left alone")
                asked = hanging.posts + hanging.questions + broken.posts + broken.questions
                assert asked < 2 * 60
                hanging.mood = broken.mood = "well"
                until(lambda: len(hanging.rows) == len(broken.rows) == 60, 60, "they catch up")
            assert world.breaker("platform-0") == world.breaker("platform-1") == "closed"


def test_an_open_breaker_is_probed_with_one_row(tmp_path: Path) -> None:
    with stubs(1) as (stub,):
        stub.mood = "breaks"
        with field(tmp_path, {"bad": (stub, replace(PATIENT, pause_seconds=(3600.0,)))}) as world:
            world.publish(40)
            drain(world.loops)
            seen = stub.posts
            assert 10 <= seen < 40
            drain(world.loops)
            assert stub.posts == seen
            with world.deps.db.write() as session:
                resume(session, world.deps, "bad")
            stub.mood = "well"
            until(lambda: drain(world.loops) or len(stub.rows) == 40, 10, "all of it")


def test_a_due_day_about_to_end_overrides_the_breaker(tmp_path: Path) -> None:
    with stubs(1) as (stub,):
        stub.mood = "breaks"
        how = replace(PATIENT, pause_seconds=(3600.0,), deadline_hours=4)
        with field(tmp_path, {"bad": (stub, how)}) as world:
            world.publish(30)
            drain(world.loops)
            before = stub.posts + stub.questions
            assert world.breaker("bad") == "open"
            world.clock.at = NOON + timedelta(days=1, hours=11)  # 23:00 of the due day
            until(lambda: drain(world.loops) >= 0 and stub.posts + stub.questions > before, 5, "tried")
            assert stub.posts + stub.questions <= before + 5
            assert world.breaker("bad") == "open"


def test_removals_overtake_additions(tmp_path: Path) -> None:
    with stubs(1) as (stub,):
        stub.patience = 5.0  # what is answered too late goes out again, behind others
        with field(tmp_path, {"only": (stub, PATIENT)}) as world:
            listed = world.publish(3)
            until(lambda: drain(world.loops) >= 0 and len(stub.rows) == 3, 30, "listed")
            world.publish(700)
            world.plan()
            world.publish(0, "revoked", listed)
            world.plan()
            until(lambda: drain(world.loops) >= 0 and len(stub.rows) == 706, 60, "all")
            places = [at for at, key in enumerate(stub.rows) if key.endswith(":withdraw")]
            assert max(places) < 3 + 3 + 4 * 4, places  # ahead of all but what shared their window


def test_pause_maintenance_and_quota_hold_everything_back(tmp_path: Path) -> None:
    night = Limits(maintenance=(Window(None, time(12), time(13)),))
    with stubs(3) as (paused, closed, scarce):
        scarce.patience = 20.0  # a row whose answer came too late would count twice
        how = {
            "paused": (paused, PATIENT),
            "closed": (closed, PATIENT, night),
            "scarce": (scarce, PATIENT, Limits(daily_rows=10)),
        }
        with field(tmp_path, how) as world:
            with world.deps.db.write() as session:
                pause(session, world.deps, "paused", "tester", "平台通知停机")
            listed = world.publish(15)
            drain(world.loops)
            assert (len(paused.rows), len(closed.rows), len(scarce.rows)) == (0, 0, 9)
            world.publish(0, "revoked", listed[:5])
            until(lambda: drain(world.loops) >= 0 and len(scarce.rows) == 10, 30, "the tenth withdraws")
            assert scarce.rows[-1].endswith(":withdraw")
            with world.deps.db.write() as session:
                resume(session, world.deps, "paused")
            world.clock.at = NOON + timedelta(hours=24, minutes=61)
            until(lambda: drain(world.loops) >= 0 and len(closed.rows) >= 10, 30, "the hour is over")
            until(lambda: drain(world.loops) >= 0 and len(scarce.rows) > 10, 30, "a new day")
            until(lambda: drain(world.loops) >= 0 and len(paused.rows) >= 10, 30, "resumed")


def test_a_quota_holds_while_the_database_is_slow(tmp_path: Path) -> None:
    with stubs(1) as (scarce,):
        scarce.patience = 20.0
        with field(tmp_path, {"scarce": (scarce, PATIENT, Limits(daily_rows=10))}) as world:
            world.publish(1)
            drain(world.loops)  # from now on the platform is ours
            world.publish(14)
            world.plan()
            (sender,) = (loop for loop in world.loops if loop.name == "sender")
            with world.deps.db.write() as session:
                session.connection()  # nobody can claim meanwhile, and nothing is counted yet
                for _ in range(10):
                    sender.step()
            until(lambda: drain(world.loops) >= 0 and len(scarce.rows) >= 9, 30, "all but the kept row")
            assert len(scarce.rows) == 9


def test_a_new_platform_gets_everything_in_force_once(tmp_path: Path) -> None:
    with stubs(2) as (old, new):
        with field(tmp_path, {"old": (old, PATIENT)}) as world:
            listed = world.publish(12)
            until(lambda: drain(world.loops) >= 0 and len(old.rows) == 12, 10, "listed")
            world.publish(0, "revoked", listed[:4])
            until(lambda: drain(world.loops) >= 0 and len(old.rows) == 16, 10, "withdrawn")
        with field(tmp_path, {"old": (old, PATIENT), "new": (new, PATIENT)}) as world:
            for _ in range(2):
                with world.deps.db.write() as session:
                    request_backfill(session, world.deps, "new", "tester")
                until(lambda: drain(world.loops) >= 0 and len(new.rows) == 8, 10, "in force")
            assert len(old.rows) == 16
            world.publish(0, "revoked", listed[4:6])
            until(lambda: drain(world.loops) >= 0 and len(new.rows) == 10, 10, "followed")


def test_what_went_as_no_longer_taken_is_listed_again_once_it_is_taken(tmp_path: Path) -> None:
    with stubs(1) as (stub,), field(tmp_path, {"only": (stub, PATIENT)}) as world:
        profile = world.deps.catalogue["only"]
        (one,) = world.publish(1)
        until(lambda: drain(world.loops) >= 0 and len(stub.rows) == 1, 10, "listed")
        elsewhere = replace(profile, takes=replace(profile.takes, regions=("110000",)))
        world.deps.catalogue["only"] = elsewhere  # type: ignore[index]  a dict here
        world.publish(0, "corrected", [one])
        until(lambda: drain(world.loops) >= 0 and len(stub.rows) == 2, 10, "no longer taken")
        world.deps.catalogue["only"] = profile  # type: ignore[index]
        for _ in range(2):
            with world.deps.db.write() as session:
                request_backfill(session, world.deps, "only", "tester")
            until(lambda: drain(world.loops) >= 0 and len(stub.rows) == 3, 10, "taken again")
        assert [key.rpartition(":")[2] for key in stub.rows] == ["list", "withdraw", "list"]
        with world.deps.db.read() as session:
            gone = session.scalars(select(Delivery).where(Delivery.operation == "withdraw")).one()
            assert with_newer(session, "only", [one.id]) >= {gone.id}, "it is not pushed over the listing"


def test_hours_quotas_and_pace() -> None:
    sunday = Limits(maintenance=(Window(6, time(22), time()),), daily_rows=100)
    assert in_maintenance(sunday, datetime(2026, 11, 22, 15, 30, tzinfo=UTC))
    assert not in_maintenance(sunday, datetime(2026, 11, 22, 16, 0, tzinfo=UTC))
    assert not in_maintenance(sunday, NOON)
    today = NOON.date()
    assert quota_left(sunday, {"counted_on": today, "counted": 95}, today) == (5, -5)
    assert quota_left(sunday, {"counted_on": today - timedelta(days=1), "counted": 95}, today) == (100, 90)
    assert quota_left(Limits(), {}, today) is None
    pace = Pace(1000.0)
    pace.used(1000)
    assert pace.allowed() is not None
    assert (pace.allowed() or 0) < 1000
    assert Pace(0).allowed() is None


def test_rows_that_never_left_are_not_counted(tmp_path: Path) -> None:
    with stubs(1) as (stub,):
        stub.mood = "hangs"
        patience = replace(PATIENT, pause_seconds=(3600.0,))
        with field(tmp_path, {"bad": (stub, patience, Limits(daily_rows=1000))}) as world:
            world.publish(40)
            drain(world.loops)
            with world.deps.db.read() as session:
                tried = session.scalar(select(func.sum(Delivery.attempts_count)))
                counted = states(session)["bad"]["counted"]
            assert 0 < counted < 40
            assert counted == tried


def test_what_is_paused_after_the_look_is_not_claimed(tmp_path: Path) -> None:
    with stubs(1) as (stub,), field(tmp_path, {"calm": (stub, PATIENT)}) as world:
        world.publish(3)
        world.plan()
        with world.deps.db.write() as session:
            pause(session, world.deps, "calm", "tester", "平台通知停机")
        unused: Any = None
        assert Dispatch(world.deps, world.deps.catalogue["calm"], unused, "me")() == 0
        with world.deps.db.read() as session:
            assert set(session.scalars(select(Delivery.state))) == {"waiting"}


@pytest.mark.parametrize("mood", ["hangs", "breaks"])
def test_rows_never_handed_over_keep_their_tries(tmp_path: Path, mood: str) -> None:
    with stubs(1) as (stub,):
        stub.mood = mood
        with field(tmp_path, {"bad": (stub, replace(PATIENT, pause_seconds=(3600.0,)))}) as world:
            world.publish(40)
            drain(world.loops)
            from services.credit_push import queries

            with world.deps.db.read() as session:
                found = queries.deliveries(session, queries.Filter(), None, 100)
            untouched = [row for row in found if row.attempts_count == 0]
            assert len(untouched) >= 20
            assert all(
                (row.failures, row.possibly_sent, row.state) == (0, False, "waiting") for row in untouched
            )
