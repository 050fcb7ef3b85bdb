"""A listing's whole life at the platforms, through the real event log, database and stand-in platforms."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.platforms import PushWorld, push_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[PushWorld]:
    with push_world(tmp_path) as made:
        yield made


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
