"""A batch whose outcome could not be written down is not left in anybody's hands until its lease runs out."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.credit_push.usecases.sender import Sender
from services.credit_push.usecases.sending import Dispatch
from services.credit_push.worker import consumers
from shared.db import Database
from shared.loops import drain
from tests.harness.platforms import push_world
from tests.harness.wait import until

ON = ("accepted", "acknowledged")


class Away:
    """A database that cannot be written to after so many transactions, until it is back."""

    def __init__(self, db: Database, writes: int) -> None:
        self._db, self.writes = db, writes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    @contextmanager
    def write(self) -> Iterator[Any]:
        if not self.writes:
            raise OSError("database is locked")
        self.writes -= 1
        with self._db.write() as session:
            yield session


def test_rows_of_a_failed_batch_go_back_to_the_queue(tmp_path: Path) -> None:
    platform = "credit-quanzhou"
    with push_world(tmp_path, worker=False) as world:
        listing = world.listing(domain="housing-security")
        world.publish(listing.event("published"))
        drain(consumers(world.deps, world.log))
        away = Away(world.deps.db, writes=1)
        deps = replace(world.deps, db=away)
        dispatch = Dispatch(deps, deps.catalogue[platform], world.transports[platform], "me")
        for act in (dispatch, dispatch.give_back):
            with pytest.raises(OSError, match="locked"):
                act()
            assert world.states(listing.id) == [(platform, "list", "sending")]
        away.writes = 10
        dispatch.give_back()
        (row,) = world.deliveries(listing.id)
        assert (row.state, row.ask_first) == ("waiting", True)
        assert dispatch() == 1
        assert world.states(listing.id) == [(platform, "list", "acknowledged")]
        assert [one["status"] for one in world.records(platform)] == ["listed"]


@pytest.mark.parametrize("there", [True, False])
def test_a_sender_made_anew_finds_nothing_left_in_hand(tmp_path: Path, there: bool) -> None:
    """Whether the database is there again as the first one ends, or not: both have the same name."""
    platform = "credit-shijiazhuang"  # one batch at a time
    with push_world(tmp_path, worker=False) as world:
        listing = world.listing(region="130102")
        world.publish(listing.event("published"))
        drain(consumers(world.deps, world.log))
        away, ways = Away(world.deps.db, writes=2), {platform: world.transports[platform]}
        sender = Sender(replace(world.deps, db=away), ways, "me")
        with pytest.raises(OSError, match="locked"):  # lease, claim; then nothing more
            until(lambda: sender.step() and None)
        away.writes = 10 if there else 0
        with nullcontext() if there else pytest.raises(OSError, match="locked"):
            sender.close()
        assert world.states(listing.id, platform) == [(platform, "list", "waiting" if there else "sending")]
        again = Sender(world.deps, ways, "me")
        until(lambda: again.step() is None or world.states(listing.id, platform)[0][2] in ON)
        again.close()
