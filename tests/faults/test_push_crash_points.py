"""kill -9 of the push worker at every crash point: after a restart every platform's ledger is the register's.

At most one effect per listing version, versions never fall, and nothing withdrawn stays.
"""

import os
import queue
import sqlite3
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path

import pytest

from services.credit_push.catalogue import SAMPLE_VALUES, load_catalogue
from services.credit_push.routing import Facts, route
from shared.crash import EXIT_CODE, list_points
from tests.harness.forked import Forked
from tests.harness.lanes import asked, side_by_side
from tests.harness.platforms import Listing, PushWorld, push_world
from tests.harness.wait import until

ROOT = Path(__file__).parents[2]
OWN = sorted(list_points([ROOT / "services" / "credit_push"]))
SHARED = sorted(
    point for point in list_points([ROOT / "shared"]) if point.startswith(("consumer.", "relay."))
)
REGIONS = ("130102", "350524", "210000")
LANES = 4
CATALOGUE = load_catalogue(SAMPLE_VALUES)


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[None]]]:
    """What becomes of each point asked for. A run mostly waits for leases to lapse: some go side by side."""
    worlds: queue.SimpleQueue[PushWorld] = queue.SimpleQueue()

    def in_turn(point: str) -> None:
        world = worlds.get()
        try:
            live_through(world, point)
        finally:
            worlds.put(world)

    with ExitStack() as stack:
        for _ in range(LANES):  # sandbox and API here; the worker is a process of its own, to be killed
            folder = tmp_path_factory.mktemp("crash")
            worlds.put(stack.enter_context(push_world(folder, worker=False)))
        lanes = [(LANES, asked(request, __file__, "point"))]
        yield stack.enter_context(side_by_side(in_turn, lanes))


def worker(world: PushWorld, crash_at: str = "") -> Forked:
    env = {name: value for name, value in os.environ.items() if name != "CRASH_AT"}
    env.update(DATA_DIR=str(world.settings.common.data_dir), SANDBOX_URL=world.sandbox, LOG_LEVEL="warning")
    if crash_at:
        env["CRASH_AT"] = crash_at
    return Forked("services.credit_push", "worker", env=env)


def crash(world: PushWorld, point: str) -> None:
    """Run until the point is passed (or everything is settled without passing it)."""
    process = worker(world, point)
    try:
        assert process.wait(60) == EXIT_CODE
    finally:
        process.kill()


def platforms_of(listing: Listing) -> list[str]:
    facts = Facts(listing.region, listing.domain, listing.list_class, "organization")
    return [profile.id for profile in route(CATALOGUE, facts)]


def shown(world: PushWorld, listing: Listing) -> dict[str, tuple[str, int | None]]:
    """Status and version at each platform that ever heard of it."""
    found = {}
    for platform in platforms_of(listing):
        for record in world.records(platform):
            if record["document_number"] == listing.number:
                found[platform] = (record["status"], record["version"])
    return found


def settled(world: PushWorld, listings: list[Listing]) -> bool:
    for listing in listings:
        rows = world.deliveries(listing.id)
        newest = {row.platform: row for row in rows}
        if set(newest) != set(platforms_of(listing)):
            return False
        if any(row.sequence != listing.sequence for row in newest.values()):
            return False
        if any(row.state not in ("acknowledged", "superseded") for row in rows):
            return False
    return True


def unsettled(world: PushWorld, listings: list[Listing]) -> list[str]:
    """What is still on its way, for a failing test to say."""
    return [
        f"{row.platform} v{row.version} {row.operation} {row.state} {row.failures} {row.result_code or ''}"
        for listing in listings
        for row in world.deliveries(listing.id)
        if row.state not in ("acknowledged", "superseded")
    ]


def effects(world: PushWorld) -> Counter[tuple[str, str, str]]:
    """How many accepted receipts each platform gave per listing version."""
    with sqlite3.connect(world.settings.sandbox_dir / "sandbox.db", timeout=30) as connection:
        rows = connection.execute("SELECT idempotency_key FROM receipts WHERE result = 'accepted'").fetchall()
    connection.close()
    return Counter((key.split(":")[0], key.split(":")[1], key.split(":")[2]) for (key,) in rows)


def live_through(world: PushWorld, point: str) -> None:
    kept = [world.listing(region=region) for region in REGIONS]
    gone = [world.listing(region=region) for region in REGIONS]
    world.publish(*(listing.event("published") for listing in kept + gone))
    crash(world, point)
    world.publish(*(listing.event("corrected") for listing in kept))
    world.publish(*(listing.event("revoked") for listing in gone))
    crash(world, point)
    process = worker(world)
    try:
        until(lambda: settled(world, kept + gone), 60, f"settled after {point}", every=0.2)
    except AssertionError as error:
        raise AssertionError(f"{error}: {unsettled(world, kept + gone)}") from error
    finally:
        process.terminate()
        process.wait(15)
    for listing in kept:
        for platform, (status, version) in shown(world, listing).items():
            assert status == "listed", (platform, listing.id)
            assert version in (None, 2), (platform, listing.id)
        assert set(shown(world, listing)) == set(platforms_of(listing))
    for listing in gone:
        assert {status for status, _ in shown(world, listing).values()} <= {"withdrawn"}
    doubled = {key: count for key, count in effects(world).items() if count > 1}
    assert not doubled


@pytest.mark.parametrize("point", OWN + SHARED)
def test_after_a_crash_every_ledger_equals_the_register(
    outcomes: dict[str, Future[None]], point: str
) -> None:
    outcomes[point].result()


def test_the_points_are_there() -> None:
    assert {"push.after_claim", "push.before_send", "push.after_send", "push.before_settled"} <= set(OWN)
    assert {"receipts.before_store", "receipts.before_commit", "receipts.after_store"} <= set(OWN)
