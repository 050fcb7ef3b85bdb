"""Withdrawals that died while their platform could not be reached go out by themselves once it can."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from services.credit_push import queries
from services.credit_push.catalogue import Breaker, Profile
from services.credit_push.models import Delivery, PlatformState
from services.credit_push.usecases import reviving
from services.credit_push.usecases.deciding import DISCARD, decide, propose
from services.credit_push.usecases.gating import LONG_AGO
from services.credit_push.usecases.reviving import Revival, probe
from tests.harness.platforms import Listing, PushWorld, push_world, quick

JSON = "credit-quanzhou"


def brittle(profile: Profile) -> Profile:
    """The breaker opens before anything has died."""
    return replace(quick(profile), breaker=Breaker(failures=3, pause_seconds=(0.05,), deadline_hours=0))


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushWorld]:
    with push_world(tmp_path_factory.mktemp("push"), api=False, tune=brittle) as made:
        yield made


def last(world: PushWorld, listing: Listing) -> tuple[str, str]:
    row = world.deliveries(listing.id, JSON)[-1]
    return row.operation, row.state


def listed(world: PushWorld, count: int) -> list[Listing]:
    made = [world.listing() for _ in range(count)]
    world.publish(*(one.event("published") for one in made))
    world.until(lambda: all(last(world, one) == ("list", "acknowledged") for one in made), "listed")
    return made


def died(world: PushWorld, removed: list[Listing], fresh: list[Listing]) -> None:
    world.fault(JSON, "error500")
    events = [one.event("revoked") for one in removed] + [one.event("published") for one in fresh]
    world.publish(*events)
    world.until(lambda: all(last(world, one)[1] == "dead" for one in removed + fresh), "dead")


def test_the_platform_answers_again(world: PushWorld) -> None:
    removed, given_up = listed(world, 2)
    added, next_one = world.listing(), world.listing()
    died(world, [removed, given_up], [added])
    with world.deps.db.write() as session:
        row = world.deliveries(given_up.id, JSON)[-1]
        made = propose(session, world.deps, row.id, DISCARD, "平台已自行撤下", "甲")
        decide(session, world.deps, made.id, "乙", agree=True)
    world.clear_faults()
    world.publish(next_one.event("published"))
    world.until(lambda: last(world, removed) == ("withdraw", "acknowledged"), "withdrawn by itself")
    assert last(world, given_up) == ("withdraw", "dead"), "two people gave it up"
    assert last(world, added) == ("list", "dead"), "additions stay for people"
    row = world.deliveries(removed.id, JSON)[-1]
    with world.deps.db.read() as session:
        trail = [(one.kind, one.detail) for one in queries.attempts(session, [row.id])[row.id]]
    assert ("revival", "平台恢复应答，系统自动重新撤销") in trail


def test_where_nothing_else_is_on_its_way_a_withdrawal_is_the_probe(world: PushWorld) -> None:
    removed = listed(world, 2)
    died(world, removed, [])
    world.clear_faults()
    world.run()
    assert [last(world, one)[1] for one in removed] == ["dead", "dead"]
    with world.deps.db.write() as session:
        assert probe(session, world.deps) == 1
        assert probe(session, world.deps) == 0, "one is on its way"
    world.until(lambda: all(last(world, one)[1] == "acknowledged" for one in removed), "both")


def test_another_worker_at_the_same_page_ends_nothing(
    world: PushWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    died(world, listed(world, 2), [])

    def taken(session: Any, listings: Any) -> None:
        mine = Delivery.listing_id.in_(list(listings)) & (Delivery.state == "dead")
        session.execute(update(Delivery).where(mine).values(state="waiting"))

    with world.deps.db.write() as session:
        session.get_one(PlatformState, JSON).revive_from = LONG_AGO
    monkeypatch.setattr(reviving, "lock_listings", taken)
    monkeypatch.setattr(reviving, "PAGE", 1)
    assert Revival(world.deps).step()
    with world.deps.db.read() as session:
        assert session.get_one(PlatformState, JSON).revive_from == LONG_AGO, "the next page is still to come"
