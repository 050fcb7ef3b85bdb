"""One case's life by the three procedures, on an SQLite file."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from services.blacklist.audit.models import AuditEntry
from services.blacklist.cases.models import Case, CaseOverlay
from services.blacklist.cases.queries import case_view
from services.blacklist.cases.usecases.clockwork import CaseClock
from services.blacklist.cases.usecases.editing import edit_case
from services.blacklist.register.models import DeliveryStatus, Listing
from services.blacklist.rules.models import Duty
from services.blacklist.store import outbox
from shared.db import open_database
from shared.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from shared.identifiers import make_resident_id
from shared.outbox import record_of
from tests.unit.blacklist.case_office import (
    PERSON_ID,
    Office,
    add_department,
    filing,
    memory_database,
    officer,
    open_office,
    person_filing,
)


@pytest.fixture
def office(tmp_path, clock):
    db = memory_database()
    yield open_office(db, tmp_path, clock)
    db.close()


def events(office: Office, topic: str) -> list[str]:
    with office.deps.db.read() as session:
        rows = session.execute(select(outbox).where(outbox.c.topic == topic).order_by(outbox.c.id)).all()
    return [dict(record_of(row).headers)["ce_type"].decode() for row in rows]


def reload(office: Office, case: Case) -> Case:
    with office.deps.db.read() as session:
        return session.get_one(Case, case.id)


def view(office: Office, case: Case, who: str) -> dict:
    with office.deps.db.read() as session:
        return case_view(session, session.get_one(Case, case.id), office.people[who], office.clock.today())


def allowed(seen: dict, action: str) -> dict:
    return next(each for each in seen["available_actions"] if each["action"] == action)


def test_full_walk_on_one_day_then_revoked(office):
    case = office.published()
    assert (case.state, case.version) == ("published", 7)
    assert case.publicity_start is not None
    with office.deps.db.read() as session:
        listing = session.get_one(Listing, case.listing_id)
        assert listing.facts["organ"]["uscc"] == office.department.uscc
    case = office.take(
        case, "revoke", "decider", reason="复议撤销", document={"number": "x", "date": date(2026, 11, 2)}
    )
    assert case.state == "revoked"
    assert events(office, "blacklist.cases.v1") == [
        f"case.{verb}"
        for verb in (
            "submitted",
            "noticed",
            "statement-recorded",
            "decided",
            "served",
            "published",
            "revoked",
        )
    ]
    assert events(office, "blacklist.exchange.v1") == ["listing.published", "listing.revoked"]
    with office.deps.db.read() as session:
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    steps = [
        "file",
        "submit",
        "approve_notice",
        "record_statement",
        "decide",
        "record_service",
        "publish",
        "revoke",
    ]
    assert actions == [f"case.{step}" for step in steps]


@pytest.mark.parametrize("list_code", ["penalty-publication", "procurement-serious-violation"])
def test_document_decides_walk(office, list_code):
    case = office.take(office.file(filing(list_code=list_code)), "submit", "clerk")
    case = office.take(case, "confirm_decision", "reviewer")
    assert case.state == "served"
    case = office.take(case, "publish", "decider")
    assert case.state == "published"
    with office.deps.db.read() as session:
        duty = session.scalars(select(Duty)).one()
    assert duty.state_on(date(2026, 11, 30)) == "done"
    assert duty.start_on == date(2026, 11, 2)


def test_decide_waits_for_the_statement_window(office):
    case = office.file()
    case = office.take(case, "submit", "clerk")
    case = office.take(case, "approve_notice", "reviewer", notice_number="n")
    with pytest.raises(Conflict) as refused:
        office.take(case, "decide", "decider", severity="general")
    assert refused.value.slug == "action-blocked"
    assert (
        refused.value.extra["earliest"] == "2026-11-10"
    )  # five working days after 2 November, then the next day
    seen = allowed(view(office, case, "decider"), "decide")
    assert not seen["allowed"]
    assert seen["earliest"] == "2026-11-10"
    office.clock.advance(timedelta(days=8))
    assert office.take(case, "decide", "decider", severity="general").state == "decided"


def test_public_notice_service_waits_thirty_days(office):
    case = office.walk(office.file(), "decided")
    case = office.take(case, "record_service", "clerk", method="public-notice", served_on=date(2026, 11, 2))
    with pytest.raises(Conflict) as refused:
        office.take(case, "publish", "decider")
    assert refused.value.extra["earliest"] == "2026-12-02"
    office.clock.advance(timedelta(days=30))
    assert office.take(case, "publish", "decider").state == "published"


def test_submit_names_what_is_missing(office):
    content = filing()
    del content["document"]["number"]
    content["subject"].pop("uscc")
    with pytest.raises(Invalid) as refused:
        office.take(office.file(content), "submit", "clerk")
    assert {field.pointer for field in refused.value.fields} == {"/document/number", "/subject/uscc"}


def test_months_outside_the_class_are_refused(office):
    case = office.take(
        office.take(office.file(), "submit", "clerk"), "approve_notice", "reviewer", notice_number="n"
    )
    case = office.take(case, "record_statement", "clerk", waived=True)
    with pytest.raises(Invalid) as refused:
        office.take(case, "decide", "decider", severity="general", publicity_months=24)
    assert refused.value.fields[0].pointer == "/publicity_months"


def test_stale_version_names_the_current_one(office):
    case = office.take(office.file(), "submit", "clerk")
    with pytest.raises(Conflict) as refused:
        office.take(case, "withdraw", "clerk", version=1, reason="r")
    assert (refused.value.slug, refused.value.extra["current_version"]) == ("stale-version", 2)


def test_roles_and_departments(office):
    case = office.file()
    with pytest.raises(Forbidden):
        office.take(case, "submit", "reviewer")
    stranger = officer(add_department(office.deps.db, region="350524"), "clerk")
    office.people["stranger"] = stranger
    with pytest.raises(NotFound):
        office.take(case, "submit", "stranger")
    with pytest.raises(Forbidden):
        office.take(case, "submit", "supervisor")


def test_four_eyes_hold_in_guards(office):
    both = office.people["clerk"]
    office.people["both"] = type(both)(
        **{**both.__dict__, "roles": frozenset({"clerk", "reviewer", "decider"})}
    )
    case = office.take(office.file(), "submit", "clerk")
    with pytest.raises(Forbidden) as refused:
        office.take(case, "approve_notice", "both", notice_number="n")
    assert refused.value.slug == "four-eyes"
    assert not allowed(view(office, case, "both"), "approve_notice")["allowed"]


@pytest.mark.parametrize("column", ["reviewer_id", "decider_id", "publisher_id"])
def test_four_eyes_hold_in_the_database(office, column):
    case = office.published()
    with pytest.raises(IntegrityError), office.deps.db.write() as session:
        session.execute(text(f"UPDATE cases SET {column} = filer_id WHERE id = :id"), {"id": case.id})


def test_direct_publication_in_sql_is_refused(office):
    case = office.file()
    with pytest.raises(IntegrityError), office.deps.db.write() as session:
        session.execute(text("UPDATE cases SET state = 'published' WHERE id = :id"), {"id": case.id})


def test_edit_after_return_needs_a_new_review(office):
    case = office.take(office.file(), "submit", "clerk")
    case = office.take(case, "approve_notice", "reviewer", notice_number="n")
    case = office.take(case, "return_for_revision", "reviewer", reason="事实不清")
    assert (case.state, case.reviewed_hash) == ("draft", None)
    with office.deps.db.write() as session:
        case = edit_case(session, office.deps, case.id, case.version, {"misconduct": {"facts": "新事实"}},
                         actor=office.people["clerk2"], at=office.clock.now())  # fmt: skip
    assert case.last_editor_id == office.people["clerk2"].user_id
    assert case.misconduct["category"] == "fraudulent-obtaining"
    case = office.take(case, "submit", "clerk")
    with pytest.raises(Conflict), office.deps.db.write() as session:
        edit_case(session, office.deps, case.id, case.version, {}, actor=office.people["clerk"],
                  at=office.clock.now())  # fmt: skip


def test_correct_makes_a_new_listing_version(office):
    case = office.published()
    case = office.take(case, "correct", "decider", changes={"document": {"fine_wan": "3"}}, reason="金额笔误")
    with office.deps.db.read() as session:
        listing = session.get_one(Listing, case.listing_id)
    assert (listing.version, listing.facts["document"]["fine_wan"], case.state) == (2, "3", "published")
    with pytest.raises(Invalid) as refused:
        office.take(case, "correct", "decider", changes={"subject": {"uscc": "x"}}, reason="r")
    assert refused.value.fields[0].pointer == "/changes/subject/uscc"


def test_suspension_needs_a_second_officer_or_lapses(office):
    case = office.take(office.published(), "suspend", "clerk", reason="举报核实")
    with pytest.raises(Forbidden):
        office.take(case, "confirm_suspension", "clerk")
    clock = CaseClock(office.deps, "test")
    assert not clock.step()
    office.clock.advance(timedelta(days=2))
    assert clock.step()
    assert events(office, "blacklist.exchange.v1")[-2:] == ["listing.shielded", "listing.unshielded"]
    case = office.take(reload(office, case), "suspend", "clerk", reason="再次核实")
    case = office.take(case, "confirm_suspension", "reviewer")
    office.clock.advance(timedelta(days=9))
    assert not clock.step()
    with pytest.raises(IntegrityError), office.deps.db.write() as session:
        session.execute(text("UPDATE case_overlays SET second_by = opened_by WHERE closed_at IS NULL"))
    assert office.take(case, "lift_suspension", "decider", reason="查无实据").state == "published"


def test_shield_ends_on_its_day(office):
    case = office.take(
        office.published(), "shield", "decider", reason="reorganisation", until=date(2026, 11, 20)
    )
    assert list(view(office, case, "decider")["overlays"]) == ["shield"]
    office.clock.advance(timedelta(days=18))
    assert CaseClock(office.deps, "test").step()
    assert not view(office, case, "decider")["overlays"]


def test_expiry_removes_by_itself(office):
    case = office.published()
    office.clock.advance(timedelta(days=366))
    clock = CaseClock(office.deps, "test")
    assert clock.step()
    assert not clock.step()
    case = reload(office, case)
    assert (case.state, case.reason_code) == ("removed", "expiry")
    assert events(office, "blacklist.exchange.v1")[-1] == "listing.removed"


def test_archived_once_every_platform_stopped(office):
    case = office.published()
    case = office.take(
        case, "revoke", "decider", reason="复议撤销", document={"number": "x", "date": date(2026, 11, 2)}
    )
    clock = CaseClock(office.deps, "test")
    office.clock.advance(timedelta(days=31))
    assert not clock.step()
    delivery = {"platform_name": "p", "version": 2, "sequence": 2, "at": office.clock.now(), "late": False}
    with office.deps.db.write() as session:
        for platform, state in (("a", "acknowledged"), ("b", "accepted")):
            session.add(
                DeliveryStatus(
                    listing_id=case.listing_id,
                    platform=platform,
                    operation="withdraw",
                    state=state,
                    **delivery,
                )
            )
    assert not clock.step()
    with office.deps.db.write() as session:
        session.get_one(DeliveryStatus, (case.listing_id, "b")).state = "acknowledged"
    assert clock.step()
    assert reload(office, case).state == "archived"


def test_repair_from_request_to_removal_and_restoration(office):
    case = office.published()
    case = office.take(case, "open_repair", "clerk", channel="window", received_at=date(2026, 11, 2),
                       evidence="缴款凭证", commitment="承诺书")  # fmt: skip
    with pytest.raises(Conflict) as refused:
        office.take(case, "accept_repair", "clerk")
    assert refused.value.extra["earliest"] == case.publicity_min_end.isoformat()
    office.clock.set(office.clock.now() + timedelta(days=100))
    case = office.take(case, "accept_repair", "clerk")
    case = office.take(case, "settle_repair", "decider", granted=True, reason="已纠正")
    assert (case.state, case.reason_code) == ("removed", "repair")
    case = office.take(
        case, "restore", "decider", reason="材料虚假", document={"number": "a", "date": date(2026, 11, 2)}
    )
    assert case.state == "published"
    assert events(office, "blacklist.exchange.v1")[-2:] == ["listing.removed", "listing.restored"]


def test_objection_upheld_takes_the_listing_out(office):
    case = office.take(office.published(), "open_objection", "clerk", channel="direct",
                       received_at=date(2026, 11, 2), evidence=["来函"])  # fmt: skip
    assert events(office, "blacklist.exchange.v1")[-1] == "listing.annotated"
    case = office.take(case, "accept_objection", "reviewer")
    case = office.take(case, "settle_objection", "decider", upheld=True, reason="认定有误")
    assert (case.state, case.reason_code) == ("revoked", "objection")
    with office.deps.db.read() as session:
        assert all(not duty.is_open for duty in session.scalars(select(Duty)))
        assert session.scalars(select(CaseOverlay.state)).one() == "upheld"


def test_minors_are_never_listed(office):
    young = make_resident_id("130102", date(2010, 1, 1), 5)
    case = office.file(person_filing(young))
    with pytest.raises(Conflict) as refused:
        office.take(case, "submit", "clerk")
    assert "未成年" in refused.value.detail


def test_persons_only_where_the_list_names_them(office):
    with pytest.raises(Invalid) as refused:
        office.file(person_filing(list_code="procurement-serious-violation"))
    assert refused.value.fields[0].pointer == "/subject/type"


def test_no_identity_number_leaves_its_sealed_column(tmp_path, clock):
    db = open_database(f"sqlite:///{tmp_path}/cases.db")
    office = open_office(db, tmp_path, clock)
    case = office.published(person_filing(misconduct={"facts": f"当事人身份证号{PERSON_ID}骗取"}))
    office.take(case, "suspend", "clerk", reason=f"涉及{PERSON_ID}")
    assert PERSON_ID not in json.dumps(view(office, case, "clerk"), ensure_ascii=False)
    db.close()
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or PERSON_ID.encode() not in path.read_bytes(), path


def test_foreign_lists_and_regions_are_refused(office):
    with pytest.raises(Invalid) as refused:
        office.file(filing(list_code="work-safety-serious", region="350524"))
    assert {field.pointer for field in refused.value.fields} >= {"/region"}


def test_wrong_state_lists_possible_actions(office):
    with pytest.raises(DomainError) as refused:
        office.take(office.file(), "publish", "decider")
    assert refused.value.slug == "wrong-state"
    assert refused.value.extra["possible_actions"] == ["submit", "withdraw"]
