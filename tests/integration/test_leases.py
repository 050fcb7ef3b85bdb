"""One holder at a time, with a rising token, on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from shared.db import Database, new_metadata
from shared.leases import Lease, leases_table
from tests.harness.wait import until

METADATA = new_metadata()
LEASES = leases_table(METADATA)
LONG = 600.0


@pytest.fixture
def lease(any_db: Database) -> Callable[..., Lease]:
    METADATA.create_all(any_db.engine)
    return lambda holder, ttl=LONG: Lease(any_db, LEASES, "work", holder, ttl)


def lapse(db: Database) -> None:
    """As if its time were up: no test waits for it, and none fails because the machine stood still."""
    with db.write() as session:
        session.execute(LEASES.update().values(until=datetime.fromtimestamp(0, UTC)))


def ends(db: Database) -> datetime:
    with db.read() as session:
        return session.execute(select(LEASES.c.until)).scalar_one()


def test_one_holder_at_a_time(lease: Callable[..., Lease]) -> None:
    one, other = lease("one"), lease("other")
    assert one.acquire()
    assert not other.acquire()
    assert not other.held
    one.release()
    assert other.acquire()
    assert not one.acquire()


def test_the_token_rises_with_every_holder(lease: Callable[..., Lease]) -> None:
    one, other = lease("one", 0.2), lease("other", 0.2)
    assert one.acquire()
    first = one.token
    until(other.acquire, 5.0, "the lease to lapse")
    assert other.token == first + 1
    assert not one.held
    until(one.acquire, 5.0, "the lease to lapse again")
    assert one.token == first + 2


def test_renewal_keeps_token_and_lease(any_db: Database, lease: Callable[..., Lease]) -> None:
    one, other = lease("one"), lease("other")
    assert one.acquire()
    token, before = one.token, ends(any_db)
    assert one.acquire()
    assert ends(any_db) == before, "not asked for while most of its time is left"
    one._renew_at = 0.0
    assert one.acquire()
    assert ends(any_db) > before
    assert one.token == token
    assert one.held
    assert not other.acquire()


def test_the_fence_holds_for_the_current_token_only(any_db: Database, lease: Callable[..., Lease]) -> None:
    one = lease("one")
    one.acquire()

    def passes(of: Lease) -> bool:
        with any_db.read() as session:
            return bool(session.execute(select(of.fence())).scalar())

    assert passes(one)
    lapse(any_db)
    other = lease("other")
    assert other.acquire()
    assert not passes(one)
    assert passes(other)
    other.release()
    assert not passes(other)


def test_releasing_what_was_lost_leaves_the_successor_alone(
    any_db: Database, lease: Callable[..., Lease]
) -> None:
    one, other = lease("one"), lease("other")
    one.acquire()
    lapse(any_db)
    assert other.acquire()
    one.release()
    assert not lease("third").acquire()
