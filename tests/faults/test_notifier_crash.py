"""kill -9 of the notifier's worker at every point around send and record, and in the middle of its work.

Afterwards every message was sent under one id, stands once in each inbox, and its fate is published once.
"""

import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

import services.notifier
from services.notifier.models import Attempt, Base, Dispatch, Notice, Subject, outbox
from services.notifier.publishes import TOPIC
from services.notifier.usecases.endpoints import Change, add_endpoint
from shared.contracts.envelope import Event, from_record
from shared.crash import EXIT_CODE, list_points
from shared.crypto import KeyRing
from shared.db import Database, open_database
from shared.eventlog import ensure_topics, open_log
from shared.web.access import Principal
from tests.harness.forked import Forked
from tests.harness.lanes import asked, side_by_side
from tests.harness.notices import (
    HOUSING,
    OPERATOR,
    Receiver,
    case_event,
    hire_staff,
    mail_server,
    webhook_receiver,
)
from tests.harness.wait import until

KEEPER = Principal(OPERATOR, OPERATOR, "示例运维", HOUSING, "住建局", "130102", frozenset({"operator"}))
POINTS = {
    "notices.after_claim": 2,  # many are claimed and recorded at a time, so these are passed but a few times
    "notices.after_send": 4,
    "notices.before_commit": 2,
    "notices.after_record": 2,
}
CASES = 6
ANY_MOMENT = "any moment"
LANES = 4


class Installation:
    """A notifier with its own files, its worker as a child process."""

    def __init__(self, directory: Path, db_url: str, events_url: str, smtp_url: str) -> None:
        self.directory, self.events_url = directory, events_url
        self.db: Database = open_database(db_url)
        Base.metadata.create_all(self.db.engine)
        self.env = {
            **{key: value for key, value in os.environ.items() if key != "CRASH_AT"},
            "DATA_DIR": str(directory),
            "NOTIFIER_DB_URL": db_url,
            "EVENTS_URL": events_url,
            "SMTP_URL": smtp_url,
            "WEBHOOK_ALLOWED_HOSTS": "127.0.0.1",
            "NOTIFIER_LEASE_SECONDS": "3",
            "NOTIFIER_QUIET_HOURS": "off",  # these tests run at night as well
        }
        with self.db.write() as session:
            hire_staff(session)

    def add_webhook(self, url: str) -> None:
        keyring = KeyRing.load_or_create(self.directory / "keys.json")
        with self.db.write() as session:
            add_endpoint(
                session,
                keyring,
                Change("自有系统", url, []),
                allowed_hosts=frozenset({"127.0.0.1"}),
                actor=KEEPER,
                at=datetime.now(UTC),
            )

    def publish(self, *events: Event) -> None:
        log = open_log(self.events_url)
        log.append([event.to_record("blacklist.cases.v1") for event in events])
        log.close()

    def start(self, crash_at: str = "") -> Forked:
        env = {**self.env, **({"CRASH_AT": crash_at} if crash_at else {})}
        return Forked("services.notifier", "worker", env=env, errors=self.directory / "worker.log")

    def settled(self, dispatches: int) -> bool:
        """Everything sent, and everything told to the log."""
        with self.db.read() as session:
            done = select(func.count()).select_from(Dispatch).where(Dispatch.state == "accepted")
            pending = session.execute(select(func.count()).select_from(outbox)).scalar_one()
            return session.execute(done).scalar_one() == dispatches and pending == 0

    def told(self) -> list[Event]:
        reader = open_log(self.events_url).reader([TOPIC], f"test-{os.urandom(4).hex()}")
        found: dict[str, Event] = {}
        until(lambda: not _read(reader, found), 30, "the end of the topic")
        reader.close()
        return list(found.values())


def _read(reader: object, found: dict[str, Event]) -> bool:
    records = reader.poll(500, 1.0)  # type: ignore[attr-defined]
    found.update({event.id: event for event in map(from_record, records)})
    reader.commit()  # type: ignore[attr-defined]
    return bool(records) or not found or reader.lag() > 0  # type: ignore[attr-defined]


