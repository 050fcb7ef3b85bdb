"""Whoever plans, claims, settles, takes over or fills locks in one order: no two wait for each other.

Each case holds what one of them holds first, lets the other begin, and then asks for what that one has: had
it been taken in another order, PostgreSQL would break one of the two off as a deadlock.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, select, text, update
from sqlalchemy.orm import Session

from services.credit_push import app as wiring
from services.credit_push.models import (
    Appearance,
    Delivery,
    Listing,
    ListingVersion,
    PlatformState,
    metadata,
)
from services.credit_push.publishes import lock_listings
from services.credit_push.settings import read_settings
from services.credit_push.sights import DISPLAYED, Basis
from services.credit_push.usecases import Deps
from services.credit_push.usecases.backfilling import Backfill
from services.credit_push.usecases.claiming import claim
from services.credit_push.usecases.gating import hold
from services.credit_push.usecases.sender import Sender
from services.credit_push.usecases.tracking import track
from tests.harness.platforms import Listing as Made
from tests.harness.wait import until
from tests.integration.test_push_attempts import DELIVERY, LISTING

PLATFORM = "credit-quanzhou"
AGO = datetime.now(UTC) - timedelta(hours=1)
FIRST, SECOND = "d1", "d2"


@dataclass
class Beside:
    """Something done in a thread of its own."""

    act: Callable[[], Any]
    problem: list[BaseException] = field(default_factory=list)

    def __enter__(self) -> "Beside":
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        return self

    def _run(self) -> None:
        try:
            self.act()
        except Exception as error:  # noqa: BLE001  told to the test
            self.problem.append(error)

    def __exit__(self, *_: object) -> None:
        self.thread.join(60)
        assert not self.thread.is_alive()
        assert not self.problem

    def until_it_waits(self, deps: Deps) -> None:
        """Until it wants a lock that somebody else has, or has ended."""
        waits = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")

        def look() -> bool:
            with deps.db.read() as session:
                return not self.thread.is_alive() or bool(session.scalar(waits))

        until(look, 60, "the other one to wait")


@pytest.fixture
def deps(postgres_url: str, tmp_path: Path) -> Iterator[Deps]:
    """Two deliveries of two listings at one platform; the second is due before the first."""
    opened = wiring.open_deps(read_settings({"DATA_DIR": str(tmp_path), "CREDIT_PUSH_DB_URL": postgres_url}))
    metadata.create_all(opened.db.engine)
    due = {"platform": PLATFORM, "state": "accepted", "lease_holder": "dead"}
    with opened.db.write() as session:
        session.execute(insert(Listing), [LISTING, LISTING | {"id": "l2"}])
        rows = [
            due | {"id": FIRST, "next_attempt_at": AGO, "idempotency_key": "k1"},
            due | {"id": SECOND, "next_attempt_at": AGO - timedelta(hours=1), "idempotency_key": "k2"}
            | {"listing_id": "l2"},
        ]  # fmt: skip
        session.execute(insert(Delivery), [DELIVERY | row for row in rows])
        payload = Made(opened.keyring).event("published").data
        for listing in ("l1", "l2"):
            version = {"listing_id": listing, "sequence": 1, "version": 1, "operation": "list"}
            session.execute(insert(ListingVersion), [version | {"payload": payload, "recorded_at": AGO}])
    yield opened
    opened.db.close()


@contextmanager
def holding(deps: Deps, delivery: str) -> Iterator[Session]:
    """As planning and settling do: a delivery, and then one of a higher id."""
    with deps.db.write() as session:
        session.execute(text("SET LOCAL deadlock_timeout = '100ms'"))
        session.execute(select(Delivery.id).where(Delivery.id == delivery).with_for_update())
        yield session


def _claim(deps: Deps) -> None:
    with deps.db.write() as session:
        now = deps.clock.system_now()
        claim(session, deps.catalogue[PLATFORM], "me", now, deps.clock.now(), deps.recent)


def test_claiming_waits_for_nobody(deps: Deps) -> None:
    with holding(deps, FIRST) as session, Beside(lambda: _claim(deps)) as claiming:
        claiming.until_it_waits(deps)
        session.execute(select(Delivery.id).where(Delivery.id == SECOND).with_for_update())
    with deps.db.read() as session:
        states = {row.id: row.state for row in session.execute(select(Delivery.id, Delivery.state))}
    assert states == {FIRST: "accepted", SECOND: "sending"}


class Nowhere:
    """A way on which nothing is sent."""

    def close(self) -> None:
        pass


def test_taking_over_locks_in_order(deps: Deps) -> None:
    with deps.db.write() as session:
        session.execute(update(Delivery).values(state="sending", lease_until=AGO + timedelta(days=1)))
    nowhere: Any = Nowhere()
    sender = Sender(deps, {PLATFORM: nowhere}, "me")
    with holding(deps, FIRST) as session, Beside(sender.step) as taking:
        taking.until_it_waits(deps)
        session.execute(select(Delivery.id).where(Delivery.id == SECOND).with_for_update())
        session.commit()
    with deps.db.read() as session:
        assert set(session.scalars(select(Delivery.state))) == {"waiting"}
    sender.close()


def test_filling_a_platform_holds_its_state_last(deps: Deps) -> None:
    state = {"failures": 0, "opened": 0, "counted": 0, "backfilled": 0, "backfill_after": ""}
    with deps.db.write() as session:
        session.execute(insert(PlatformState), [state | {"platform": PLATFORM}])
    with deps.db.write() as session:
        lock_listings(session, ["l2"])
        with Beside(Backfill(deps).step) as filling:
            filling.until_it_waits(deps)
            hold(session, PLATFORM)
            session.commit()


def _expected(platform: str) -> Basis:
    since = {"since": AGO, "planned_at": AGO, "first_planned_at": AGO}
    return Basis(platform, "l1", platform, 1, 1, DISPLAYED, match_key="l1", region="350500", **since)


SAME = ("platform", "listing_id", "via", "sequence", "expects", "since", "match_key", "region")


def _look_at(session: Session, platform: str) -> None:
    """As whoever brings a sight does."""
    track(session, [_expected(platform)], {})
    session.get_one(Appearance, (platform, "l1"), with_for_update=True)


def test_who_adds_a_site_that_another_adds_too_locks_in_order(deps: Deps) -> None:
    with deps.db.write() as session:
        track(session, [_expected("b")], {})
    others: list[Beside] = []

    def third() -> None:
        with deps.db.write() as session:
            _look_at(session, "a")

    def meanwhile(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        """Between our looking and our adding another adds the same, and a third begins to lock."""
        if statement.startswith("INSERT INTO push_appearances") and not others:
            others.append(Beside(third))
            with deps.db.write() as session:
                added = {name: getattr(_expected("a"), name) for name in SAME}
                session.execute(insert(Appearance), [added | {"asks": 0}])
            others[0].__enter__()
            others[0].until_it_waits(deps)

    event.listen(deps.db.engine, "before_cursor_execute", meanwhile)
    with deps.db.write() as session:
        session.execute(text("SET LOCAL deadlock_timeout = '100ms'"))
        _look_at(session, "a")
    others[0].__exit__()
    with deps.db.read() as session:
        assert set(session.scalars(select(Appearance.platform))) == {"a", "b"}
