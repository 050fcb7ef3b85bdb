"""A sender that is slow, or closing, sends nothing once the platform may be another's."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import and_, select, update

from services.credit_push.domain import SENDING
from services.credit_push.models import Delivery, leases
from services.credit_push.transports.base import Job, Outcome
from services.credit_push.usecases.sender import Sender
from services.credit_push.usecases.sending import Dispatch
from services.credit_push.usecases.sharing import PLATFORM
from services.credit_push.worker import consumers
from shared.loops import drain
from tests.harness.platforms import Listing, PushWorld, push_world
from tests.harness.wait import until

HTTP, TABLES, PACKETS = "credit-quanzhou", "credit-liaoning", "credit-shijiazhuang"
REGIONS = {HTTP: "350524", TABLES: "210000", PACKETS: "130102"}
AGO = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


class Slow:
    """A way on which a batch stands still after it was handed over and before anything leaves."""

    def __init__(self, real: Any) -> None:
        self._real, self.there, self.go = real, threading.Event(), threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def send(self, jobs: Sequence[Job]) -> list[Outcome]:
        self.there.set()
        assert self.go.wait(60)
        told: list[Outcome] = self._real.send(jobs)
        return told


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushWorld]:
    with push_world(tmp_path_factory.mktemp("leases"), worker=False) as made:
        yield made


def _planned(world: PushWorld, platform: str) -> Listing:
    listing = world.listing(region=REGIONS[platform])
    world.publish(listing.event("published"))
    drain(consumers(world.deps, world.log))
    return listing


def _shown(world: PushWorld, platform: str, listing: Listing) -> bool:
    return any(row["document_number"] == listing.number for row in world.records(platform))


@pytest.mark.parametrize("platform", [HTTP, TABLES, PACKETS])
def test_what_was_still_to_be_sent_as_the_lease_ended_goes_back(world: PushWorld, platform: str) -> None:
    listing, ours = _planned(world, platform), threading.Event()
    ours.set()
    slow = Slow(world.transports[platform])
    dispatch = Dispatch(world.deps, world.deps.catalogue[platform], slow, "slow", ours.is_set)
    batch = threading.Thread(target=dispatch)
    batch.start()
    assert slow.there.wait(60)
    ours.clear()
    slow.go.set()
    batch.join()
    (row,) = world.deliveries(listing.id, platform)
    assert (row.state, row.possibly_sent, row.ask_first, row.failures) == ("waiting", False, False, 0)
    assert not _shown(world, platform, listing)
    assert Dispatch(world.deps, world.deps.catalogue[platform], slow, "next")() == 1
    (row,) = world.deliveries(listing.id, platform)
    assert row.state in ("acknowledged", "accepted")


def test_what_a_silent_sender_had_in_hand_is_asked_about_only_after_its_last_time_out(
    world: PushWorld,
) -> None:
    listing, profile = _planned(world, TABLES), world.deps.catalogue[TABLES]
    with world.deps.db.write() as session:
        mine = and_(Delivery.listing_id == listing.id, Delivery.platform == TABLES)
        session.execute(update(Delivery).where(mine).values(state=SENDING, lease_holder="silent"))
        session.execute(update(Delivery).where(mine).values(lease_until=AGO + timedelta(days=40_000)))
    began = world.deps.clock.system_now()
    sender = Sender(world.deps, {TABLES: world.transports[TABLES]}, "other")
    until(lambda: sender.step() is None or _state(world, listing) == "waiting", 60)
    with world.deps.db.read() as session:
        row = session.execute(select(Delivery.__table__).where(mine)).one()
    assert row.ask_first
    assert row.next_attempt_at > began + timedelta(seconds=profile.transport.timeout_seconds)
    assert row.last_attempt_at >= began
    sender.close()


def _state(world: PushWorld, listing: Listing) -> str:
    return str(world.deliveries(listing.id, TABLES)[0].state)


@contextmanager
def _under_way(world: PushWorld, listing: Listing, holder: str) -> Iterator[tuple[Sender, Slow]]:
    slow = Slow(world.transports[HTTP])
    sender = Sender(world.deps, {HTTP: slow}, holder)
    until(lambda: sender.step() is None or slow.there.is_set(), 60)
    yield sender, slow
    assert [row.state for row in world.deliveries(listing.id, HTTP)] == ["acknowledged"]


def test_a_closing_sender_keeps_its_platforms_until_its_last_batch_ended(world: PushWorld) -> None:
    listing = _planned(world, HTTP)
    with _under_way(world, listing, "closing") as (sender, slow):
        before = _until(world)
        closing = threading.Thread(target=sender.close)
        closing.start()
        until(lambda: _until(world) > before, 60, "the lease is renewed while the batch stands still")
        slow.go.set()
        closing.join()
        assert _until(world).year < 2000, "given up at once"


def _until(world: PushWorld) -> datetime:
    with world.deps.db.read() as session:
        found = session.scalars(select(leases.c.until).where(leases.c.name == PLATFORM + HTTP)).one()
    return datetime.fromisoformat(str(found))
