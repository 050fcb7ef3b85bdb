"""The contract's walk on the running system, in both modes, from the one scenario file."""

import pytest

from services.demo import play
from tests.e2e.world import running, stop
from tests.harness.production import production_addresses

WALK_SECONDS = 10.0


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
        # The bound is the contract's and is generous: a healthy system needs a small part of it.
        assert longest_region < WALK_SECONDS
        assert stop(world) < 10
