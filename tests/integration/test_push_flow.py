"""A listing's whole life at the platforms, through the real event log, database and stand-in platforms."""

import threading
from collections.abc import Iterator

import pytest

from shared.eventlog import ensure_topics
from shared.loops import run
from tests.conftest import unavailable
from tests.harness.database import Server
from tests.harness.platforms import PushWorld, push_world
from tests.harness.wait import PATIENCE, until


@pytest.fixture(scope="module", params=["embedded", "postgresql-kafka"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushWorld]:
    """The same walk on SQLite with the SQL log, and on a real database and broker."""
    folder = tmp_path_factory.mktemp("flow")
    if request.param == "embedded":
        with push_world(folder) as made:
            yield made
        return
    server, kafka = request.getfixturevalue("_server"), request.getfixturevalue("kafka_url")
    if not isinstance(server, Server):
        unavailable(str(server))
    ensure_topics(kafka)
    url = server.fresh()
    with push_world(folder, db_url=url, events_url=kafka) as made:
        yield made
    server.drop(url)


ROUTES = {
    "130102": ["credit-shijiazhuang", "tender-shijiazhuang", "trade-shijiazhuang"],
    "350524": ["credit-quanzhou", "trade-quanzhou"],
    "210000": ["credit-liaoning", "trade-liaoning"],
}


@pytest.mark.parametrize("region", list(ROUTES))
def test_listed_corrected_and_withdrawn_everywhere_it_must_be(world: PushWorld, region: str) -> None:
    listing = world.listing(region=region)

    def all_acknowledged(operation: str) -> bool:
        done = [p for p, op, state in world.states(listing.id) if op == operation and state == "acknowledged"]
        return sorted(done) == ROUTES[region]

    world.publish(listing.event("published"))
    world.until(lambda: all_acknowledged("list"), f"listed: {world.states(listing.id)}")
    for platform in ROUTES[region]:
        record = next(r for r in world.records(platform) if r["document_number"] == listing.number)
        assert record["status"] == "listed"

    listing.facts = "提供虚假业绩材料骗取中标,并串通投标"
    world.publish(listing.event("corrected"))
    world.until(lambda: all_acknowledged("correct"), "corrected")

    world.publish(listing.event("revoked"))
    world.until(lambda: all_acknowledged("withdraw"), "withdrawn")
    for platform in ROUTES[region]:
        record = next(r for r in world.records(platform) if r["document_number"] == listing.number)
        assert record["status"] == "withdrawn"


def test_many_at_once(world: PushWorld) -> None:
    """Batches of several versions of many listings, with consumer, sender and poller at work together."""
    listings = [world.listing(region=region) for region in ROUTES for _ in range(20)]
    stop = threading.Event()
    workers = threading.Thread(target=run, args=(world.loops, stop), daemon=True)
    for kind in ("published", "corrected", "revoked", "restored"):
        world.publish(*(listing.event(kind) for listing in listings))
    workers.start()

    def settled() -> bool:
        rows = [row for listing in listings for row in world.deliveries(listing.id)]
        return bool(rows) and all(row.state in ("acknowledged", "superseded") for row in rows)

    try:
        until(settled, 60, "everything settled", every=0.5)
    except AssertionError as error:
        left = [row for listing in listings for row in world.deliveries(listing.id)]
        states = [f"{row.platform} v{row.version} {row.state} {row.result_code or ''}" for row in left
                  if row.state not in ("acknowledged", "superseded")]  # fmt: skip
        raise AssertionError(f"{error}: {len(left)} rows, {states[:20]}") from error
    stop.set()
    workers.join(20 * PATIENCE)
    for region, platforms in ROUTES.items():
        for platform in platforms:
            shown = {record["document_number"]: record["status"] for record in world.records(platform)}
            wanted = [listing.number for listing in listings if listing.region == region]
            assert {shown.get(number) for number in wanted} == {"listed"}, platform
