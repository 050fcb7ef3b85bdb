"""Service of a letter is the case's own step: recorded once, with its proof and the day it counts from."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.blacklist.cases.models import Case
from services.blacklist.cases.queries.views import steps_of
from services.blacklist.letters.usecases.serving import Proof
from shared.clock import FixedClock
from shared.errors import Conflict, Forbidden, Invalid
from tests.integration.test_letters import DAY, SCAN, Desk, decided
from tests.unit.blacklist.case_office import filing, memory_database, open_office
from tests.unit.blacklist.hearings import opening


@pytest.fixture
def desk(tmp_path):
    db = memory_database()
    yield Desk(open_office(db, tmp_path, FixedClock(datetime(2026, 11, 2, 2, 0, tzinfo=UTC))))
    db.close()


def now(desk, case):
    with desk.office.deps.db.read() as session:
        return session.get_one(Case, case.id)


def noticed(desk):
    return noticed_with(desk, None)


def noticed_with(desk, content):
    case = desk.office.take(desk.office.file(content), "submit", "clerk")
    return desk.office.take(case, "approve_notice", "reviewer", notice_number="长住建告〔2026〕3号")


def both(desk, case):
    decision = desk.issue(case, "decision")
    desk.issue(case, "repair-notice")
    return decision


LABELS = [
    ("proactive", "（此件公开发布）"),
    ("on-request", "（此件依申请公开）"),
    ("withheld", "（此件不予公开）"),
]


@pytest.mark.parametrize(("attribute", "label"), LABELS)
def test_a_letter_prints_its_label(desk, attribute, label):
    case = decided(desk, filing(disclosure={"attribute": attribute, "reason": "依法"}))
    assert label in desk.text(desk.issue(case, "decision"))


@pytest.mark.parametrize(("attribute", "label"), LABELS)
def test_papers_on_the_way_to_a_decision_carry_no_label(desk, attribute, label):
    case = noticed_with(desk, filing(disclosure={"attribute": attribute, "reason": "依法"}))
    assert label not in desk.text(desk.issue(case, "notice"))


def test_a_paper_about_rights_carries_no_label(desk):
    case = decided(desk)
    desk.issue(case, "decision")
    assert "公开发布" not in desk.text(desk.issue(case, "repair-notice"))


def test_serving_the_decision_serves_the_case(desk):
    case = decided(desk)
    decision = both(desk, case)
    rows = desk.serve(decision, Proof("回证.pdf", SCAN))
    case = now(desk, case)
    assert (case.state, case.service_effective_on) == ("served", DAY)
    assert case.service["letter"]["service_id"] == rows[0].id
    assert case.service["papers"] == ["decision", "repair-notice"]
    assert case.service["letter"]["proof"] == rows[0].proof_sha256
    assert decision.number in case.service["proof"]
    assert desk.office.take(case, "publish", "decider").state == "published"


def test_a_departments_own_system_records_service_as_a_clerk_does(desk):
    case, clerk = decided(desk), desk.office.people["clerk"]
    system = replace(clerk, user_id="k1", display_name="住建系统", roles=frozenset(), key_id="k1")
    desk.office.people["clerk"] = replace(system, scopes=frozenset({"cases:write"}))
    decision = both(desk, case)
    desk.serve(decision, Proof("回证.pdf", SCAN))
    with desk.office.deps.db.read() as session:
        case = session.get_one(Case, case.id)
        step = steps_of(session, case.id)[-1]
    assert (case.state, case.service_effective_on) == ("served", DAY)
    assert (step.action, step.actor_name, step.actor_role) == ("record_service", "住建系统", "key")


def test_public_notice_makes_the_case_wait(desk):
    case = decided(desk)
    desk.serve(
        both(desk, case), method="public-notice", recipient=None, place="区政府网站 https://gov.example/gg/1"
    )
    case = now(desk, case)
    assert (case.state, case.service_effective_on) == ("served", date(2026, 12, 2))
    with pytest.raises(Conflict) as refused:
        desk.office.take(case, "publish", "decider")
    assert refused.value.extra["earliest"] == "2026-12-02"


@pytest.mark.parametrize(
    ("method", "more"), [("leave", {"note": "见证"}), ("electronic", {"note": "确认书"})]
)
def test_ways_only_letters_know(desk, method, more):
    case = decided(desk)
    desk.serve(both(desk, case), method=method, **more)
    assert now(desk, case).service["method"] == method


def test_a_failed_attempt_moves_nothing_and_a_case_typed_before_stays(desk):
    case = decided(desk)
    decision = both(desk, case)
    desk.serve(decision, method="post", tracking_number="EMS1", outcome="failed", note="查无此人")
    assert now(desk, case).state == "decided"
    typed = desk.office.take(case, "record_service", "clerk", method="direct", served_on=DAY)
    desk.serve(decision)
    assert now(desk, case).version == typed.version


@pytest.mark.parametrize(("days", "came_back"), [(-1, False), (1, True)])
def test_after_publication_only_what_came_back_since_it_was_served_counts(desk, days, came_back):
    case = decided(desk)
    decision = both(desk, case)
    desk.office.clock.advance(timedelta(days=1))
    served = desk.office.clock.today()
    desk.serve(decision, Proof("回证.pdf", SCAN), served_on=served)
    desk.office.take(now(desk, case), "publish", "decider")
    desk.office.clock.advance(timedelta(days=1))
    tried = {"method": "post", "tracking_number": "EMS1", "outcome": "failed", "note": "查无此人"}
    desk.serve(decision, **tried, served_on=served + timedelta(days=days))
    assert (now(desk, case).decision_failed_on is not None) is came_back


def test_only_the_clerk_serves(desk):
    case = decided(desk)
    decision = both(desk, case)
    desk.office.people["clerk"] = desk.office.people["reviewer"]
    with pytest.raises(Forbidden):
        desk.serve(decision)
    assert desk.listed(case)["items"][0]["services"] == []


def test_windows_run_from_the_service_of_the_notice(desk):
    case = noticed(desk)
    assert (case.window_ends_on, case.hearing_ends_on) == (date(2026, 11, 9), date(2026, 11, 9))
    notice = desk.issue(case, "notice")
    desk.clock.advance(timedelta(days=2))
    desk.serve(notice, served_on=date(2026, 11, 4))
    case = now(desk, case)
    assert case.notice_service["effective_on"] == "2026-11-04"
    assert (case.window_ends_on, case.hearing_ends_on) == (date(2026, 11, 11), date(2026, 11, 11))
    desk.serve(notice, served_on=date(2026, 11, 4))  # another copy: nothing moves again
    assert now(desk, case).version == case.version
    with pytest.raises(Conflict):
        desk.office.take(case, "record_notice_service", "clerk", method="direct", served_on=date(2026, 11, 4))


def test_a_notice_by_publication_keeps_the_decision_waiting(desk):
    case = noticed(desk)
    desk.serve(
        desk.issue(case, "notice"),
        method="public-notice",
        recipient=None,
        place="区政府网站 https://gov.example/gg/1",
    )
    desk.clock.advance(timedelta(days=20))
    with pytest.raises(Conflict) as refused:
        desk.office.take(now(desk, case), "decide", "decider", severity="general")
    assert refused.value.extra["earliest"] == "2026-12-10"


def test_one_truth_whichever_door_recorded_the_service(desk):
    case = noticed(desk)
    notice = desk.issue(case, "notice")
    typed = {"method": "direct", "served_on": DAY, "recipient": "王某"}
    case = desk.office.take(case, "record_notice_service", "clerk", **typed)
    assert desk.listed(case)["items"][0]["served_on"] == "2026-11-02"
    desk.serve(notice, method="public-notice", recipient=None, place="区政府网站 https://gov.example/gg/1")
    case = now(desk, case)
    assert (case.notice_service["method"], case.window_ends_on) == ("public-notice", date(2026, 12, 9))
    assert desk.listed(case)["items"][0]["served_on"] == "2026-12-02"
    desk.clock.advance(timedelta(days=20))
    with pytest.raises(Conflict) as refused:
        desk.office.take(case, "decide", "decider", severity="general")
    assert refused.value.extra["earliest"] == "2026-12-10"
    assert "三十日视为送达" in refused.value.extra["rule"]
    assert "2026年12月2日视为送达" in refused.value.detail
    with pytest.raises(Invalid):  # what was told to the party is not taken back
        desk.office.take(case, "renew_notice_service", "clerk", reason="误登", **typed)


def test_a_notice_nobody_got_starts_no_window(desk):
    case = noticed(desk)
    notice = desk.issue(case, "notice")
    desk.serve(notice, method="post", tracking_number="EMS1", outcome="failed", note="查无此人")
    desk.clock.advance(timedelta(days=20))
    with pytest.raises(Conflict) as refused:
        desk.office.take(now(desk, case), "decide", "decider", severity="general")
    assert "未送达" in refused.value.detail
    desk.serve(notice, served_on=date(2026, 11, 20))
    desk.clock.advance(timedelta(days=9))
    assert desk.office.take(now(desk, case), "decide", "decider", severity="general").state == "decided"


def test_a_later_service_of_the_decision_holds_back_publication(desk):
    case = decided(desk)
    decision = both(desk, case)
    desk.office.take(case, "record_service", "clerk", method="direct", served_on=DAY)
    desk.serve(decision, method="public-notice", recipient=None, place="区政府网站 https://gov.example/gg/1")
    with pytest.raises(Conflict) as refused:
        desk.office.take(now(desk, case), "publish", "decider")
    assert refused.value.extra["earliest"] == "2026-12-02"


def test_what_is_typed_on_the_case_names_its_proof(desk):
    case = noticed(desk)
    with pytest.raises(Invalid) as refused:
        desk.office.take(case, "record_notice_service", "clerk", method="public-notice", served_on=DAY)
    assert [field.pointer for field in refused.value.fields] == ["/proof"]


def test_a_departments_own_system_serves_the_notice(desk):
    case, clerk = noticed(desk), desk.office.people["clerk"]
    notice = desk.issue(case, "notice")
    system = replace(clerk, user_id="k1", display_name="住建系统", roles=frozenset(), key_id="k1")
    desk.office.people["clerk"] = replace(system, scopes=frozenset({"cases:write"}))
    desk.serve(notice, method="public-notice", recipient=None, place="区政府网站 https://gov.example/gg/1")
    assert now(desk, case).window_ends_on == date(2026, 12, 9)


def test_the_hearing_knows_how_its_notice_was_served(desk):
    case = desk.office.take(noticed(desk), "open_hearing", "clerk", **opening(date(2026, 11, 30)))
    notice = desk.issue(case, "hearing-notice")
    desk.serve(notice, outcome="failed", note="查无此人")
    assert now(desk, case).hearing["notice"]["effective_on"] is None
    desk.serve(notice)
    assert now(desk, case).hearing["notice"]["effective_on"] == DAY.isoformat()
    assert now(desk, case).version == case.version
