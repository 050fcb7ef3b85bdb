"""公开例外 and 公示遮盖 of a case: claimed with reasons, covered as promised, approved by a second person.

And whom the law never lists.
"""

from datetime import date, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from services.blacklist.cases.domain.redaction import covered_text, things_to_cover
from services.blacklist.cases.models import Case
from services.blacklist.cases.queries import case_view
from services.blacklist.cases.usecases.editing import edit_case
from services.blacklist.disclosure.queries import public_preview
from services.blacklist.register.domain.redaction import KEPT_BACK, covered_like
from services.blacklist.register.models import Listing
from services.blacklist.register.queries import history
from services.blacklist.rules.grounds import exception_grounds
from shared.errors import Conflict, Forbidden, Invalid
from tests.unit.blacklist.case_office import PERSON_ID, filing, memory_database, open_office, person_filing

PHONE = "联系电话13900000000"
SECRET = {
    "attribute": "proactive",
    "reason": "涉及当事人报价方案",
    "exceptions": ["trade-secret"],
    "covered": ["报价方案为甲三乙四"],
}
FACTS = "骗取中标，报价方案为甲三乙四。"


@pytest.fixture
def office(tmp_path, clock):
    db = memory_database()
    yield open_office(db, tmp_path, clock)
    db.close()


def served(office, **changes):
    return office.walk(office.file(filing(**changes)), "served")


def pointers(refused):
    return [each.pointer for each in refused.value.fields]


def offers(office, case, who="decider"):
    with office.deps.db.read() as session:
        found = session.get_one(Case, case.id)
        view = case_view(session, found, office.people[who], office.clock.today())
    return {each["action"]: each for each in view["available_actions"]}


def preview(office, case):
    with office.deps.db.read() as session:
        return public_preview(session.get_one(Case, case.id), office.clock.today())


def test_what_needs_no_covering_needs_no_approval(office):
    case = served(office)
    assert offers(office, case)["publish"]["allowed"]
    assert "没有须遮盖" in offers(office, case, "reviewer")["approve_redaction"]["reason"]
    assert office.take(case, "publish", "decider").state == "published"


def test_private_text_waits_for_a_second_look(office):
    case = served(office, misconduct={"facts": f"骗取中标，{PHONE}"})
    blocked = offers(office, case)["publish"]
    assert not blocked["allowed"]
    assert "电话号码" in blocked["reason"]
    assert "区分处理" in blocked["rule"]
    with pytest.raises(Conflict):
        office.take(case, "publish", "decider")
    assert preview(office, case)["redaction"] == {"needed": ["电话号码"], "approved": False}
    case = office.take(case, "approve_redaction", "reviewer")
    assert preview(office, case)["redaction"]["approved"]
    with pytest.raises(Conflict):
        office.take(case, "approve_redaction", "reviewer2")
    assert office.take(case, "publish", "decider").state == "published"


def test_nobody_approves_what_they_filed_or_publishes_what_they_approved(office):
    case = served(office, misconduct={"facts": PHONE})
    office.people["clerk"] = office.people["reviewer"].__class__(
        **{**vars(office.people["clerk"]), "roles": frozenset({"clerk", "reviewer", "decider"})}
    )
    with pytest.raises(Forbidden):
        office.take(case, "approve_redaction", "clerk")
    case = office.take(case, "approve_redaction", "decider")
    with pytest.raises(Forbidden):
        office.take(case, "publish", "decider")
    assert office.take(case, "publish", "decider2").state == "published"


@pytest.mark.parametrize("column", ["filer_id", "last_editor_id", "publisher_id"])
def test_the_database_holds_the_second_person_too(office, column):
    case = office.take(served(office, misconduct={"facts": PHONE}), "approve_redaction", "reviewer")
    with pytest.raises(IntegrityError), office.deps.db.write() as session:
        setattr(session.get_one(Case, case.id), column, case.redactor_id)


def test_a_return_voids_the_approval(office):
    changes = {"list_code": "penalty-publication", "misconduct": {"facts": PHONE}}
    case = office.take(office.file(filing(**changes)), "submit", "clerk")
    case = office.take(case, "confirm_decision", "reviewer")
    case = office.take(case, "approve_redaction", "reviewer")
    case = office.take(case, "return_for_revision", "reviewer", reason="写明电话无必要")
    assert case.redactor_id is None
    assert case.redacted_hash is None


def test_an_exception_covers_its_passage_everywhere_it_goes(office):
    case = served(office, misconduct={"facts": FACTS}, disclosure=SECRET)
    shown = preview(office, case)
    assert shown["exceptions"][0]["name"] == "商业秘密"
    assert shown["redaction"]["needed"] == ["商业秘密"]
    assert shown["page"]["misconduct"]["facts"] == "骗取中标，***。"
    case = office.take(case, "approve_redaction", "reviewer")
    case = office.take(case, "publish", "decider")
    with office.deps.db.read() as session:
        facts = session.get_one(Listing, case.listing_id).facts
    assert "报价方案" not in str(facts)


@pytest.mark.parametrize(
    ("disclosure", "pointer"),
    [
        (SECRET | {"exceptions": ["made-up"]}, "/disclosure/exceptions/0"),
        (SECRET | {"reason": None}, "/disclosure/reason"),
        (SECRET | {"exceptions": ["state-secret"]}, "/disclosure/attribute"),
        (SECRET | {"covered": []}, "/disclosure/covered"),
        (SECRET | {"covered": ["原文没有的话"]}, "/disclosure/covered/0"),
        (SECRET | {"exceptions": []}, "/disclosure/exceptions"),
    ],
)
def test_exceptions_are_checked_against_the_law(office, disclosure, pointer):
    with pytest.raises(Invalid) as refused:
        office.file(filing(misconduct={"facts": FACTS}, disclosure=disclosure))
    assert pointer in pointers(refused)


