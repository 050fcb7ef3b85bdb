"""A legal review before the decision, records that may not be repaired, a listing back from the archive,
and a decision that comes back after publication.
"""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from services.blacklist.cases.models import Case
from services.blacklist.cases.queries import case_view
from services.blacklist.cases.usecases.clockwork import CaseClock
from services.blacklist.cases.usecases.editing import edit_case
from services.blacklist.register.domain import Status, status
from services.blacklist.register.models import DeliveryStatus, Listing
from services.blacklist.register.queries import standing
from services.blacklist.rules.legal_review import demands
from services.blacklist.rules.models import Duty
from services.blacklist.rules.queries import all_lists
from services.blacklist.rules.unrepairable import bars
from shared.errors import Conflict, Forbidden, Invalid
from tests.unit.blacklist.case_office import filing, memory_database, officer, open_office
from tests.unit.blacklist.hearings import heard

PAPER = {"number": "恢〔2027〕1号", "date": date(2026, 11, 2)}
AGREED = {"conclusion": "agreed", "opinion": "事实清楚，程序合法"}


@pytest.fixture
def office(tmp_path, clock):
    db = memory_database()
    yield open_office(db, tmp_path, clock)
    db.close()


def view(office, case, who="decider"):
    with office.deps.db.read() as session:
        return case_view(session, session.get_one(Case, case.id), office.people[who], office.clock.today())


def titles(office, case):
    return {each["title"] for each in view(office, case)["warnings"]}


def repaired(office, case):
    """Removed by a granted repair, 100 days on."""
    office.clock.advance(timedelta(days=100))
    asked = {
        "channel": "window",
        "received_at": office.clock.today(),
        "evidence": "凭证",
        "commitment": "承诺",
    }
    case = office.take(case, "open_repair", "clerk", **asked)
    case = office.take(case, "accept_repair", "clerk")
    return office.take(case, "settle_repair", "decider", granted=True, reason="已履行")


def test_the_data_names_lists_that_exist(clock):
    known = {rule.code for rule in all_lists(clock.today())} | {"*"}
    for each in (*bars(), *demands()):
        assert set(each.lists) <= known
        assert each.source


def test_after_a_hearing_nobody_decides_without_a_legal_review(office):
    case = office.take(office.file(), "submit", "clerk")
    case = office.take(case, "approve_notice", "reviewer", notice_number="告〔2026〕3号")
    case = heard(office, case, reviewed=False)
    assert "缺少法制审核" in titles(office, case)
    with pytest.raises(Conflict, match="现在还不能办理") as refused:
        office.take(case, "decide", "decider", severity="general", publicity_months=12)
    assert "法制审核" in refused.value.detail
    for wrong in ({"reviewed_on": office.clock.today() - timedelta(days=1)}, {"legal_reviewer": "clerk-甲"}):
        with pytest.raises(Invalid):
            office.take(case, "record_legal_review", "reviewer", **AGREED, **wrong)
    against = {"conclusion": "objected", "opinion": "证据不足"}
    case = office.take(case, "record_legal_review", "reviewer", **against)
    with pytest.raises(Conflict, match="现在还不能办理"):
        office.take(case, "decide", "decider", severity="general", publicity_months=12)
    case = office.take(case, "record_legal_review", "reviewer", **AGREED)
    assert view(office, case)["legal_review"]["conclusion"] == "agreed"
    case = office.take(case, "decide", "decider", severity="general", publicity_months=12)
    assert case.state == "decided"


def test_what_the_party_said_is_reviewed_with_the_case(office):
    case = office.walk(office.file(), "noticed")
    case = office.take(case, "record_legal_review", "reviewer", **AGREED)
    case = office.take(case, "record_statement", "clerk", content="事实有误", answer="不予采纳")
    assert view(office, case)["legal_review"]["conclusion"] == "agreed"
    case = office.take(case, "record_legal_review", "reviewer", **AGREED)  # again: the first counts no more
    with pytest.raises(Conflict):
        office.take(case, "record_legal_review", "reviewer", **AGREED)