@contextmanager
def running(process: Forked) -> Iterator[Forked]:
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    module_postgres: Callable[[], str],
) -> Iterator[dict[tuple[str, str], Future[None]]]:
    """What becomes of each case. A run mostly waits for leases to lapse: some go side by side.

    On the broker one after the other, since they read the same topics as the same group.
    """
    cases = [*asked(request, __file__, "point", "pair")]
    real = [case for case in cases if case[1] == "real"]
    events_url = request.getfixturevalue("kafka_url") if real else ""
    if real:
        ensure_topics(events_url)

    def live(case: tuple[str, str]) -> None:
        folder = tmp_path_factory.mktemp("crash")
        files = f"sqlite:///{folder}/notifier.db", f"sqlite:///{folder}/events.db"
        live_through(case[0], folder, (module_postgres(), events_url) if case in real else files)

    lanes = [(LANES, [case for case in cases if case not in real]), (1, real)]
    with side_by_side(live, lanes) as begun:
        yield begun


@pytest.mark.parametrize(
    ("point", "pair"), [*((point, "embedded") for point in POINTS), ("notices.after_send", "real")]
)
def test_killed_there_no_message_is_lost_or_counted_twice(outcomes, point, pair):
    outcomes[point, pair].result()


@pytest.mark.parametrize("pair", ["embedded", "real"])
@pytest.mark.parametrize("point", [ANY_MOMENT])
def test_killed_at_any_moment_no_message_is_lost_or_counted_twice(outcomes, point, pair):
    outcomes[point, pair].result()


def live_through(point: str, folder: Path, place: tuple[str, str]) -> None:
    """Six cases told of, with a worker that is killed; then what must hold."""
    with webhook_receiver() as receiver, mail_server() as (mailbox, smtp_url):
        home = Installation(folder, *place, smtp_url)
        home.add_webhook(receiver.url)
        events = [case_event() for _ in range(CASES)]
        if point == ANY_MOMENT:
            _killed_at_any_moment(home, receiver, events)
        else:
            with running(home.start(f"{point}:{POINTS[point]}")) as doomed:
                home.publish(*events)
                assert doomed.wait(60) == EXIT_CODE
        with running(home.start()):
            until(lambda: home.settled(CASES * 6), 60, "every dispatch sent and told")
        check_outcome(home, receiver, [raw for _, _, raw in mailbox.mails], events)


def _killed_at_any_moment(home: Installation, receiver: Receiver, events: list[Event]) -> None:
    home.publish(*events)
    for stage in (0, 2, 4):
        with running(home.start()):
            until(lambda reached=stage: len(receiver.requests) > reached, 60, "the next message")


def check_outcome(home: Installation, receiver: Receiver, mails: list[bytes], events: list[Event]) -> None:
    """Per case: 2 notices (department, supervisor), 2 inbox, 3 mails, 1 webhook."""
    subjects = {event.subject for event in events}
    with home.db.read() as session:
        notices = list(session.scalars(select(Notice)))
        dispatches = {row.id: row for row in session.scalars(select(Dispatch))}
        delivered = list(session.scalars(select(Attempt.dispatch_id).where(Attempt.outcome == "delivered")))
        numbers = dict(session.execute(select(Subject.id, Subject.sequence)).all())
    own = [notice for notice in notices if notice.subject_id in subjects]
    assert len(own) == CASES * 2
    assert sorted(delivered) == sorted(dispatches), "each dispatch has one recorded delivery"
    webhooks = {row.id for row in dispatches.values() if row.channel == "webhook"}
    assert set(receiver.ids()) == webhooks
    mail_ids = {re.search(rb"(?im)^Message-ID: <([^@.]+)", raw)[1].decode() for raw in mails}  # type: ignore[index]
    assert mail_ids == {row.id for row in dispatches.values() if row.channel == "email"}
    told = [event for event in home.told() if event.subject in subjects]
    for subject in subjects:
        sequences = [event.sequence for event in told if event.subject == subject]
        assert sequences == list(range(1, 7)) == list(range(1, numbers[subject] + 1))


def test_every_point_of_the_notifier_is_tested():
    named = list_points([Path(services.notifier.__file__).parent])
    assert named == POINTS.keys()
