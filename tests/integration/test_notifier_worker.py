"""The notifier's worker as it is wired: from the event log to inbox, revocation copy and outcomes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from services.notifier.app import build_loops, open_deps
from services.notifier.models import Base, DepartmentCopy, Notice, revocations
from services.notifier.settings import read_settings
from services.notifier.usecases.addressing import Asked, find_targets
from services.notifier.usecases.parties import party_target
from services.notifier.usecases.phones import state_phone
from shared.contracts.envelope import Record, from_record, new_event
from shared.eventlog import open_log
from shared.loops import Loop, drain
from shared.web.access import Principal
from shared.web.revocations import is_revoked
from tests.harness.notices import (
    AT,
    CLERK,
    DECIDER,
    HOUSING,
    case_event,
    department_event,
    hire_staff,
    user_event,
)


class Worker:
    """The loops of one installation on SQLite and the SQL event log."""

    def __init__(self, directory: Path) -> None:
        settings = read_settings({"DATA_DIR": str(directory)})
        self.deps = open_deps(settings)
        Base.metadata.create_all(self.deps.db.engine)
        self.loops: list[Loop] = build_loops(settings, self.deps)
        self.log = open_log(settings.common.events_url)

    def put(self, topic: str, *events: object) -> None:
        self.log.append([event.to_record(topic) for event in events])  # type: ignore[attr-defined]

    def titles(self) -> list[str]:
        with self.deps.db.read() as session:
            return list(session.scalars(select(Notice.title).order_by(Notice.id)))


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    made = Worker(tmp_path)
    yield made
    for loop in made.loops:
        close = getattr(loop, "close", None)
        if close:
            close()
    made.log.close()
    made.deps.db.close()


def test_from_the_log_to_the_inbox_and_back_to_the_log(worker):
    worker.put("blacklist.identity.v1", department_event(HOUSING, name="长安区住建局"))
    published = case_event()
    worker.put("blacklist.cases.v1", published)
    drain(worker.loops)
    assert len(worker.titles()) == 1
    reader = worker.log.reader(["notifier.deliveries.v1"], "test")
    told = [from_record(record) for record in reader.poll()]
    assert [(event.type, event.subject, event.sequence) for event in told] == [
        ("notice.delivered", published.subject, 1)
    ]
    with worker.deps.db.read() as session:
        assert session.get_one(DepartmentCopy, HOUSING).name == "长安区住建局"


def test_sign_outs_and_disabled_users_arrive_in_the_copy(worker):
    data = {"user_id": "u1", "session_id": "s1", "issued_before": None, "recorded_at": AT}
    ended = new_event("session.revoked", source="blacklist", subject="s1", sequence=1, data=data, at=AT)
    worker.put("blacklist.identity.v1", ended, user_event("u2", disabled=True))
    drain(worker.loops)

    class Claims:
        def __init__(self, user_id: str, session_id: str) -> None:
            self.user_id, self.session_id, self.issued_at = user_id, session_id, AT

    with worker.deps.db.read() as session:
        assert is_revoked(session, revocations, Claims("u1", "s1"))
        assert not is_revoked(session, revocations, Claims("u1", "s2"))
        assert is_revoked(session, revocations, Claims("u2", "any"))


def test_what_cannot_be_read_is_put_aside_and_stops_nobody(worker):
    worker.log.append([Record("blacklist.cases.v1", "k", b"no json", ())])
    worker.put("blacklist.cases.v1", case_event())
    drain(worker.loops)
    assert len(worker.titles()) == 1
    aside = worker.log.reader(["blacklist.cases.v1.unreadable"], "test").poll()
    assert [record.value for record in aside] == [b"no json"]


def test_the_same_record_twice_in_the_log_is_one_message(worker):
    event = case_event()
    worker.put("blacklist.cases.v1", event, event)
    drain(worker.loops)
    worker.put("blacklist.cases.v1", event)
    drain(worker.loops)
    assert len(worker.titles()) == 1


def test_one_number_is_one_budget_whoever_holds_it(worker):
    at = datetime.now(UTC)
    with worker.deps.db.write() as session:
        hire_staff(session)
        for user in (CLERK, DECIDER):
            who = Principal(user, user, "示例", HOUSING, "住建局", "130102", frozenset({"clerk"}))
            state_phone(session, worker.deps.keyring, "13800000001", actor=who, at=at)
        asked = [Asked(f"user:{user}", "sms", HOUSING) for user in (CLERK, DECIDER)]
        found = find_targets(session, worker.deps.keyring, asked, at)
    budgets = {target.counted_as for target in found.values()}
    assert len(found) == 2
    assert budgets == {party_target(worker.deps.keyring, "13800000001").counted_as}
    assert "13800000001" not in budgets.pop()
