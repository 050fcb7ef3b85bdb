"""监督举报: receipt and code, no account, limits; answered by two; who sent it only on stated purpose."""

import json

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from services.blacklist.audit.models import AuditEntry
from services.blacklist.openness.domain.reports import ACTS
from services.blacklist.openness.models import Report
from services.blacklist.openness.usecases.reports import EFFECTS
from services.blacklist.rules.queries import duties_of
from tests.integration.openness_world import World


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.db.close()


def send(world, status=201, **changes):
    given = {
        "department_id": world.office.department.id, "topic": "late", "about": "GK130102-2026-00001",
        "text": "分配结果逾期没有公开", "reporter": {"name": "王小二", "phone": "13900000000"},
    } | changes  # fmt: skip
    return world.call(None, "POST", "/supervision-reports", status, given)


def row_of(world, receipt):
    with world.db.read() as session:
        return session.scalars(select(Report).where(Report.number == receipt["number"])).one()


def act(world, who, row, action, status=200, **given):
    body = {"action": action, **given}
    return world.call(who, "POST", f"/supervision-reports/{row.id}/actions", status, body)


def progress(world, receipt, status=200):
    return world.call(None, "POST", "/supervision-reports/progress", status, {"code": receipt["code"]})


def test_every_act_has_an_effect():
    assert set(ACTS) == set(EFFECTS)


def test_a_receipt_opens_the_progress_and_nothing_else_does(world):
    receipt = send(world)
    assert receipt["number"] == "JD130102-2026-00001"
    shown = progress(world, receipt)
    assert (shown["state_name"], shown["id"], shown["due"]) == ("已收到", None, "2026-11-23")
    assert "王小二" not in json.dumps(shown, ensure_ascii=False)
    for wrong in ("AAAA-BBBB-CCCC-DDDD", row_of(world, receipt).id):
        assert progress(world, {"code": wrong}, 404)["slug"] == "report-not-found"


def test_the_sender_and_the_text_are_sealed_and_read_for_a_purpose(world):
    row = row_of(world, send(world))
    assert "王小二" not in str(row.__dict__)
    assert "逾期" not in row.text_sealed
    seen = world.call("clerk", "GET", f"/supervision-reports/{row.id}")
    assert (seen["text"], seen["anonymous"]) == ("分配结果逾期没有公开", False)
    assert "王小二" not in json.dumps(seen, ensure_ascii=False)
    place = f"/supervision-reports/{row.id}/reporter"
    world.call("clerk", "POST", place, 422, {})
    found = world.call("clerk", "POST", place, 200, {"purpose": "核实情况，联系举报人"})
    assert (found["name"], found["phone"]) == ("王小二", "13900000000")
    world.call("auditor", "POST", place, 403, {"purpose": "看看"})
    with world.db.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "report.read-reporter")).one()
    assert json.loads(entry.detail)["purpose"] == "核实情况，联系举报人"
    assert entry.actor_name == "clerk"


def test_a_report_may_be_anonymous(world):
    row = row_of(world, send(world, reporter=None))
    assert row.reporter_sealed is None
    place = f"/supervision-reports/{row.id}/reporter"
    assert world.call("clerk", "POST", place, 200, {"purpose": "核实"}) == {"anonymous": True}


def test_drafted_by_one_and_answered_by_another(world):
    receipt = send(world)
    row = row_of(world, receipt)
    act(world, "decider", row, "answer", 409)
    act(world, "clerk", row, "accept")
    act(world, "decider", row, "answer", 409)
    act(world, "clerk", row, "draft", content="经核实，已于11月2日公开，感谢监督。")
    assert progress(world, receipt)["answer"] is None
    clerk = world.people["clerk"]
    world.people["both"] = type(clerk)(**{**clerk.__dict__, "roles": frozenset({"clerk", "decider"})})
    assert act(world, "both", row, "answer", 403)["slug"] == "report-four-eyes"
    act(world, "decider", row, "answer")
    shown = progress(world, receipt)
    assert (shown["state"], shown["answer"]) == ("answered", "经核实，已于11月2日公开，感谢监督。")
    with world.db.read() as session:
        assert [each.done_at is not None for each in duties_of(session, [row.id])[row.id]] == [True]
    with pytest.raises(IntegrityError), world.db.write() as session:
        session.execute(text("UPDATE openness_reports SET answered_by = drafted_by"))


def test_passed_on_to_the_department_that_answers_for_it(world):
    receipt = send(world)
    row = row_of(world, receipt)
    act(world, "clerk", row, "transfer", 422, department_id=world.office.department.id, reason="x")
    act(world, "clerk", row, "transfer", department_id=world.finance.id, reason="属政府采购")
    world.call("clerk", "GET", f"/supervision-reports/{row.id}", 404)
    assert world.call("finance", "GET", f"/supervision-reports/{row.id}")["state"] == "received"
    with world.db.read() as session:
        assert [d.department_id for d in duties_of(session, [row.id])[row.id]] == [world.finance.id]
    act(world, "finance-decider", row, "decline", content="不属于公共资源配置领域，请向有关部门反映。")
    assert progress(world, receipt)["state_name"] == "不予受理"


def test_one_address_may_not_flood(world):
    for _ in range(5):
        send(world)
    refused = send(world, 429)
    assert refused["slug"] == "report-too-many"
    assert world.call("clerk", "GET", "/supervision-reports?state=open&limit=2")["next"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"topic": "nothing"}, "/topic"),
        ({"text": "短"}, "/text"),
        ({"reporter": {"name": "王小二"}}, "/reporter/phone"),
        ({"department_id": "0199a000-0000-7000-8000-000000000000"}, "/department_id"),
        ({"extra": 1}, "/extra"),
    ],
)
def test_what_is_wrong_is_pointed_at(world, changes, pointer):
    assert pointer in [each["pointer"] for each in send(world, 422, **changes)["fields"]]
