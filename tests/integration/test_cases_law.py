"""What the law asks of a case beside the plain walk: hearing windows, the decision's parts, requests and
their clocks, the end of a term with open obligations, and linked cases."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from services.blacklist.cases.domain.guards import hearing_request_problem
from services.blacklist.cases.domain.linking import link_problem
from services.blacklist.cases.domain.table import PARTS
from services.blacklist.cases.models import Case, CaseLink
from services.blacklist.cases.queries import case_view
from services.blacklist.cases.queries.requests import find_requests, request_view
from services.blacklist.cases.usecases.clockwork import CaseClock
from services.blacklist.cases.usecases.linking import link_case, unlink_case
from services.blacklist.register.domain import Status, status
from services.blacklist.register.models import Listing, ListingVersion
from services.blacklist.register.queries import standing
from services.blacklist.rules.models import Duty
from shared.errors import Conflict, Invalid
from tests.unit.blacklist.case_office import filing, memory_database, open_office
from tests.unit.blacklist.hearings import opening, withdrawn

PAPER = {"number": "a", "date": date(2026, 11, 2)}


@pytest.fixture
def office(tmp_path, clock):
    db = memory_database()
    yield open_office(db, tmp_path, clock)
    db.close()


def noticed(office):
    case = office.take(office.file(), "submit", "clerk")
    return office.take(case, "approve_notice", "reviewer", notice_number="n")


def reload(office, case):
    with office.deps.db.read() as session:
        return session.get_one(Case, case.id)


def view(office, case, who="decider"):
    with office.deps.db.read() as session:
        return case_view(session, session.get_one(Case, case.id), office.people[who], office.clock.today())


def duties(office, case):
    with office.deps.db.read() as session:
        found = session.scalars(select(Duty).where(Duty.case_id == case.id).order_by(Duty.id))
        return {duty.kind: duty for duty in found}


def public(office, case):
    with office.deps.db.read() as session:
        listing = session.get_one(Listing, case.listing_id)
        return status(standing(listing), office.clock.today()) is Status.PUBLIC


def opened(office, kind, **more):
    received = office.clock.today()
    return {"channel": "credit-china", "ticket": "XYZG-1", "received_at": received, "evidence": "凭证"} | more


def test_a_hearing_is_asked_for_within_its_window(office):
    case = noticed(office)
    assert case.hearing_ends_on == date(2026, 11, 9)
    office.clock.advance(timedelta(days=10))
    day = office.clock.today() + timedelta(days=21)
    with pytest.raises(Conflict) as refused:
        office.take(case, "open_hearing", "clerk", **opening(day))
    assert "2026年11月9日" in refused.value.detail
    timely = opening(day, requested_on=date(2026, 11, 6))
    case = office.take(case, "open_hearing", "clerk", **timely)
    assert case.state == "hearing"
    case = withdrawn(office, case)
    with pytest.raises(Conflict):
        office.take(case, "open_hearing", "clerk", **timely)
    assert office.take(case, "decide", "decider", severity="general").state == "decided"


@pytest.mark.parametrize(
    ("requested", "fine"),
    [("2026-11-01", False), ("2026-11-02", True), ("2026-11-09", True), ("2026-11-10", False)],
)
def test_hearing_window_as_a_pure_rule(requested, fine):
    blocked = hearing_request_problem(
        date(2026, 11, 2), date(2026, 11, 9), date.fromisoformat(requested), date(2026, 11, 30)
    )
    assert (blocked is None) is fine


def test_the_decision_has_five_parts(office):
    case = office.take(noticed(office), "record_statement", "clerk", waived=True)
    case = office.take(
        case, "decide", "decider", severity="general", publicity_months=6, remedy="可申请复议。"
    )
    decision = view(office, case)["decision"]
    assert all(decision[part] for part in PARTS)
    assert decision["remedy"] == "可申请复议。"
    assert decision["grounds"] == "以虚假材料骗取中标"
    assert "公示期6个月" in decision["removal"]
    case = office.take(case, "record_service", "clerk", method="direct", served_on=date(2026, 11, 2))
    assert view(office, case)["service"]["papers"] == ["decision"], "no notice was drawn here"


def test_the_decision_of_a_document_has_them_too(office):
    case = office.take(office.file(filing(list_code="penalty-publication")), "submit", "clerk")
    case = office.take(case, "confirm_decision", "reviewer")
    assert all(view(office, case)["decision"][part] for part in PARTS)


def test_a_domain_of_longer_publicity_is_repaired_no_earlier(office):
    """A general penalty of 安全生产 stands for twelve months, not for the three of other domains."""
    case = office.take(
        office.file(filing(list_code="penalty-publication", domain="work-safety")), "submit", "clerk"
    )
    case = office.take(case, "confirm_decision", "reviewer")
    assert "最短公示期为12个月" in view(office, case)["decision"]["removal"]
    case = office.take(case, "publish", "decider")
    assert case.publicity_min_end == date(2027, 11, 2)
    office.clock.advance(timedelta(days=340))
    case = office.take(case, "open_repair", "clerk", **opened(office, "repair"))
    with pytest.raises(Conflict) as refused:
        office.take(case, "accept_repair", "reviewer")
    assert refused.value.extra["earliest"] == "2027-11-02"


def test_waiting_for_service_beyond_the_duty_is_shown(office):
    case = office.walk(office.file(), "decided")
    case = office.take(case, "record_service", "clerk", method="public-notice", served_on=date(2026, 11, 2))
    assert "2026年12月2日" in view(office, case)["warnings"][0]["text"]


def test_material_stops_the_clock_of_a_repair(office):
    case = office.published()
    office.clock.advance(timedelta(days=100))
    case = office.take(case, "open_repair", "clerk", **opened(office, "repair"))
    case = office.take(case, "accept_repair", "clerk")
    before = duties(office, case)["settle-repair"].due_on
    with pytest.raises(Conflict):
        office.take(case, "receive_material", "clerk")
    case = office.take(case, "request_material", "clerk", reason="缺缴款凭证")
    assert duties(office, case)["settle-repair"].state_on(office.clock.today()) == "paused"
    with pytest.raises(Invalid):
        office.take(case, "request_material", "clerk", reason="再补")
    office.clock.advance(timedelta(days=14))
    case = office.take(case, "receive_material", "clerk", content="凭证")
    after = duties(office, case)["settle-repair"].due_on
    assert office.deps.calendar.working_days_between(before, after) == 10
    case = office.take(case, "extend_repair", "clerk", reason="情况复杂")
    longer = duties(office, case)["settle-repair"].due_on
    assert office.deps.calendar.working_days_between(after, longer) == 10
    with pytest.raises(Invalid):
        office.take(case, "extend_repair", "clerk", reason="再延长")
    assert view(office, case)["requests"][0]["due"] == longer.isoformat()


def test_results_return_to_where_they_came_from(office):
    case = office.published()
    case = office.take(case, "open_objection", "clerk", **opened(office, "objection"))
    case = office.take(case, "accept_objection", "reviewer")
    office.take(case, "settle_objection", "decider", upheld=False, reason="事实清楚")
    with office.deps.db.read() as session:
        who = office.people["clerk"]
        found = find_requests(session, who, channel="credit-china", ticket="XYZG-1", before=None, limit=5)
        answer = request_view(found[0])
    assert answer["result"] == {
        "outcome": "rejected",
        "reason": "事实清楚",
        "on": "2026-11-02",
        "to": "credit-china",
        "ticket": "XYZG-1",
    }


def test_the_acceptance_clock_starts_when_the_request_was_received(office):
    case = office.published()
    office.clock.advance(timedelta(days=4))
    received = date(2026, 11, 3)
    case = office.take(case, "open_objection", "clerk", **opened(office, "objection", received_at=received))
    assert duties(office, case)["accept-objection"].due_on == date(2026, 11, 6)
    case = office.take(case, "accept_objection", "reviewer")
    assert duties(office, case)["settle-objection"].start_on == date(2026, 11, 6)


def test_a_correction_leaves_the_former_text_visible(office):
    case = office.published()
    office.take(case, "correct", "decider", changes={"document": {"fine_wan": "3"}}, reason="金额笔误")
    with office.deps.db.read() as session:
        versions = session.scalars(select(ListingVersion).order_by(ListingVersion.version)).all()
    assert [(each.kind, each.facts["document"]["fine_wan"]) for each in versions] == [
        ("published", "2.5"),
        ("corrected", "3"),
    ]


def unfulfilled(office):
    case = office.take(noticed(office), "record_statement", "clerk", waived=True)
    case = office.take(case, "decide", "decider", severity="general", publicity_months=6)
    served = {"method": "direct", "served_on": office.clock.today()}
    case = office.take(case, "record_service", "clerk", **served)
    case = office.take(case, "publish", "decider")
    case = office.take(case, "record_obligations", "clerk", fulfilled=False, content="罚款未缴")
    office.clock.advance(timedelta(days=160))
    clock = CaseClock(office.deps, "t")
    assert clock.step()
    assert not clock.step()
    return reload(office, case), clock


def test_open_obligations_are_asked_about_before_the_end(office):
    case, clock = unfulfilled(office)
    assert duties(office, case)["decide-expiry"].is_open
    office.clock.advance(timedelta(days=30))
    assert not clock.step()
    assert reload(office, case).state == "published"
    assert not public(office, case)
    case = office.take(case, "decide_expiry", "decider", extended=True, reason="仍未履行")
    assert (case.publicity_max_end, public(office, case)) == (date(2027, 11, 2), True)  # a year at most
    assert not duties(office, case)["decide-expiry"].is_open
    assert not clock.step()
    office.clock.advance(timedelta(days=160))
    assert not clock.step()  # prolonged once, not asked again
    office.clock.advance(timedelta(days=30))
    assert clock.step()
    assert reload(office, case).state == "removed"


def test_no_longer_than_the_law_allows(office):
    case = office.take(office.published(), "record_obligations", "clerk", fulfilled=False, content="罚款未缴")
    office.clock.advance(timedelta(days=340))
    assert CaseClock(office.deps, "t").step()
    with pytest.raises(Invalid):
        office.take(reload(office, case), "decide_expiry", "decider", extended=True, reason="仍未履行")
    assert duties(office, case)["decide-expiry"].is_open


def test_not_prolonged_it_ends_on_its_day_or_at_once(office):
    case, clock = unfulfilled(office)
    case = office.take(case, "decide_expiry", "decider", extended=False, reason="不予延长")
    assert case.state == "published"
    office.clock.advance(timedelta(days=30))
    assert clock.step()
    assert reload(office, case).state == "removed"


def test_not_prolonged_after_its_day_it_ends_at_once(office):
    case, _ = unfulfilled(office)
    office.clock.advance(timedelta(days=30))
    case = office.take(case, "decide_expiry", "decider", extended=False, reason="不予延长")
    assert (case.state, case.reason_code) == ("removed", "expiry")


def linked(office):
    parent = office.published()
    child = office.published(filing(document={"number": "长住建罚〔2026〕13号"}))
    with office.deps.db.write() as session:
        link_case(session, child.id, parent.id, "affiliate", note=None, actor=office.people["clerk"],
                  at=office.clock.now())  # fmt: skip
    return parent, child


def test_links_show_on_both_sides_and_make_no_ring(office):
    parent, child = linked(office)
    assert [(each["side"], each["case_id"]) for each in view(office, child)["links"]] == [
        ("parent", parent.id)
    ]
    assert [(each["side"], each["case_id"]) for each in view(office, parent)["links"]] == [
        ("child", child.id)
    ]
    who = office.people["clerk"]
    with pytest.raises(Invalid), office.deps.db.write() as session:
        link_case(session, parent.id, child.id, "affiliate", note=None, actor=who, at=office.clock.now())
    with pytest.raises(Conflict), office.deps.db.write() as session:
        link_case(session, child.id, parent.id, "successor", note=None, actor=who, at=office.clock.now())
    with office.deps.db.write() as session:
        link = session.scalars(select(CaseLink)).one()
        unlink_case(session, child.id, link.id, actor=who, at=office.clock.now())
    assert view(office, parent)["links"] == []


@pytest.mark.parametrize(("child", "fine"), [("a", False), ("b", False), ("c", True)])
def test_link_problems(child, fine):
    assert (link_problem(child, "a", frozenset({"b"})) is None) is fine


@pytest.mark.parametrize("answer", ["remove_linked", "keep_listing"])
def test_the_parents_end_proposes_the_childs(office, answer):
    parent, child = linked(office)
    office.take(parent, "revoke", "decider", reason="复议撤销", document=PAPER)
    clock = CaseClock(office.deps, "t")
    assert clock.step()
    assert not clock.step()
    child = reload(office, child)
    assert (child.state, public(office, child)) == ("published", True)
    assert duties(office, child)["review-linked"].is_open
    child = office.take(child, answer, "decider", reason="经复核")
    assert child.state == ("revoked" if answer == "remove_linked" else "published")
    assert not duties(office, child)["review-linked"].is_open
    assert not clock.step()


def test_a_restored_listing_is_not_left_hidden(office):
    case = office.take(office.published(), "open_repair", "clerk", **opened(office, "repair"))
    office.clock.advance(timedelta(days=100))
    case = office.take(case, "accept_repair", "clerk")
    case = office.take(case, "suspend", "clerk", reason="核实")
    case = office.take(case, "settle_repair", "decider", granted=True, reason="已纠正")
    case = office.take(case, "restore", "decider", reason="材料虚假", document=PAPER)
    assert public(office, case)


def test_never_pushed_cases_are_archived_too(office):
    case = office.published()
    office.take(case, "revoke", "decider", reason="复议撤销", document=PAPER)
    clock = CaseClock(office.deps, "t")
    office.clock.advance(timedelta(days=91))
    assert clock.step()
    assert reload(office, case).state == "archived"


def test_a_shield_keeps_its_court_paper(office):
    case = office.take(office.published(), "shield", "decider", reason="reorganisation", document=PAPER)
    assert view(office, case)["overlays"]["shield"]["state"] == "active"


def test_what_is_not_to_be_public_is_closed_without_publication(office):
    content = filing(disclosure={"attribute": "on-request", "reason": "涉及商业秘密"})
    case = office.walk(office.file(content), "served")
    assert "publish" not in duties(office, case)
    with pytest.raises(Conflict):
        office.take(case, "publish", "decider")
    case = office.take(case, "close_undisclosed", "decider", reason="依法不主动公开")
    assert (case.state, case.listing_id) == ("archived", None)