def test_what_is_withheld_may_name_any_ground(office):
    for code in exception_grounds():
        given = {"attribute": "withheld", "reason": "依法", "exceptions": [code]}
        case = office.file(filing(disclosure=given))
        assert case.disclosure_exceptions == [code]


def test_a_correction_may_not_bring_private_things_in(office):
    case = office.published()
    with pytest.raises(Invalid) as refused:
        office.take(case, "correct", "decider", changes={"misconduct": {"facts": PHONE}}, reason="补充")
    assert pointers(refused) == ["/changes/misconduct/facts"]
    changes = {"misconduct": {"facts": "骗取中标两次"}}
    assert office.take(case, "correct", "decider", changes=changes, reason="补充").redacted_hash is None


def test_what_a_correction_covers_is_gone_from_the_former_versions_too(office):
    case = office.take(served(office, misconduct={"facts": FACTS}), "publish", "decider")
    changes = {"disclosure": SECRET, "document": {"fine_wan": "3"}}
    case = office.take(case, "correct", "decider", changes=changes, reason="商业秘密")
    with office.deps.db.read() as session:
        told = history(session, session.get_one(Listing, case.listing_id))
    assert [each["kind"] for each in told] == ["corrected", "published"]
    assert "报价方案" not in str(told)
    assert "fine_wan" in str(told[0]["changes"])


def test_former_wording_is_covered_as_the_later_one_is():
    assert covered_like("甲报价三，乙报价四。", "甲***，乙***。") == "甲***，乙***。"
    assert covered_like("丙报价三。", "甲***。") == KEPT_BACK
    assert covered_like("账号***。", "账号***，已注销。") == "账号***。"
    assert covered_like("甲报价三。", "甲报价四。") == "甲报价三。"


def test_covering_as_plain_functions():
    assert covered_text("甲乙丙甲乙", ["甲", "甲乙"]) == "***丙***"
    groups = {"misconduct": {"facts": "无"}, "document": {}}
    assert things_to_cover(groups, ["trade-secret"], []) == []
    assert things_to_cover(groups, ["trade-secret"], ["无"]) == ["商业秘密"]


def passport(**more):
    made = person_filing()
    made["subject"] |= {"id_type": "passport", "id_number": "E12345678"} | more
    return made


def test_a_certificate_without_birth_date_needs_a_declared_one(office):
    case = office.file(passport())
    with pytest.raises(Invalid) as refused:
        office.take(case, "submit", "clerk")
    assert "/subject/birth_on" in pointers(refused)
    case = edit(office, case, {"subject": {"birth_on": "1990-05-01"}})
    assert office.take(case, "submit", "clerk").state == "under_review"


def edit(office, case, changes):
    with office.deps.db.write() as session:
        return edit_case(
            session, office.deps, case.id, case.version, changes, actor=office.people["clerk"],
            at=office.clock.now(),
        )  # fmt: skip


def test_a_declared_minor_is_never_listed(office):
    case = office.file(passport(birth_on="2010-05-01"))
    with pytest.raises(Conflict) as refused:
        office.take(case, "submit", "clerk")
    assert "未成年人" in refused.value.detail
    office.clock.advance(timedelta(days=3 * 366))
    with pytest.raises(Conflict):  # of age by now, but not when it was done
        office.take(case, "submit", "clerk")


def test_a_declared_date_may_not_contradict_the_certificate(office):
    content = person_filing(PERSON_ID)
    content["subject"]["birth_on"] = "1981-01-02"
    with pytest.raises(Invalid) as refused:
        office.file(content)
    assert pointers(refused) == ["/subject/birth_on"]


@pytest.mark.parametrize("number", ["13900000000", "护照E12345678"])
def test_a_reason_the_public_will_read_holds_nothing_private(office, number):
    case = office.published()
    changes = {"document": {"fine_wan": "3"}}
    with pytest.raises(Invalid) as refused:
        office.take(case, "correct", "decider", changes=changes, reason=f"金额笔误，联系{number}")
    assert pointers(refused) == ["/reason"]
    with pytest.raises(Invalid) as refused:
        office.take(case, "suspend", "clerk", reason=f"见{number}")
    assert pointers(refused) == ["/reason"]


def test_an_identity_number_in_a_reason_is_masked_before_it_is_kept(office):
    case = office.take(office.published(), "suspend", "clerk", reason="见130102 19900307 0011")
    with office.deps.db.read() as session:
        shown = case_view(session, case, office.people["clerk"], office.deps.clock.today())
    assert "见1301***" in str(shown["steps"])
    assert "19900307" not in str(shown)


def test_a_correction_that_shows_a_minor_is_refused(office):
    case = office.walk(office.file(person_filing()), "published")
    changes = {"misconduct": {"occurred_on": "1995-03-01"}}
    with pytest.raises(Conflict) as refused:
        office.take(case, "correct", "decider", changes=changes, reason="日期有误")
    assert "未成年人" in refused.value.detail


def test_persons_only_where_the_basis_names_them(office):
    with pytest.raises(Invalid) as refused:
        office.file(person_filing(list_code="procurement-serious-violation"))
    assert "/subject/type" in pointers(refused)
    assert date(2026, 11, 2) == office.clock.today()
