"""Several senders share the platforms: none has two, each gets its part, a dead one's are taken over."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from services.credit_push.models import leases
from services.credit_push.usecases.sharing import PLATFORM, Shares
from shared.db import Database, new_metadata
from shared.leases import Lease, Leases, leases_table
from tests.harness.forked import Forked
from tests.harness.platforms import PushWorld, push_world
from tests.harness.wait import until

METADATA = new_metadata()
LEASES = leases_table(METADATA)
TEN = [f"platform-{number}" for number in range(10)]


@pytest.fixture
def sender(any_db: Database) -> Callable[..., "Sends"]:
    METADATA.create_all(any_db.engine)
    return lambda holder, ttl=60.0: Sends(any_db, Shares(any_db, LEASES, holder, ttl))


class Sends:
    """A sender reduced to what it begins at, and what it was told to take over."""

    def __init__(self, db: Database, shares: Shares) -> None:
        self.db, self.shares = db, shares
        self.taken_over: list[set[str]] = []

    def turn(self, wanted: Any = TEN, busy: Any = ()) -> set[str]:
        with self.db.read() as session:
            self.shares.look(session)
        return self.shares.claim(wanted, busy, lambda _session, fresh: self.taken_over.append(fresh))


def test_what_is_more_than_a_fair_part_is_given_up_for_the_other(sender: Callable[..., Sends]) -> None:
    one, other = sender("one"), sender("other")
    assert one.turn() == set(TEN)
    assert other.turn() == set(), "all are taken, but now it is known to be there"
    kept = one.turn()
    assert len(kept) == 5
    assert other.turn() == set(TEN) - kept
    assert one.turn() == kept
    assert other.taken_over == [set(TEN) - kept]
    assert one.taken_over == [set(TEN)]


def test_nothing_is_given_up_while_it_is_under_way(sender: Callable[..., Sends]) -> None:
    one, other = sender("one"), sender("other")
    one.turn()
    other.turn()
    kept = one.turn(wanted=[], busy=TEN)
    assert len(kept) == 5, "nothing new is begun at the others"
    assert other.turn() == set()
    assert one.turn(wanted=TEN, busy=kept) == kept
    assert other.turn() == set(TEN) - kept


def test_one_platform_with_work_stays_where_it_is(sender: Callable[..., Sends]) -> None:
    one, other = sender("one"), sender("other")
    for _ in range(3):
        assert one.turn(TEN[:1]) == set(TEN[:1])
        assert other.turn(TEN[:1]) == set()


def test_who_closes_leaves_everything_at_once(sender: Callable[..., Sends]) -> None:
    one, other = sender("one"), sender("other")
    one.turn()
    other.turn()
    one.shares.close()
    assert other.turn() == set(TEN)
    assert other.shares.was_anothers(TEN[0])


def test_a_silent_sender_loses_its_platforms(sender: Callable[..., Sends]) -> None:
    one, other = sender("one", 0.2), sender("other", 60.0)
    one.turn()
    until(lambda: other.turn() == set(TEN), 20, "the leases to lapse")
    assert one.turn() == set()
    assert not one.shares.lonely(TEN)


def test_what_another_cannot_serve_is_not_given_up(sender: Callable[..., Sends]) -> None:
    """Its catalogue lacks them, or they are closed to it: whoever can serve them goes on doing so."""
    one, other = sender("one"), sender("other")
    assert other.turn(TEN[:1]) == set(TEN[:1])
    for _ in range(3):
        assert one.turn() == set(TEN[1:]), "also those beyond its part"
        assert other.turn(TEN[:1]) == set(TEN[:1])
    other.shares.close()
    one.turn()
    again = sender("other")
    for _ in range(2):
        again.turn(TEN[:1])
        one.turn()
    assert again.turn(TEN[:1]) == set(TEN[:1]), "asked for, and given up"
    assert one.turn() == set(TEN[1:])


def test_nothing_is_begun_beside_the_one_sender_of_the_release_before(any_db: Database) -> None:
    METADATA.create_all(any_db.engine)
    old = Lease(any_db, LEASES, "sender", "old", 60.0)
    assert old.acquire()
    new = Sends(any_db, Shares(any_db, LEASES, "new", 60.0))
    assert new.turn() == set()
    assert not new.shares.lonely(TEN), "what is in hand is the other's"
    assert not new.taken_over
    old.release()
    assert new.turn() == set(TEN)


def test_leases_are_given_up_in_the_order_they_are_taken(any_db: Database) -> None:
    METADATA.create_all(any_db.engine)
    several, said = Leases(any_db, LEASES, "one", 60.0), list[str]()
    several.take({"b", "a"})
    event.listen(any_db.engine, "before_cursor_execute", lambda *told: said.append(told[2]))
    several.release()
    (giving,) = [one for one in said if one.startswith("UPDATE")]
    assert "ORDER BY leases.name" in giving


def _holders(world: PushWorld) -> dict[str, set[str]]:
    """Whose each platform is, or was last."""
    found: dict[str, set[str]] = {}
    with world.deps.db.read() as session:
        ours = select(leases.c.name, leases.c.holder).where(leases.c.name.startswith(PLATFORM))
        for name, holder in session.execute(ours):
            found.setdefault(holder, set()).add(name)
    return found


def _worker(world: PushWorld) -> Forked:
    env = {**os.environ, "DATA_DIR": str(world.settings.common.data_dir), "SANDBOX_URL": world.sandbox}
    return Forked("services.credit_push", "worker", env={**env, "LOG_LEVEL": "error"})


def test_a_killed_workers_platforms_are_taken_over(tmp_path: Path) -> None:
    """Two workers send; one is killed in the middle: the other ends what both began, nothing twice."""
    with push_world(tmp_path, worker=False) as world:
        workers = [_worker(world) for _ in range(2)]
        try:
            _both_send(world)
            workers[0].kill()
            last = [world.listing(region=region) for region in ("130102", "350524", "210000")]
            world.publish(*(listing.event("published") for listing in last))
            until(lambda: _all_done(world, last), 90, "the survivor has done it all", every=0.2)
        finally:
            for each in workers:
                each.kill()
        assert len(_holders(world)) == 1


def _both_send(world: PushWorld) -> None:
    """Until both have had platforms of their own at one time."""

    def another() -> bool:
        world.publish(world.listing().event("published"), world.listing(region="350524").event("published"))
        return len(_holders(world)) == 2

    until(another, 90, "both senders at work", every=0.3)


def _all_done(world: PushWorld, listings: list[Any]) -> bool:
    rows = [row for listing in listings for row in world.deliveries(listing.id)]
    return bool(rows) and all(row.state in ("acknowledged", "superseded") for row in rows)
