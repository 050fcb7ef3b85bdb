"""What a party filed at 信用中国 comes back as an overlay of the case, once by ticket and never lost."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services.blacklist.audit.models import AuditEntry
from services.blacklist.cases.consumes import open_requests
from services.blacklist.cases.models import Case, CaseOverlay
from services.blacklist.cases.queries import case_view
from services.blacklist.cases.queries.views import steps_of
from services.blacklist.cases.usecases.returning import ADDED, LATE, OPENED, UNKNOWN, Returned, take_returned
from services.blacklist.rules.models import Duty
from services.blacklist.store import outbox
from services.blacklist.web.wording import action_title
from shared.contracts.envelope import new_event
from shared.errors import Forbidden
from shared.outbox import record_of
from tests.unit.blacklist.case_office import Office, memory_database, open_office

GOLDEN = files("shared.contracts").joinpath("golden", "credit-push.deliveries.v1")


@pytest.fixture
def office(tmp_path: Path, clock: Any) -> Iterator[Office]:
    db = memory_database()
    yield open_office(db, tmp_path, clock)
    db.close()


def returned(case: Case, kind: str, ticket: str = "XYZG-1", **given: Any) -> Returned:
    told = {"received_on": date(2026, 11, 2), "evidence": "附判决书", **given}
    return Returned(str(case.listing_id), kind, "credit-china", "全国信用信息共享平台", ticket, **told)


def take(office: Office, asked: Returned) -> str:
    with office.deps.db.write() as session:
        return take_returned(session, office.deps, asked, at=office.clock.now())


def overlays(office: Office, case: Case) -> list[CaseOverlay]:
    with office.deps.db.read() as session:
        return list(session.scalars(select(CaseOverlay).where(CaseOverlay.case_id == case.id)))


def answers(office: Office) -> list[tuple[str, str]]:
    """What is told to the platforms, in order of the case's sequence."""
    with office.deps.db.read() as session:
        records = [record_of(row) for row in session.execute(select(outbox)).all()]
    told = [json.loads(one.value) for one in records if dict(one.headers)["ce_type"] == b"request.answered"]
    assert all(one["platform"] == "credit-china" for one in told)
    numbers = [one["sequence"] for one in told]
    assert numbers == sorted(set(numbers))
    return [(one["ticket"], one["outcome"]) for one in told]


def reload(office: Office, case: Case) -> Case:
    with office.deps.db.read() as session:
        return session.get_one(Case, case.id)


def test_an_objection_opens_and_a_second_ticket_is_added(office: Office) -> None:
    case = office.published()
    assert take(office, returned(case, "objection")) == OPENED
    assert take(office, returned(case, "objection", "XYZG-2", evidence="又一份判决书")) == ADDED
    assert take(office, returned(case, "objection", "XYZG-2", evidence="又一份判决书")) == ADDED
    (overlay,) = overlays(office, case)
    assert (overlay.state, overlay.channel, overlay.ticket) == ("open", "credit-china", "XYZG-1")
    assert overlay.opened_by == "system"
    assert len(overlay.detail["evidence"]) == 2
    with office.deps.db.read() as session:
        (duty,) = session.scalars(
            select(Duty).where(Duty.case_id == case.id, Duty.kind == "accept-objection")
        )
        rows = session.execute(select(outbox).where(outbox.c.topic == "blacklist.cases.v1")).all()
        shown = case_view(
            session, session.get_one(Case, case.id), office.people["decider"], office.clock.today()
        )
        acts = {row.action for row in session.scalars(select(AuditEntry))}
    assert (duty.due_on or date.min) > date(2026, 11, 2)
    told = [dict(record_of(row).headers)["ce_type"].decode() for row in rows]
    assert told.count("case.objection-opened") == 1
    assert "request.answered" not in told
    assert "又一份判决书" in shown["overlays"]["objection"]["evidence"][1]
    assert {"case.open_objection", "case.request-added"} <= acts
    case = office.take(reload(office, case), "accept_objection", "clerk")
    case = office.take(reload(office, case), "settle_objection", "decider", upheld=False, reason="核查无误")
    assert overlays(office, case)[0].state == "rejected"
    assert answers(office) == [
        ("XYZG-1", "accepted"),
        ("XYZG-2", "accepted"),
        ("XYZG-1", "rejected"),
        ("XYZG-2", "rejected"),
    ]


def test_what_happens_on_the_way_is_told_as_well(office: Office) -> None:
    case = office.published()
    office.clock.advance(timedelta(days=120))
    asked = returned(case, "repair", received_on=office.clock.today(), commitment="承诺依法诚信经营")
    assert take(office, asked) == OPENED
    case = office.take(reload(office, case), "accept_repair", "clerk")
    case = office.take(case, "request_material", "clerk", reason="缺缴款凭证")
    case = office.take(case, "receive_material", "clerk", content="缴款凭证")
    office.take(case, "extend_repair", "clerk", reason="情况复杂")
    assert [said for _, said in answers(office)] == ["accepted", "material-requested", "extended"]


def test_a_repair_runs_as_at_the_window(office: Office) -> None:
    case = office.published()
    office.clock.advance(timedelta(days=100))
    asked = returned(case, "repair", received_on=office.clock.today(), commitment="承诺依法诚信经营")
    assert take(office, asked) == OPENED
    case = office.take(reload(office, case), "accept_repair", "clerk")
    with pytest.raises(Forbidden):
        office.take(case, "settle_repair", "clerk", granted=True, reason="已履行")
    case = office.take(case, "settle_repair", "decider", granted=True, reason="已履行")
    assert case.state == "removed"
    assert take(office, returned(case, "repair", "XYZG-3")) == LATE
    assert answers(office) == [("XYZG-1", "accepted"), ("XYZG-1", "granted"), ("XYZG-3", "moot")]
    with office.deps.db.read() as session:
        step = steps_of(session, case.id)[-1]
    assert step.action == "late_repair"
    assert "XYZG-3" in str(step.reason)
    assert action_title(step.action) != step.action


def test_who_asked_is_told_when_the_listing_ends_otherwise(office: Office) -> None:
    case = office.published()
    office.clock.advance(timedelta(days=100))
    assert take(office, returned(case, "objection")) == OPENED
    assert take(office, returned(case, "repair", "XYZG-2", commitment="承诺依法诚信经营")) == OPENED
    case = office.take(reload(office, case), "accept_repair", "clerk")
    office.take(case, "settle_repair", "decider", granted=True, reason="已履行")
    assert answers(office) == [("XYZG-2", "accepted"), ("XYZG-2", "granted"), ("XYZG-1", "moot")]


def test_events_of_the_push_service_open_it(office: Office) -> None:
    case = office.published()
    handle = open_requests(office.deps)
    told = json.loads(GOLDEN.joinpath("request.objection.json").read_text("utf-8"))["data"]
    data = told | {"listing_id": case.listing_id, "received_on": "2026-11-02"}

    event = new_event("request.objection", source="credit-push", subject=str(case.listing_id), sequence=1,
                      data=data, at=office.clock.now())  # fmt: skip
    with office.deps.db.write() as session:
        handle(session, [replace(event, type="delivery.acknowledged"), event])
    (overlay,) = overlays(office, case)
    assert overlay.ticket == told["ticket"]
    assert take(office, returned(Case(listing_id="nowhere"), "objection")) == UNKNOWN
