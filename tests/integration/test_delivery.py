"""Claims by compare-and-swap with a lease, outcomes guarded by it, on both databases; back-off."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Column, Integer, String, Table, insert, select

from shared import delivery
from shared.db import Database, UtcDateTime, new_metadata, open_database
from shared.delivery import Backoff, claim_due, extend, release, settle

NOW = datetime(2026, 11, 12, 2, 30, tzinfo=UTC)
METADATA = new_metadata()
JOBS = Table(
    "jobs",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("next_attempt_at", UtcDateTime),
    Column("lease_holder", String(100)),
    Column("lease_until", UtcDateTime),
    Column("lease_token", Integer, nullable=False, default=0),
    Column("platform", String(20)),
)


@pytest.fixture
def db(any_db: Database) -> Database:
    METADATA.create_all(any_db.engine)
    return any_db


def add(db: Database, *names: str, after: float = -1.0, platform: str = "p") -> None:
    at = NOW + timedelta(seconds=after)
    rows = [{"id": n, "state": "waiting", "next_attempt_at": at, "platform": platform} for n in names]
    with db.write() as session:
        session.execute(insert(JOBS), rows)


def claim(db: Database, holder: str = "h", limit: int = 10, now: datetime = NOW, **how: object) -> list[str]:
    with db.write() as session:
        return claim_due(session, JOBS, now, holder, limit, **how)


def state(db: Database, name: str) -> tuple[str, str | None, int]:
    with db.read() as session:
        row = session.execute(select(JOBS).where(JOBS.c.id == name)).one()
        return row.state, row.lease_holder, row.lease_token


def test_due_rows_are_claimed_once_longest_due_first(db: Database) -> None:
    add(db, "b", after=-1)
    add(db, "a", after=-5)
    add(db, "later", after=5)
    assert claim(db) == ["a", "b"]
    assert claim(db, "other") == []
    assert state(db, "a") == ("sending", "h", 1)


def test_limit_order_and_condition(db: Database) -> None:
    add(db, "a", "b", "c")
    add(db, "d", platform="q")
    assert claim(db, limit=2, order_by=[JOBS.c.id.desc()], where=JOBS.c.platform == "p") == ["c", "b"]
    assert claim(db, limit=2) == ["a", "d"]


def test_a_lapsed_lease_is_claimed_again_and_the_old_holder_settles_nothing(db: Database) -> None:
    add(db, "a")
    claim(db, "dead", lease_seconds=10)
    assert claim(db, "next", now=NOW + timedelta(seconds=9)) == []
    assert claim(db, "next", now=NOW + timedelta(seconds=11)) == ["a"]
    with db.write() as session:
        assert not settle(session, JOBS, "a", "dead", delivery.ACKNOWLEDGED)
        assert extend(session, JOBS, ["a"], "dead", NOW) == 0
        assert release(session, JOBS, ["a"], "dead", NOW) == 0
        assert settle(session, JOBS, "a", "next", delivery.ACKNOWLEDGED, {"platform": "done"})
    assert state(db, "a") == ("acknowledged", None, 2)


def test_released_rows_wait_again(db: Database) -> None:
    add(db, "a", "b")
    claim(db)
    with db.write() as session:
        assert release(session, JOBS, ["a", "b"], "h", NOW + timedelta(seconds=60)) == 2
    assert claim(db) == []
    assert claim(db, now=NOW + timedelta(seconds=61)) == ["a", "b"]


def test_an_extended_lease_is_not_taken(db: Database) -> None:
    add(db, "a")
    claim(db, lease_seconds=1)
    with db.write() as session:
        assert extend(session, JOBS, ["a"], "h", NOW + timedelta(seconds=100)) == 1
    assert claim(db, "other", now=NOW + timedelta(seconds=50)) == []


def test_concurrent_senders_share_without_overlap(db: Database) -> None:
    add(db, *(f"j{at:03}" for at in range(300)))
    taken: list[str] = []

    def take(holder: str, own: Database) -> None:
        while ids := claim(own, holder, 7):
            taken.extend(ids)

    others = [open_database(db.url) for _ in range(4)]
    senders = [threading.Thread(target=take, args=(f"h{n}", own)) for n, own in enumerate(others)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(60)
    assert sorted(taken) == [f"j{at:03}" for at in range(300)]
    for own in others:
        own.close()


def test_backoff_follows_its_schedule_with_jitter_and_ends() -> None:
    backoff = Backoff((1, 10), jitter=0.2)
    assert all(0.8 <= backoff.delay(1) <= 1.2 for _ in range(100))
    assert all(8 <= backoff.delay(2) <= 12 for _ in range(100))
    assert backoff.delay(3) is None
    assert backoff.next_at(3, NOW) is None
    assert backoff.delay(1, retry_after=30) == 30
    assert backoff.next_at(1, NOW, retry_after=1e14) == NOW + timedelta(days=1)
    assert len({backoff.delay(2) for _ in range(10)}) > 1
    assert NOW < backoff.next_at(1, NOW) < NOW + timedelta(seconds=2)
