"""The contract's walk on the running system, in both modes, from the one scenario file."""

import pytest
from credit_blacklist_client import Register

from services.demo import play
from tests.e2e.canaries import holds_one, in_files, in_production
from tests.e2e.every_platform import LEGS, play_every_platform
from tests.e2e.world import STOP_SECONDS, running, stop
from tests.harness.production import production_addresses
from tests.harness.wait import PATIENCE, until

WALK_SECONDS = 10.0 * PATIENCE


@pytest.fixture(params=["embedded", "kafka"])
def addresses(request):
    if request.param == "embedded":
        yield {}
        return
    with production_addresses() as env:
        yield env


def test_one_listings_whole_life(addresses):
    with running(addresses) as world:
        line = play(world.base, world.sandbox, world.accounts, print)
        assert len(line.steps) > 40
        longest_region = line.steps[-1][0] / 3
        # The contract's bound, thrice what is needed; wider where everything is checked at once.
        assert longest_region < WALK_SECONDS
        client = Register(world.base)  # of our own, that others use
        until(lambda: any(change.listing is None for change in client.changes()))
        every = play_every_platform(world.base, world.sandbox, world.accounts, print)
        assert len(every.steps) >= 3 * len(LEGS)
        assert stop(world) < STOP_SECONDS
        if addresses:
            nothing_told(addresses, world.data_dir)


def nothing_told(addresses, data_dir):
    """No identity number of the persons filed at the first start stands on a topic, in a table or a file."""
    seen = []
    for found in (in_production(addresses), in_files(data_dir)):
        for place, raw in found:
            seen.append(place)
            assert not holds_one(raw), place
    assert {"cases", "blacklist.public.v1"} <= set(seen)
    sandbox = (data_dir / "sandbox").rglob("*")
    assert any(holds_one(path.read_bytes()) for path in sandbox if path.is_file())
