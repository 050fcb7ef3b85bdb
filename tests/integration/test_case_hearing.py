"""A hearing through the API and the use cases: told in time, led by another, closed with its outcome, and
kept in a record on which the decision rests.
"""

import hashlib
from datetime import UTC, date, datetime, timedelta

import pytest

from services.blacklist.cases import api as cases
from services.blacklist.cases.models import CaseStep
from services.blacklist.cases.queries import case_view
from services.blacklist.cases.queries.views import steps_of
from shared.errors import Conflict, Invalid
from shared.web.app import create_service_app, finish
from tests.integration.test_cases_api import Caller
from tests.unit.blacklist.case_office import filing, memory_database, open_office
from tests.unit.blacklist.hearings import (
    RECORD,
    WITHDRAWN,
    closing,
    heard,
    keep_record,
    opening,
    serve_notice,
    withdrawn,
)
from tests.unit.blacklist.hearings import now as seen_now

DAY = date(2026, 11, 11)


@pytest.fixture
def office(tmp_path, clock):
    clock.set(datetime(2026, 11, 2, 2, tzinfo=UTC))
    db = memory_database()
    yield open_office(db, tmp_path, clock)
    db.close()


@pytest.fixture
def call(office):
    app = create_service_app(
        __name__, name="blacklist", title="t", prefix="", clock=office.clock, ready=dict,
        authenticate=lambda request: office.people.get(request.headers.get("X-Test-User", "")),
    )  # fmt: skip
    app.register_blueprint(cases.blueprint(office.deps))
    return Caller(finish(app).test_client())


def noticed(office):
    case = office.take(office.file(), "submit", "clerk")
    return office.take(case, "approve_notice", "reviewer", notice_number="长住建告〔2026〕3号")


def another(office):
    case = office.file(filing(document={"number": "长住建罚〔2026〕77号"}))
    case = office.take(case, "submit", "clerk")
    return office.take(case, "approve_notice", "reviewer", notice_number="长住建告〔2026〕4号")


def view(office, case):
    with office.deps.db.read() as session:
        return case_view(session, case, office.people["decider"], office.clock.today())


def last_step(office, case_id) -> CaseStep:
    with office.deps.db.read() as session:
        return steps_of(session, case_id)[-1]


def pointers(refused):
    return [each.pointer for each in refused.value.fields]


def test_a_hearing_walks_through_the_api(office, call):
    case = call("clerk", "POST", "/cases", filing()).json

    def step(who, status=200, **body):
        nonlocal case
        asked = {**body, "version": case["version"]}
        answer = call(who, "POST", f"/cases/{case['id']}/transitions", asked)
        assert answer.status_code == status, answer.json
        case = answer.json if status == 200 else case
        return answer.json

    step("clerk", action="submit")
    step("reviewer", action="approve_notice", notice_number="长住建告〔2026〕3号")
    bare = step("clerk", 422, action="open_hearing")
    missing = [f"/{name}" for name in ("held_on", "held_time", "place", "presider")]
    assert [each["pointer"] for each in bare["fields"]] == missing
    early = step("clerk", 422, action="open_hearing", **opening("2026-11-10", presider="clerk-甲"))
    assert [each["pointer"] for each in early["fields"]] == ["/held_on", "/presider"]
    assert "2026年11月11日" in early["fields"][0]["message"]
    step("clerk", action="open_hearing", **opening(DAY.isoformat(), openness="trade-secret"))
    assert (case["state"], case["hearing"]["openness"]) == ("hearing", "trade-secret")
    bare = step("clerk", 422, action="close_hearing")
    assert [each["pointer"] for each in bare["fields"]] == ["/outcome", "/reason"]
    office.clock.advance(timedelta(days=9))
    step("clerk", action="close_hearing", **closing(DAY.isoformat(), acceptance="partly"))
    assert [each["title"] for each in case["warnings"]].count("缺少听证笔录") == 1
    refused = step("decider", 409, action="decide", severity="general")
    assert "听证笔录" in refused["detail"]
    sent = call.upload("clerk", f"/cases/{case['id']}/attachments", "笔录.pdf", RECORD, kind="hearing-record")
    assert sent.status_code == 201
    assert step("decider", 409, action="decide", severity="general")["type"].endswith("stale-version")
    case = call("decider", "GET", f"/cases/{case['id']}").json
    assert case["steps"][-1]["action"] == "keep_record"
    assert "法制审核" in step("decider", 409, action="decide", severity="general")["detail"]
    step("reviewer", action="record_legal_review", conclusion="agreed", opinion="程序合法")
    step("decider", action="decide", severity="general")
    digest = hashlib.sha256(RECORD).hexdigest()
    kept = {"attachment_id": sent.json["id"], "file_name": "笔录.pdf", "sha256": digest}
    assert case["hearing"]["record"] == kept
    assert last_step(office, case["id"]).detail["hearing"] == {
        "settled_by": "held", "record": digest,
    }  # fmt: skip


