"""What the public will see of a case, before publication: covered parts with reasons, and what forbids it."""

from datetime import UTC, date, datetime

import pytest

from services.blacklist.cases.queries import find_case
from services.blacklist.disclosure.queries import public_preview
from services.blacklist.register import queries as register
from services.blacklist.register.domain.redaction import redact
from shared.clock import FixedClock
from shared.identifiers import make_resident_id, make_uscc
from tests.unit.blacklist.case_office import (
    PERSON_ID,
    filing,
    memory_database,
    open_office,
    person_filing,
)

TODAY = date(2026, 11, 23)
TELLTALE = f"经办人电话13900000000,证件{PERSON_ID},账号:6222 0212 3456 7890 123,家庭住址:幸福路1号3单元"


@pytest.fixture
def office(tmp_path):
    db = memory_database()
    yield open_office(db, tmp_path, FixedClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC)))
    db.close()


def preview(office, case):
    with office.deps.db.read() as session:
        return public_preview(find_case(session, case.id, office.people["clerk"]), TODAY)


def parts(shown):
    return {each["pointer"]: each for each in shown["parts"]}


def test_an_organisation_is_shown_in_full_its_representatives_number_never(office):
    content = filing()
    content["subject"] |= {"legal_representative_id_type": "resident-id", "short_names": ["石门建工", "石建"]}
    shown = preview(office, office.file(content))
    assert shown["publishable"]
    assert shown["obstacles"] == []
    assert parts(shown)["/subject/name"]["treatment"] == "shown"
    assert parts(shown)["/subject/short_names"]["value"] == "石门建工、石建"
    assert PERSON_ID not in str(shown)
    assert shown["publicity"]["estimated"]
    assert "legal_representative_id_type" not in shown["page"]["subject"]


def test_a_persons_name_and_number_are_covered(office):
    shown = preview(office, office.file(person_filing()))
    assert parts(shown)["/subject/name"]["value"] == "李**"
    assert parts(shown)["/subject/name"]["treatment"] == "masked"
    assert parts(shown)["/subject/id_number"]["value"].startswith(PERSON_ID[:4])
    assert "李小明" not in str(shown["page"])
    assert PERSON_ID not in str(shown)


def test_private_things_in_free_text_are_covered_with_the_reason(office):
    case = office.file(filing(misconduct={"facts": f"以虚假材料骗取中标。{TELLTALE}"}))
    facts = parts(preview(office, case))["/misconduct/facts"]
    assert facts["treatment"] == "masked"
    assert facts["reason"].startswith("文字中的银行账号、电话号码、住址已遮盖")
    assert "以虚假材料骗取中标" in facts["value"]
    for private in ("13900000000", PERSON_ID, "6222 0212", "幸福路"):
        assert private not in facts["value"]


def test_the_public_page_is_what_the_preview_promised(office):
    case = office.walk(office.file(filing(misconduct={"facts": f"骗取中标。{TELLTALE}"})), "served")
    case = office.take(case, "approve_redaction", "reviewer")
    case = office.take(case, "publish", "decider")
    promised = preview(office, case)
    with office.deps.db.read() as session:
        listing = register.public_listing(session, case.listing_id, TODAY)
        for view in (register.masked_view(listing), register.listing_view(listing, name_known=True)):
            assert view["misconduct"] == promised["page"]["misconduct"]
            assert view["document"] == promised["page"]["document"]
        assert register.masked_view(listing)["subject"] == promised["page"]["subject"]
    assert not promised["publicity"]["estimated"]


def test_redaction_not_yet_approved_stands_in_the_way(office):
    case = office.walk(office.file(filing(misconduct={"facts": f"骗取中标。{TELLTALE}"})), "served")
    (obstacle,) = preview(office, case)["obstacles"]
    assert "另一名工作人员审核" in obstacle["reason"]
    assert "电话号码" in obstacle["reason"]
    assert not preview(office, case)["publishable"]
    case = office.take(case, "approve_redaction", "reviewer")
    assert preview(office, case)["publishable"]


def test_what_is_only_suspected_stays_but_waits_for_a_second_person(office):
    case = office.walk(office.file(filing(misconduct={"facts": "以护照E12345678骗取中标"})), "served")
    shown = preview(office, case)
    facts = parts(shown)["/misconduct/facts"]
    assert (facts["value"], facts["treatment"]) == ("以护照E12345678骗取中标", "shown")
    assert "疑似护照号码，没有自动遮盖，须人工核对" in facts["reason"]
    assert shown["redaction"] == {"needed": ["疑似护照号码"], "approved": False}
    assert not shown["publishable"]


@pytest.mark.parametrize(("attribute", "words"), [("withheld", "不予公开"), ("on-request", "依申请公开")])
def test_what_is_not_proactive_is_not_published(office, attribute, words):
    case = office.file(filing(disclosure={"attribute": attribute, "reason": "涉及商业秘密"}))
    shown = preview(office, case)
    assert not shown["publishable"]
    assert words in shown["obstacles"][0]["reason"]
    assert "涉及商业秘密" in shown["obstacles"][0]["reason"]


def test_a_minor_is_never_published(office):
    child = make_resident_id("130102", date(2010, 5, 1), 3)
    case = office.file(person_filing())
    with office.deps.db.write() as session:
        session.merge(case).minor_until = date(2028, 5, 1)
    shown = preview(office, case)
    assert not shown["publishable"]
    assert "未成年人" in shown["obstacles"][0]["reason"]
    assert child not in str(shown)


def test_redaction_leaves_lawful_numbers_alone():
    code = make_uscc("91130102", 7)
    lawful = f"统一社会信用代码{code},项目编号202611020000001234,罚款25000元,长住建罚〔2026〕12号"
    assert redact(lawful).text == lawful
    assert redact("").kinds == ()
    assert redact("联系方式:0311-86012345;邮箱 a.b@example.com").text == "联系方式:***;邮箱 ***"
