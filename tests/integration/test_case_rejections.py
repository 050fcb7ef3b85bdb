"""A platform's final rejection is a task of the filing department until the corrected version is filed."""

import json
from collections.abc import Iterator
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services.blacklist.cases.consumes import follow_rejections
from services.blacklist.cases.models import Case
from services.blacklist.cases.queries import case_view
from services.blacklist.rules.models import Duty
from services.blacklist.rules.queries.duties import open_duties
from services.blacklist.rules.usecases import DutyClock
from services.blacklist.web.wording import DUTIES
from shared.contracts.envelope import Event, new_event
from tests.unit.blacklist.case_office import Office, memory_database, open_office

GOLDEN = files("shared.contracts").joinpath("golden", "credit-push.deliveries.v1", "delivery.rejected.json")
KIND = "correct-delivery"


@pytest.fixture
def office(tmp_path: Path, clock: Any) -> Iterator[Office]:
    db = memory_database()
    yield open_office(db, tmp_path, clock)
    db.close()


def word(office: Office, case: Case, verdict: str, sequence: int, **given: Any) -> Event:
    data = json.loads(GOLDEN.read_text())["data"] | {
        "listing_id": case.listing_id,
        "sequence": sequence,
        "at": office.clock.now().isoformat(),
    }
    told = {"source": "credit-push", "subject": str(case.listing_id), "sequence": sequence}
    return new_event(f"delivery.{verdict}", **told, data=data | given, at=office.clock.now())


def say(office: Office, *events: Event) -> None:
    with office.deps.db.write() as session:
        follow_rejections(office.deps)(session, events)


def tasks(office: Office, case: Case) -> list[Duty]:
    with office.deps.db.read() as session:
        wanted = select(Duty).where(Duty.case_id == case.id, Duty.kind == KIND)
        return list(session.scalars(wanted.order_by(Duty.id)))


def shown(office: Office, case: Case) -> list[dict[str, Any]]:
    with office.deps.db.read() as session:
        row = session.get_one(Case, case.id)
        view = case_view(session, row, office.people["decider"], office.clock.today())
    return list(view["rejections"])


def test_one_task_a_platform_whatever_comes_twice_and_met_by_the_corrected_version(office: Office) -> None:
    case = office.published()
    first = word(office, case, "rejected", 3)
    other = word(office, case, "rejected", 4, platform="trade-shijiazhuang", platform_name="石家庄交易平台")
    say(office, first, other)
    say(office, first)
    say(office, word(office, case, "rejected", 5, version=2, field="facts", code="LENGTH"))
    task, beside = tasks(office, case)
    assert task.is_open
    assert beside.is_open
    assert (task.department_id, task.length_wd) == (office.department.id, 3)
    with office.deps.db.read() as session:
        assert {each.kind for each in open_duties(session, [office.department.id])} == {KIND}
    newest = next(each for each in shown(office, case) if each["platform"] == "credit-shijiazhuang")
    assert (newest["field"], newest["code"], newest["times"], newest["state"]) == (
        "facts",
        "LENGTH",
        2,
        "open",
    )

    say(office, word(office, case, "acknowledged", 7, version=3))
    say(office, word(office, case, "rejected", 6, version=2))
    task, beside = tasks(office, case)
    assert task.done_at
    assert beside.is_open
    say(office, word(office, case, "rejected", 8, version=4))
    assert [each.is_open for each in tasks(office, case)] == [False, True, True]


def test_what_two_people_gave_up_or_ended_meanwhile_is_owed_no_more(office: Office) -> None:
    case = office.published()
    say(office, word(office, case, "acknowledged", 1), word(office, case, "rejected", 2))
    say(office, word(office, case, "dropped", 3))
    (task,) = tasks(office, case)
    assert task.cancelled_at
    say(office, word(office, case, "rejected", 4, version=2))
    document = {"number": "复议〔2026〕1号", "date": "2026-11-20"}
    case = office.take(case, "revoke", "decider", reason="复议撤销", document=document)
    assert not [each for each in tasks(office, case) if each.is_open]
    say(office, word(office, case, "rejected", 5, version=2))
    assert not [each for each in tasks(office, case) if each.is_open]
    say(office, word(office, case, "rejected", 6, version=3, operation="withdraw"))
    (task,) = [each for each in tasks(office, case) if each.is_open]
    say(office, word(office, case, "acknowledged", 7, version=3, operation="withdraw"))
    assert tasks(office, case)[-1].done_at


def test_the_task_is_announced_when_late_and_has_a_name(office: Office) -> None:
    case = office.published()
    say(office, word(office, case, "rejected", 2))
    said: list[str] = []
    engine = DutyClock(
        office.deps.db, office.clock, lambda _s, duty, kind, _at: said.append(f"{duty.kind} {kind}")
    )
    office.clock.advance(timedelta(days=30))
    engine.step()
    assert said == [f"{KIND} duty.overdue"]
    assert KIND in DUTIES


def test_news_about_no_case_of_ours_is_left_alone(office: Office) -> None:
    case = office.published()
    say(office, word(office, case, "rejected", 2, listing_id="00000000-0000-7000-8000-000000000000"))
    assert tasks(office, case) == []