def test_who_edited_the_case_does_not_review_it_by_another_hand(office):
    editor = replace(officer(office.department, "clerk", "second"), display_name="李修改")
    case = office.file()
    with office.deps.db.write() as session:
        changes = {"misconduct": {"facts": "另有事实"}}
        case = edit_case(session, office.deps, case.id, 1, changes, actor=editor, at=office.clock.now())
    case = office.walk(case, "noticed")
    with pytest.raises(Invalid):
        office.take(case, "record_legal_review", "reviewer", **AGREED, legal_reviewer="李 修改")
    against = {"conclusion": "objected", "opinion": "证据不足"}
    case = office.take(case, "record_legal_review", "reviewer", **against)
    case = office.take(case, "record_legal_review", "reviewer", **AGREED)
    steps = view(office, case)["steps"]
    assert "证据不足" in str(steps), "the first opinion stays on record"


def test_who_reviewed_does_not_decide(office):
    case = office.walk(office.file(), "noticed")
    named = {"legal_reviewer": office.people["decider"].display_name}
    case = office.take(case, "record_legal_review", "reviewer", **AGREED, **named)
    with pytest.raises(Invalid):
        office.take(case, "decide", "decider", severity="general", publicity_months=12)


def test_a_lifelong_ban_is_not_repaired(office):
    case = office.published(filing(document={"content": "终身不得从事招标代理业务"}))
    assert "不可修复" in titles(office, case)
    office.clock.advance(timedelta(days=100))
    asked = {"channel": "window", "received_at": office.clock.today(), "evidence": "凭证"}
    case = office.take(case, "open_repair", "clerk", **asked)
    with pytest.raises(Conflict) as refused:
        office.take(case, "accept_repair", "clerk")
    assert "终身禁止从业" in refused.value.extra["rule"]
    assert office.take(case, "refuse_repair", "clerk", reason="不可修复").state == "published"


@pytest.mark.parametrize("archived", [False, True])
def test_false_material_brings_a_listing_back_for_what_was_left(office, archived):
    case = repaired(office, office.published())
    left = case.publicity_max_end - office.clock.today()
    office.clock.advance(timedelta(days=800))  # the former end has long passed
    if archived:
        with office.deps.db.write() as session:
            session.add(
                DeliveryStatus(
                    listing_id=case.listing_id, platform="p", platform_name="p", version=1, sequence=1,
                    late=False, operation="withdraw", state="acknowledged", at=office.clock.now(),
                )
            )  # fmt: skip
        assert CaseClock(office.deps, "test").step()
    with office.deps.db.read() as session:
        case = session.get_one(Case, case.id)
    assert case.state == ("archived" if archived else "removed")
    case = office.take(case, "restore", "decider", reason="修复材料系伪造", document=PAPER)
    assert case.publicity_max_end == office.clock.today() + left
    with office.deps.db.read() as session:
        listing = session.get_one(Listing, case.listing_id)
        assert status(standing(listing), office.clock.today()) is Status.PUBLIC
    assert "不可修复" in titles(office, case)


def test_only_what_was_repaired_and_had_time_left_comes_back(office):
    case = office.published()
    office.clock.advance(timedelta(days=400))
    assert CaseClock(office.deps, "test").step()
    with office.deps.db.read() as session:
        case = session.get_one(Case, case.id)
    with pytest.raises(Conflict) as refused:
        office.take(case, "restore", "decider", reason="材料虚假", document=PAPER)
    assert "信用修复" in refused.value.detail


def test_a_decision_that_comes_back_after_publication_is_served_again(office):
    case = office.published()
    gone = {"method": "post", "served_on": office.clock.today(), "reason": "邮件退回"}
    case = office.take(case, "fail_service", "clerk", **gone)
    assert "决定书未送达" in titles(office, case)
    with pytest.raises(Conflict):
        office.take(case, "fail_service", "clerk", **gone)
    with office.deps.db.read() as session:
        duty = session.scalars(select(Duty).where(Duty.kind == "serve-again")).one()
    assert duty.is_open
    again = {"method": "direct", "served_on": office.clock.today(), "recipient": "张三丰"}
    with pytest.raises(Forbidden):
        office.take(case, "serve_again", "decider", **again)
    case = office.take(case, "serve_again", "clerk", **again)
    assert case.service["again"]["recipient"] == "张三丰"
    assert "决定书未送达" not in titles(office, case)
    with office.deps.db.read() as session:
        assert not session.scalars(select(Duty).where(Duty.kind == "serve-again")).one().is_open
