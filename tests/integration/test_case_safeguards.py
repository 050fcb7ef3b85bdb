"""What the law keeps for the party and for the public: each step refused, or told of, at its own place."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.blacklist.cases.models import Case
from services.blacklist.cases.queries import case_view
from services.blacklist.cases.usecases.attachments import Upload
from services.blacklist.rules.domain import necessity_problem
from services.blacklist.rules.queries import list_rule
from shared.errors import Conflict, DomainError, Forbidden, Invalid
from tests.unit.blacklist.case_office import Office, filing, memory_database, open_office
from tests.unit.blacklist.hearings import keep

REQUEST = {"channel": "window", "evidence": "申请材料"}


@pytest.fixture
def office(tmp_path, clock):
    db = memory_database()
    yield open_office(db, tmp_path, clock)
    db.close()


def view(office: Office, case: Case) -> dict[str, Any]:
    with office.deps.db.read() as session:
        return case_view(session, case, office.people["decider"], office.clock.today())


def duty(office: Office, case: Case, kind: str) -> dict[str, Any]:
    return next(each for each in view(office, case)["duties"] if each["kind"] == kind)


def pointers(refused: pytest.ExceptionInfo[Invalid]) -> list[str]:
    return [each.pointer for each in refused.value.fields]


def told(office: Office) -> Case:
    case = office.take(office.file(), "submit", "clerk")
    return office.take(case, "approve_notice", "reviewer", notice_number="告〔2026〕1号")


def test_a_second_statement_neither_drops_the_first_nor_the_right_to_a_hearing(office):
    heard = {"content": "没有参与", "answer": "证据确凿", "hearing_waived": False}
    case = office.take(told(office), "record_statement", "clerk", **heard)
    with pytest.raises(Invalid) as refused:
        office.take(case, "record_statement", "clerk", waived=True)
    assert pointers(refused) == ["/waived"]
    case = office.take(case, "record_statement", "clerk", content="补充", answer="不予采纳")
    assert case.statement["hearing_waived"] is False
    assert view(office, case)["steps"][-1]["detail"]["replaced"]["content"] == "没有参与"
    with pytest.raises(Conflict, match="action-blocked"):
        office.take(case, "decide", "decider", severity="general")
    case = office.take(told(office), "record_statement", "clerk", waived=True, hearing_waived=False)
    assert office.take(case, "record_statement", "clerk", waived=True).statement["hearing_waived"] is False


def test_a_notice_that_came_back_is_not_waived_and_stops_the_decision(office):
    lost = {"method": "post", "served_on": office.clock.today(), "reason": "查无此人"}
    case = office.take(told(office), "fail_notice_service", "clerk", **lost)
    with pytest.raises(Invalid) as refused:
        office.take(case, "record_statement", "clerk", waived=True)
    assert pointers(refused) == ["/waived"]
    waived = office.take(told(office), "record_statement", "clerk", waived=True)
    waived = office.take(waived, "fail_notice_service", "clerk", **lost)
    with pytest.raises(Conflict, match="action-blocked"):
        office.take(waived, "decide", "decider", severity="general")
    case = office.take(case, "record_statement", "clerk", content="没有参与", answer="证据确凿")
    assert office.take(case, "decide", "decider", severity="general").state == "decided"


def test_a_notice_that_came_back_after_the_decision_stops_publication(office):
    case, first = told(office), office.clock.today()
    office.clock.advance(timedelta(days=20))
    today = office.clock.today()
    case = office.take(case, "decide", "decider", severity="general")
    assert [each["title"] for each in view(office, case)["warnings"]] == ["告知书送达存疑"]
    case = office.take(
        case, "fail_notice_service", "clerk", method="post", served_on=first, reason="查无此人"
    )
    case = office.take(case, "record_service", "clerk", method="direct", served_on=today)
    assert "告知书送达存疑" in [each["title"] for each in view(office, case)["warnings"]]
    with pytest.raises(Conflict, match="action-blocked"):
        office.take(case, "publish", "decider")
    proved = {"method": "direct", "recipient": "门卫", "proof": "送达回证"}
    office.clock.advance(timedelta(days=1))
    late = office.clock.today()
    with pytest.raises(Invalid) as refused:
        office.take(case, "record_notice_service", "clerk", served_on=late, **proved)
    assert pointers(refused) == ["/served_on"]
    case = office.take(case, "record_notice_service", "clerk", served_on=first, **proved)
    assert office.take(case, "publish", "decider").state == "published"


def test_a_minor_act_is_shown_only_with_its_necessity(office):
    case = office.walk(office.file(), "noticed")
    with pytest.raises(Invalid) as refused:
        office.take(case, "decide", "decider", severity="minor")
    assert pointers(refused) == ["/necessity"]
    case = office.take(case, "decide", "decider", severity="minor", necessity="涉及公众人身安全")
    step = view(office, case)["steps"][-1]
    assert (step["detail"]["necessity"], step["rule_version"]) == ("涉及公众人身安全", "1+order36")
    assert case.publicity_months == 3
    case = office.take(case, "record_service", "clerk", method="direct", served_on=office.clock.today())
    assert office.take(case, "publish", "decider").state == "published"


def test_an_unshown_minor_act_and_one_of_the_former_law_need_none(office):
    case = office.walk(office.file(), "noticed")
    assert office.take(case, "decide", "decider", severity="minor", publicity_months=0).state == "decided"
    former = list_rule("penalty-publication", date(2026, 3, 31))
    assert necessity_problem(former, "minor", 3, None) is None


def test_a_decided_penalty_called_minor_needs_it_on_confirmation_or_at_the_latest_on_publication(office):
    case = office.take(office.file(filing(list_code="penalty-publication")), "submit", "clerk")
    with pytest.raises(Invalid) as refused:
        office.take(case, "confirm_decision", "reviewer", severity="minor")
    assert pointers(refused) == ["/necessity"]
    case = office.take(case, "confirm_decision", "reviewer", severity="minor", necessity="必要")
    with office.deps.db.write() as session:  # as kept by a release that did not ask
        session.merge(case).decision = {}
    with pytest.raises(Invalid) as refused:
        office.take(case, "publish", "decider")
    assert pointers(refused) == ["/necessity"]
    assert office.take(case, "publish", "decider", necessity="必要").state == "published"


def test_nothing_is_served_before_it_is_decided(office):
    office.clock.advance(timedelta(days=7))
    case = office.walk(office.file(), "decided")
    early = office.clock.today() - timedelta(days=1)
    with pytest.raises(Invalid) as refused:
        office.take(case, "record_service", "clerk", method="direct", served_on=early)
    assert pointers(refused) == ["/served_on"]


def test_giving_up_the_statement_gives_up_no_hearing(office):
    case = office.take(office.file(), "submit", "clerk")
    case = office.take(case, "approve_notice", "reviewer", notice_number="告〔2026〕1号")
    case = office.take(case, "record_statement", "clerk", waived=True, hearing_waived=False)
    with pytest.raises(Conflict) as refused:
        office.take(case, "decide", "decider", severity="general")
    last = case.hearing_ends_on
    assert refused.value.extra["earliest"] == (last + timedelta(days=1)).isoformat()
    given_up = office.take(case, "record_statement", "clerk", waived=True, hearing_waived=True)
    assert "听证期限未届满" not in [each["title"] for each in view(office, given_up)["warnings"]]
    assert office.take(given_up, "decide", "decider", severity="general").state == "decided"


def test_an_objection_is_accepted_or_refused_before_it_is_answered(office):
    case = office.published()
    request = REQUEST | {"received_at": office.clock.today()}
    case = office.take(case, "open_objection", "clerk", **request)
    with pytest.raises(Conflict, match="action-blocked"):
        office.take(case, "settle_objection", "decider", upheld=False, reason="查无实据")
    with pytest.raises(Forbidden):
        office.take(case, "refuse_objection", "clerk", reason="不属于异议范围")
    with pytest.raises(DomainError, match="validation-failed"):
        office.take(case, "refuse_objection", "reviewer")
    case = office.take(case, "refuse_objection", "reviewer", reason="不属于异议范围")
    assert duty(office, case, "accept-objection")["state"] == "done"
    assert view(office, case)["overlays"] == {}
    assert view(office, case)["requests"][0]["state"] == "refused"


def test_a_repair_asked_for_too_early_is_told_from_when_and_its_refusal_ends_the_duty(office):
    case = office.published()
    request = REQUEST | {"received_at": office.clock.today(), "commitment": "承诺"}
    case = office.take(case, "open_repair", "clerk", **request)
    (warning,) = view(office, case)["warnings"]
    assert warning["title"] == "未满最短公示期"
    assert "2027年2月2日" in warning["text"]
    with pytest.raises(Invalid) as refused:
        office.take(case, "refuse_repair", "reviewer", reason="已电话 13800138000 告知")
    assert pointers(refused) == ["/reason"], "told to the platform it came from"
    case = office.take(case, "refuse_repair", "reviewer", reason="未满最短公示期")
    assert (duty(office, case, "accept-repair")["state"], view(office, case)["warnings"]) == ("done", [])


def test_repair_is_not_granted_while_obligations_are_recorded_open(office):
    case = office.take(office.published(), "record_obligations", "clerk", fulfilled=False, content="罚款未缴")
    office.clock.advance(timedelta(days=100))
    case = office.take(case, "open_repair", "clerk", **REQUEST, received_at=office.clock.today())
    case = office.take(case, "accept_repair", "reviewer")
    with pytest.raises(Conflict, match="action-blocked") as refused:
        office.take(case, "settle_repair", "decider", granted=True, reason="已纠正")
    assert "履行完毕法定义务" in refused.value.extra["rule"]
    assert "登记义务履行情况" in str(refused.value.detail)
    case = office.take(case, "record_obligations", "clerk", fulfilled=True, content="已缴清")
    case = office.take(case, "settle_repair", "decider", granted=True, reason="已纠正")
    assert (case.state, case.reason_code) == ("removed", "repair")


def test_a_repair_refused_needs_no_obligations_met(office):
    case = office.take(office.published(), "record_obligations", "clerk", fulfilled=False, content="罚款未缴")
    office.clock.advance(timedelta(days=100))
    case = office.take(case, "open_repair", "clerk", **REQUEST, received_at=office.clock.today())
    case = office.take(case, "accept_repair", "reviewer")
    case = office.take(case, "settle_repair", "decider", granted=False, reason="尚未履行")
    assert (case.state, view(office, case)["requests"][0]["state"]) == ("published", "refused")


def test_a_repair_without_its_commitment_is_warned_of_and_may_be_granted(office):
    case = office.published()
    office.clock.advance(timedelta(days=100))
    case = office.take(case, "open_repair", "clerk", **REQUEST, received_at=office.clock.today())
    assert [each["title"] for each in view(office, case)["warnings"]] == ["缺少信用承诺书"]
    keep(office, case, Upload("commitment", "信用承诺书.pdf", b"%PDF-1.4 %%EOF"))
    assert view(office, case)["warnings"] == []
    case = office.take(case, "accept_repair", "reviewer")
    assert office.take(case, "settle_repair", "decider", granted=True, reason="已纠正").state == "removed"


def test_a_publication_after_its_day_is_told_as_late(office):
    case = office.walk(office.file(), "served")
    due = date.fromisoformat(duty(office, case, "publish")["due"])
    office.clock.advance(due - office.clock.today() + timedelta(days=7))
    case = office.take(case, "publish", "decider")
    told = duty(office, case, "publish")
    assert (told["state"], told["late"], told["late_wd"]) == ("done", True, 5)


def test_a_term_counted_from_the_document_may_end_before_publication_and_the_case_is_closed(office):
    old = filing(list_code="penalty-publication", document={"date": "2025-10-30"})
    case = office.take(office.file(old), "submit", "clerk")
    case = office.take(case, "confirm_decision", "reviewer", severity="general", publicity_months=12)
    publish = next(each for each in view(office, case)["available_actions"] if each["action"] == "publish")
    assert (publish["allowed"], "不公开结案" in publish["reason"]) == (False, True)
    case = office.take(case, "close_undisclosed", "decider", reason="公示期自文书日期起算已经届满")
    assert (case.state, duty(office, case, "publish")["state"]) == ("archived", "cancelled")
