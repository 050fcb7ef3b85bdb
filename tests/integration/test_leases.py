"""One holder at a time, with a rising token, on both databases."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from shared.db import Database, new_metadata
from shared.leases import Lease, leases_table
from tests.harness.wait import until

METADATA = new_metadata()
LEASES = leases_table(METADATA)


@pytest.fixture
def lease(any_db: Database) -> Callable[..., Lease]:
    METADATA.create_all(any_db.engine)
    return lambda holder, ttl=5.0: Lease(any_db, LEASES, "work", holder, ttl)


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


def test_renewal_keeps_token_and_lease(lease: Callable[..., Lease]) -> None:
    one, other = lease("one", 0.6), lease("other", 0.6)
    assert one.acquire()
    token = one.token
    checks = iter(range(40))
    until(lambda: (one.acquire(), other.acquire())[1] or next(checks) == 39, 10.0)
    assert one.token == token
    assert one.held


def test_the_fence_holds_for_the_current_token_only(any_db: Database, lease: Callable[..., Lease]) -> None:
    one = lease("one", 0.2)
    one.acquire()

    def passes(of: Lease) -> bool:
        with any_db.read() as session:
            return bool(session.execute(select(of.fence())).scalar())

    assert passes(one)
    other = lease("other", 5.0)
    until(other.acquire, 5.0)
    assert not passes(one)
    assert passes(other)
    other.release()
    assert not passes(other)


def test_releasing_what_was_lost_leaves_the_successor_alone(lease: Callable[..., Lease]) -> None:
    one, other = lease("one", 0.1), lease("other", 5.0)
    one.acquire()
    until(other.acquire, 5.0)
    one.release()
    assert not lease("third").acquire()
