"""A row may go out long after its claim; a newer version replaces it once no late copy can arrive."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from services.credit_push.transports.base import ABSENT, UNKNOWN, Outcome
from services.credit_push.usecases.sending import Dispatch
from services.credit_push.worker import consumers
from shared.loops import drain
from tests.harness.platforms import push_world

PLATFORM = "credit-quanzhou"


@dataclass
class Hands:
    """A clock moved by hand."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(minutes=1))

    def now(self) -> datetime:
        return self.at

    system_now = now

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Slow:
    """Requests wait for a minute and a half and bring no answer; the platform knows of none yet."""

    clock: Hands

    def send(self, jobs: Any) -> list[Outcome]:
        self.clock.forward(90)
        return [Outcome(job.delivery_id, UNKNOWN) for job in jobs]

    def query(self, jobs: Any) -> list[Outcome]:
        return [Outcome(job.delivery_id, ABSENT) for job in jobs]


def test_what_went_out_a_moment_ago_is_not_yet_replaced(tmp_path: Path) -> None:
    with push_world(tmp_path, worker=False) as world:
        clock = Hands()
        deps = replace(world.deps, clock=clock)
        dispatch = Dispatch(deps, deps.catalogue[PLATFORM], Slow(clock), "me")
        listing = world.listing(domain="housing-security")
        for kind in ("published", "removed"):
            world.publish(listing.event(kind))
            drain(consumers(world.deps, world.log))
            if kind == "published":
                dispatch()
        clock.forward(0.5)
        dispatch()
        first = next(row for row in world.deliveries(listing.id) if row.sequence == 1)
        assert (first.state, first.ask_first) == ("waiting", True), "asked again once a late copy would be in"
        clock.forward(2 * deps.catalogue[PLATFORM].transport.timeout_seconds)
        dispatch()
        first = next(row for row in world.deliveries(listing.id) if row.sequence == 1)
        assert first.state == "superseded"
