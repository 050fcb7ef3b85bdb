"""Lawful steps at the edge of a rule are warned of, with the rule; decisions of an edge length read well."""

from datetime import date

import pytest

from services.blacklist.cases.domain.decision import decision_parts
from services.blacklist.cases.queries import case_view
from services.blacklist.rules.queries import list_rule
from tests.unit.blacklist.case_office import memory_database, open_office
from tests.unit.blacklist.hearings import Upload, keep


@pytest.fixture
def office(tmp_path, clock):
    db = memory_database()
    yield open_office(db, tmp_path, clock)
    db.close()


def warned(office, case):
    with office.deps.db.read() as session:
        shown = case_view(session, case, office.people["decider"], office.deps.clock.today())
    return [each["title"] for each in shown["warnings"]]


def test_deciding_while_a_hearing_may_still_be_asked_for_is_warned_of(office):
    case = office.take(
        office.take(office.file(), "submit", "clerk"),
        "approve_notice",
        "reviewer",
        notice_number="告〔2026〕1号",
    )
    unserved = "告知书送达未登记"
    assert warned(office, case) == [unserved]
    case = office.take(case, "record_statement", "clerk", waived=True)
    assert warned(office, case) == [unserved, "听证期限未届满"]


@pytest.mark.parametrize(("proof", "warns"), [({}, True), ({"proof": "区政府网站，公告第3号"}, False)])
def test_a_public_notice_that_says_not_where_is_warned_of(office, proof, warns):
    case, day = office.walk(office.file(), "decided"), office.deps.clock.today()
    case = office.take(case, "record_service", "clerk", method="public-notice", served_on=day, **proof)
    assert ("公告送达缺少凭证" in warned(office, case)) is warns


def test_what_another_organ_ruled_is_named_and_in_the_file(office):
    case = office.take(office.published(), "shield", "decider", reason="reorganisation")
    assert warned(office, case) == ["缺少裁定文书"]
    paper = {"number": "（2026）冀01行终1号", "date": office.deps.clock.today()}
    case = office.take(case, "revoke", "decider", reason="法院判决撤销", document=paper)
    assert warned(office, case) == ["缺少撤销文书"]
    keep(office, case, Upload("judgment", "判决书.pdf", b"%PDF-1.4 %%EOF"))
    assert warned(office, case) == ["缺少撤销文书"]  # by whom is still not said


def test_a_request_from_outside_without_its_number_is_warned_of(office):
    case = office.published()
    filed = {"received_at": office.deps.clock.today(), "evidence": "申请材料"}
    case = office.take(case, "open_objection", "clerk", channel="credit-china", **filed)
    assert warned(office, case) == ["缺少受理编号"]


@pytest.mark.parametrize(
    ("months", "said", "unsaid"),
    [
        (12, "公示满3个月并", "无须申请"),
        (3, "无须申请", "公示满3个月并"),
        (0, "可以不公示", "信用修复"),
    ],
)
def test_the_decision_says_what_its_length_means(months, said, unsaid):
    rule = list_rule("public-resource-blacklist", date(2026, 9, 1))
    made = {"facts": "事实", "basis": "", "severity": "general", "months": months, "measures": ()}
    text = decision_parts(rule, {}, region="130102", domain="other", **made)["removal"]
    assert said in text
    assert unsaid not in text