def test_reviewers_do_not_preside_and_deciders_may(office):
    case = noticed(office)
    for name in ("reviewer-甲", "clerk-甲"):
        with pytest.raises(Invalid) as refused:
            office.take(case, "open_hearing", "clerk2", **opening(DAY, presider=name))
        assert pointers(refused) == ["/presider"]
    assert (
        office.take(case, "open_hearing", "clerk", **opening(DAY, presider="decider-甲")).state == "hearing"
    )


def test_a_hearing_is_told_beforehand_and_anew_for_another_day(office):
    case = noticed(office)
    for day in (date(2026, 11, 1), date(2199, 12, 31)):
        with pytest.raises(Invalid) as refused:
            office.take(case, "open_hearing", "clerk", **opening(day))
        assert pointers(refused) == ["/held_on"]
    case = office.take(case, "open_hearing", "clerk", **opening(date(2026, 12, 30)))
    office.clock.advance(timedelta(days=30))
    for told, wrong in ((None, "/notified_on"), (date(2026, 11, 1), "/notified_on"), (DAY, "/held_on")):
        moved = closing(date(2026, 11, 18), content="提前", notified_on=told)
        with pytest.raises(Invalid) as refused:
            office.take(case, "close_hearing", "clerk", **moved)
        assert pointers(refused) == [wrong]
    moved = closing(date(2026, 11, 20), content="当事人同意提前，已重新通知", notified_on=DAY)
    kept = office.take(case, "close_hearing", "clerk", **moved).hearing
    assert (kept["planned_on"], kept["planned_notified_on"]) == ("2026-12-30", "2026-11-02")


def test_only_who_was_told_in_time_can_be_absent(office):
    absent = {"outcome": "absent", "reason": "未到场"}
    case = office.take(noticed(office), "open_hearing", "clerk", **opening(DAY))
    office.clock.set(datetime(2026, 11, 11, 1, 29, tzinfo=UTC))
    attempts = [
        ({"outcome": "failed", "effective_on": None}, "09:30举行"),  # one minute before the hearing
        ({"outcome": "failed", "effective_on": None}, "未能送达"),
        ({"served_on": date(2026, 11, 3), "effective_on": date(2026, 11, 3)}, "2026年11月12日"),
    ]
    for attempt, words in attempts:
        serve_notice(office, case, **attempt)
        with pytest.raises(Invalid) as refused:
            office.take(seen_now(office, case), "close_hearing", "clerk", **absent)
        assert words in refused.value.fields[0].message
        office.clock.advance(timedelta(minutes=1))
    other = office.take(another(office), "open_hearing", "clerk", **opening(date(2026, 11, 30)))
    serve_notice(office, other)
    serve_notice(office, other, outcome="failed", effective_on=None)  # a second attempt undoes no service
    office.clock.set(datetime(2026, 11, 30, 2, tzinfo=UTC))
    other = office.take(seen_now(office, other), "close_hearing", "clerk", **absent)
    assert other.hearing["outcome"] == "absent"


def test_no_record_before_the_hearing(office):
    case = office.take(noticed(office), "open_hearing", "clerk", **opening(DAY))
    with pytest.raises(Invalid) as refused:
        keep_record(office, case)
    assert pointers(refused) == ["/kind"]
    office.clock.set(datetime(2026, 11, 11, 2, tzinfo=UTC))
    keep_record(office, case)
    assert seen_now(office, case).version == case.version + 1


def test_who_gives_a_hearing_up_still_has_his_statement(office):
    case = office.take(noticed(office), "open_hearing", "clerk", **opening(DAY))
    with pytest.raises(Invalid) as refused:
        office.take(case, "close_hearing", "clerk", **WITHDRAWN)
    assert "书面申请" in refused.value.fields[0].message
    case = withdrawn(office, case)
    assert "缺少听证笔录" not in [each["title"] for each in view(office, case)["warnings"]]
    with pytest.raises(Conflict):
        office.take(case, "decide", "decider", severity="general")
    case = office.take(case, "record_statement", "clerk", waived=True)
    case = office.take(case, "decide", "decider", severity="general")
    assert last_step(office, case.id).detail["hearing"] == {"settled_by": "withdrawn", "record": None}


def test_each_hearing_has_a_record_of_its_own(office):
    keep_record(office, noticed_case := noticed(office))  # before any hearing: no hearing's record
    assert noticed_case.hearing is None
    case = heard(office, noticed_case)
    assert view(office, case)["hearing"]["record"]["file_name"] == "听证笔录.pdf"
    case = office.take(case, "return_for_revision", "reviewer", reason="事实不清")
    assert case.hearing is None


def test_the_decision_tells_when_nothing_was_said_of_a_hearing(office):
    case = office.take(noticed(office), "record_statement", "clerk", waived=True)
    case = office.take(case, "decide", "decider", severity="serious", publicity_months=12)
    assert last_step(office, case.id).detail["hearing"] == {"settled_by": "unsaid", "record": None}
