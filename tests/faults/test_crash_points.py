"""kill -9 at every named point of relay and consumer: afterwards each event has had its effect just once."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from shared import crash
from shared.crash import EXIT_CODE, list_points
from shared.db import open_database
from shared.outbox import backlog
from tests.conftest import make_topic
from tests.faults import ledger
from tests.faults.processes import processes
from tests.harness.lanes import asked, side_by_side
from tests.harness.wait import until

LANES = 4

POINTS = {
    "relay": ["relay.before_publish", "relay.after_publish", "relay.after_delete"],
    "consume": ["consumer.before_commit", "consumer.after_commit", "consumer.after_cursor"],
}
ROLE_OF = {point: role for role, points in POINTS.items() for point in points}


def test_every_point_of_relay_and_consumer_is_tested() -> None:
    named = list_points([Path(crash.__file__).parent])
    assert {name for name in named if name.startswith(("relay.", "consumer."))} == set(ROLE_OF)


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    module_postgres: Callable[[], str],
) -> Iterator[dict[tuple[str, str], Future[None]]]:
    """What becomes of each point. A run mostly waits for leases to lapse: some go side by side."""
    cases = asked(request, __file__, "point", "pair")
    events_url = request.getfixturevalue("kafka_url") if any(pair == "real" for _, pair in cases) else ""

    def live(case: tuple[str, str]) -> None:
        folder = tmp_path_factory.mktemp("crash")
        files = f"sqlite:///{folder}/ledger.db", f"sqlite:///{folder}/events.db"
        live_through(case[0], *((module_postgres(), events_url) if case[1] == "real" else files))

    with side_by_side(live, [(LANES, cases)]) as begun:
        yield begun


@pytest.mark.parametrize("pair", ["embedded", "real"])
@pytest.mark.parametrize("point", ROLE_OF)
def test_killed_there_nothing_is_lost_or_doubled(
    outcomes: dict[tuple[str, str], Future[None]], point: str, pair: str
) -> None:
    outcomes[point, pair].result()


def live_through(point: str, db_url: str, events_url: str) -> None:
    topic, role = make_topic(events_url), ROLE_OF[point]
    db = open_database(db_url)
    accounts = ledger.create(db, 4)
    for _ in range(10):
        with db.write() as session:
            for account in accounts:
                ledger.change(session, account, topic)
    arguments = ("--db", db_url, "--events", events_url, "--topic", topic, "--batch", "9")
    with processes() as running:
        other = "consume" if role == "relay" else "relay"
        running.start(other, other, *arguments)
        doomed = running.start("doomed", role, *arguments, crash_at=f"{point}:2")
        assert doomed.wait(60) == EXIT_CODE
        running.start(role, role, *arguments)
        until(lambda: _effects(db) >= 40 and _waiting(db) == 0, 60.0, "every effect after the restart")
    assert ledger.effects(db) == {account: list(range(1, 11)) for account in accounts}
    db.close()


def _effects(db: ledger.Database) -> int:
    return sum(map(len, ledger.effects(db).values()))


def _waiting(db: ledger.Database) -> int:
    with db.read() as session:
        return backlog(session, ledger.OUTBOX)
