"""A migrated listing has no case; adopted by two people it has one, and every ordinary action works on it."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from services.blacklist.audit.models import AuditEntry
from services.blacklist.cases.models import Adoption, Case, CaseStep
from services.blacklist.cases.queries import case_view
from services.blacklist.cases.queries.adoptions import find_adoptions
from services.blacklist.cases.usecases.adopting import confirm_adoption, propose_adoption, refuse_adoption
from services.blacklist.identity.models import Department
from services.blacklist.register.models import Listing, ListingVersion
from services.blacklist.register.publishes import storage_aad
from services.blacklist.register.usecases import import_listings
from services.blacklist.store import outbox
from services.notifier.following import follow_cases
from services.notifier.models import Base as NotifierBase
from services.notifier.models import StopOrder
from services.notifier.usecases.enforcing import state_enforcement
from shared.calendar import builtin_calendar
from shared.contracts.envelope import from_record
from shared.db import open_database
from shared.errors import Conflict, Forbidden, Invalid, NotFound
from shared.identifiers import make_resident_id, make_uscc
from shared.outbox import record_of
from tests.harness.notices import hire_staff
from tests.unit.blacklist.case_office import PERSON_ID, add_department, memory_database, officer, open_office

ORGANISATION = {
    "list_code": "public-resource-blacklist",
    "domain": "engineering-tendering",
    "region": "130102",
    "subject": {"type": "organization", "name": "石家庄旧事建设有限公司", "uscc": make_uscc("91130102", 61)},
    "document": {
        "kind": "penalty-decision", "number": "长住建罚〔2026〕61号", "date": "2026-05-06",
        "organ": "石家庄市长安区住房和城乡建设局", "basis": "《招标投标法》第五十四条",
        "content": "罚款2万元", "fine_wan": "2",
    },
    "misconduct": {"category": "fraudulent-obtaining", "facts": "骗取中标", "occurred_on": "2026-03-01"},
    "published_on": "2026-05-08",
    "publicity_ends_on": "2027-05-08",
}  # fmt: skip
PERSON = {
    **ORGANISATION,
    "subject": {"type": "individual", "name": "李小明", "id_type": "resident-id", "id_number": PERSON_ID},
}


@pytest.fixture
def office(tmp_path, clock):
    made = open_office(memory_database(), tmp_path, clock)
    both = officer(made.department, "clerk", "both")
    made.people["both"] = replace(both, roles=frozenset({"clerk", "decider"}))
    yield made
    made.deps.db.close()


def migrated(office, line=ORGANISATION) -> str:
    deps = office.deps
    report = import_listings(deps.db, deps.clock, deps.keyring, [json.dumps(line, ensure_ascii=False)])
    assert report.imported == 1, report.reasons
    with deps.db.read() as session:
        return session.scalars(select(Listing.id).order_by(Listing.id.desc())).first()


def propose(office, listing_id, by="clerk"):
    with office.deps.db.write() as session:
        at = office.clock.now()
        return propose_adoption(session, listing_id, "当事人提出异议", actor=office.people[by], at=at)


def confirm(office, wish, by="decider"):
    with office.deps.db.write() as session:
        at = office.clock.now()
        done = confirm_adoption(session, office.deps, wish.id, actor=office.people[by], at=at)
        return session.get_one(Case, done.case_id)


def adopted(office, line=ORGANISATION):
    return confirm(office, propose(office, migrated(office, line)))


def read(office, model, key):
    with office.deps.db.read() as session:
        return session.get_one(model, key)


def told(office):
    with office.deps.db.read() as session:
        rows = select(outbox.c.headers).where(outbox.c.topic == "blacklist.exchange.v1")
        return [re.search(r"listing\.\w+", found)[0] for found in session.scalars(rows.order_by(outbox.c.id))]


def test_the_case_says_what_the_listing_says(office):
    case = adopted(office)
    listing = read(office, Listing, case.listing_id)
    assert (case.state, case.version) == ("published", 1)
    assert (listing.case_id, listing.department_id) == (case.id, office.department.id)
    assert (case.subject_name, case.uscc) == (listing.subject_name, listing.uscc)
    assert case.document_number == listing.document_number
    assert case.misconduct["facts"] == "骗取中标"
    assert case.publicity_max_end == date(2027, 5, 8)
    assert case.published_at == listing.published_at
    assert listing.version == 1, "adopting changes nothing that is shown"
    assert told(office) == []


def test_a_minor_whom_history_shows_is_shielded_at_once_and_can_be_revoked(office):
    listing_id, keyring = migrated(office, PERSON), office.deps.keyring
    young = make_resident_id("130102", date(2010, 1, 2), 12)
    with office.deps.db.write() as session:
        sealed = keyring.seal(young, storage_aad(listing_id, "id_number"))
        session.get_one(Listing, listing_id).identity = {"id_number": sealed}
    case = confirm(office, propose(office, listing_id))
    assert read(office, Listing, listing_id).shield_code == "shield:privacy"
    assert told(office) == ["listing.shielded"]
    document = {"number": "长住建撤〔2026〕1号", "date": office.clock.today()}
    office.take(case, "revoke", "decider", reason="当事人为未成年人", document=document)
    assert read(office, Listing, listing_id).revoked_at is not None


def test_a_person_on_a_list_of_organisations_is_hidden_at_once_and_can_be_revoked(office):
    listing_id = migrated(office, PERSON)
    with office.deps.db.write() as session:
        session.get_one(Listing, listing_id).list_code = "spot-check"
        session.get_one(Department, office.department.id).kind = "market-regulation"
    case = confirm(office, propose(office, listing_id))
    assert read(office, Listing, listing_id).shield_code == "shield:privacy"
    with office.deps.db.read() as session:
        shown = case_view(session, case, office.people["decider"], office.clock.today())
    assert "不应列入" in {each["title"] for each in shown["warnings"]}
    with pytest.raises(Conflict):
        office.take(case, "unshield", "decider", reason="误屏蔽")
    document = {"number": "长住建撤〔2026〕2号", "date": office.clock.today()}
    office.take(case, "revoke", "decider", reason="名单不包括自然人", document=document)
    assert read(office, Listing, listing_id).revoked_at is not None


def test_two_people_and_the_trail_names_both(office):
    wish = propose(office, migrated(office), by="both")
    with pytest.raises(Forbidden) as refused:
        confirm(office, wish, by="both")
    assert refused.value.slug == "four-eyes"
    case = confirm(office, wish)
    both, decider = office.people["both"].user_id, office.people["decider"].user_id
    assert (case.filer_id, case.reviewer_id, case.publisher_id) == (both, decider, decider)
    with office.deps.db.read() as session:
        steps = session.scalars(select(CaseStep).where(CaseStep.case_id == case.id)).all()
        acts = session.scalars(select(AuditEntry).where(AuditEntry.object_id == case.listing_id)).all()
    assert [(step.action, step.version, step.actor_id) for step in steps] == [("adopt", 1, decider)]
    assert [act.action for act in acts] == ["listing.adoption-proposed", "listing.adopted"]


def test_not_even_the_database_lets_one_person_do_both(office):
    wish = propose(office, migrated(office))
    alone = update(Adoption).values(state="confirmed", decided_by=Adoption.proposed_by)
    with pytest.raises(IntegrityError), office.deps.db.write() as session:
        session.execute(alone.where(Adoption.id == wish.id))


def test_a_listing_is_adopted_once(office):
    listing_id = migrated(office)
    wish = propose(office, listing_id)
    with pytest.raises(Conflict, match="adoption-waiting"):
        propose(office, listing_id, by="clerk2")
    confirm(office, wish)
    with pytest.raises(Conflict, match="adoption-answered"):
        confirm(office, wish, by="decider2")
    with pytest.raises(Conflict, match="listing-not-adoptable"):
        propose(office, listing_id)
    with pytest.raises(Conflict, match="listing-not-adoptable"):
        propose(office, office.published().listing_id)


def test_a_refusal_leaves_it_as_it_was_and_open_to_another_try(office):
    listing_id = migrated(office)
    wish = propose(office, listing_id)
    with office.deps.db.write() as session:
        refuse_adoption(session, wish.id, "材料不足", actor=office.people["decider"], at=office.clock.now())
    assert read(office, Listing, listing_id).case_id is None
    assert confirm(office, propose(office, listing_id)).state == "published"


def test_other_departments_can_neither_take_nor_see_it(office):
    listing_id = migrated(office)
    away = add_department(office.deps.db, region="350524")
    tax = add_department(office.deps.db, kind="archives")
    for department in (away, tax):
        office.people["stranger"] = officer(department, "clerk")
        with pytest.raises(Invalid):
            propose(office, listing_id, by="stranger")
    wish = propose(office, listing_id)
    office.people["stranger"] = officer(away, "decider")
    with pytest.raises(NotFound):
        confirm(office, wish, by="stranger")
    with office.deps.db.read() as session:
        stranger = office.people["stranger"]
        assert not find_adoptions(session, stranger, state=None, before=None, limit=9)
        assert len(find_adoptions(session, office.people["auditor"], state=None, before=None, limit=9)) == 1


def test_every_ordinary_action_works_on_it(office):
    case = adopted(office)
    case = office.take(
        case, "correct", "decider", changes={"misconduct": {"facts": "串通投标"}}, reason="事实有误"
    )
    listing = read(office, Listing, case.listing_id)
    assert listing.facts["misconduct"]["facts"] == "串通投标"
    assert told(office) == ["listing.published"], "platforms never heard of it from here"
    case = office.take(case, "suspend", "clerk", reason="核查")
    case = office.take(case, "confirm_suspension", "reviewer")
    case = office.take(case, "lift_suspension", "decider", reason="核查完毕")
    case = office.take(
        case, "open_objection", "clerk", channel="window", received_at=office.clock.today(), evidence="材料"
    )
    case = office.take(case, "accept_objection", "reviewer")
    case = office.take(case, "settle_objection", "decider", upheld=False, reason="不成立")
    document = {"number": "长住建撤〔2026〕1号", "date": office.clock.today()}
    case = office.take(case, "revoke", "decider", reason="决定被撤销", document=document)
    assert read(office, Listing, case.listing_id).revoked_at is not None
    assert told(office)[-1] == "listing.revoked"
    with office.deps.db.read() as session:
        kinds = session.scalars(
            select(ListingVersion.kind)
            .where(ListingVersion.listing_id == case.listing_id)
            .order_by(ListingVersion.version)
        )
        assert list(kinds)[:2] == ["published", "corrected"]


def test_a_removal_without_any_correction_is_withdrawn_everywhere(office):
    case = adopted(office)
    document = {"number": "长住建撤〔2026〕2号", "date": office.clock.today()}
    office.take(case, "revoke", "decider", reason="决定被撤销", document=document)
    assert told(office) == ["listing.revoked"], "another system may have pushed it"


def test_institutions_that_apply_measures_are_told_of_its_end(office, tmp_path):
    case = adopted(office)
    document = {"number": "长住建撤〔2026〕3号", "date": office.clock.today()}
    office.take(case, "revoke", "decider", reason="决定被撤销", document=document)
    with office.deps.db.read() as session:
        rows = session.execute(select(outbox).where(outbox.c.topic == "blacklist.cases.v1")).all()
    events = [from_record(record_of(row)) for row in rows]
    notices = open_database(f"sqlite:///{tmp_path}/notices.db")
    NotifierBase.metadata.create_all(notices.engine)
    keeper = officer(office.department, "operator", "keeper")
    with notices.write() as session:
        hire_staff(session)
        long_ago = datetime(2020, 1, 1, tzinfo=UTC)
        state_enforcement(session, "engineering-tendering", "130102", actor=keeper, at=long_ago)
        follow_cases(office.clock, {"inbox"}, builtin_calendar())(session, events)
        stops = [(row.case_id, row.cause) for row in session.scalars(select(StopOrder))]
    notices.close()
    assert stops == [(case.id, "case.revoked")]


def test_a_person_stays_sealed_and_findable(office):
    case = adopted(office, PERSON)
    assert case.id_blind == office.deps.keyring.blind_index(PERSON_ID)
    assert PERSON_ID not in json.dumps([case.document, case.misconduct, case.codes, case.id_masked])
    case = office.take(case, "correct", "decider", changes={"document": {"content": "罚款"}}, reason="更正")
    listing = read(office, Listing, case.listing_id)
    assert listing.id_blind == office.deps.keyring.blind_index(PERSON_ID)
