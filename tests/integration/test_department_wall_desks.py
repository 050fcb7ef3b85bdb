"""The second wall around what a department works with: requests, terms, imports, ledger, inspections."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import ProgrammingError

from services.blacklist.cases import api as cases
from services.blacklist.cases.models import (
    Adoption,
    Case,
    CaseImport,
    CaseImportRow,
    CaseOverlay,
    ImportMapping,
    NoticeStatus,
    PublishedPaper,
)
from services.blacklist.cases.queries.twins import entry_of
from services.blacklist.cases.usecases.papers import hold_papers
from services.blacklist.cases.usecases.transfer import transfer_cases
from services.blacklist.disclosure import api as disclosure
from services.blacklist.disclosure.models import DisclosureDocument, DisclosureRequest, DisclosureStep
from services.blacklist.disclosure.usecases.handling import take_action
from services.blacklist.disclosure.usecases.transfer import transfer_requests
from services.blacklist.identity.wall import raise_wall, stand_behind
from services.blacklist.letters.models import LetterCounter, LetterSeries
from services.blacklist.rules.models import Duty
from services.blacklist.rules.usecases import create_duty
from services.blacklist.supervision.models import (
    Inspection,
    InspectionItem,
    LedgerDecision,
    LedgerUpload,
    NumberExplanation,
    ZeroReturn,
)
from shared.clock import FixedClock
from shared.db import open_database
from shared.ids import new_id
from shared.web.app import create_service_app, finish
from tests.architecture.access_world import filled
from tests.conftest import unavailable
from tests.harness.database import NotAvailable
from tests.integration.test_department_wall_children import as_, counted
from tests.unit.blacklist.case_office import add_department, filing, officer, open_office

START = datetime(2026, 11, 3, 2, tzinfo=UTC)
HUNG = (CaseOverlay, NoticeStatus, Duty, CaseImportRow, DisclosureStep, DisclosureDocument, InspectionItem)
LEDGER = (LedgerDecision, LedgerUpload, NumberExplanation, ZeroReturn)
HELD = (Adoption, CaseImport, ImportMapping, DisclosureRequest, LetterCounter, LetterSeries, Inspection)
ALL = HUNG + HELD + LEDGER


@pytest.fixture(scope="module")
def walled(request, tmp_path_factory):
    """One database with its wall for all tests; each has departments of its own."""
    server = request.getfixturevalue("_server")
    if isinstance(server, NotAvailable):
        unavailable(str(server))
    url = server.fresh()
    db = open_database(url)
    made = open_office(db, tmp_path_factory.mktemp("desks"), FixedClock(START))
    app = create_service_app(
        __name__, name="blacklist", title="t", prefix="", clock=made.clock, ready=dict,
        authenticate=lambda request: None,
    )  # fmt: skip
    app.register_blueprint(cases.blueprint(made.deps))
    app.register_blueprint(disclosure.blueprint(made.deps))
    assert raise_wall(db)
    stand_behind(db)
    yield finish(app), made
    db.close()
    server.drop(url)


@pytest.fixture
def app(walled):
    return walled[0]


@pytest.fixture
def office(walled):
    made, home = walled[1], add_department(walled[1].deps.db)
    away = add_department(made.deps.db, region="350524")
    people = {role: officer(home, role) for role in ("clerk", "decider")}
    people["foreign"] = officer(away, "clerk")
    people["over"] = replace(officer(home, "supervisor"), department_id="-", region="130000")
    people["far"] = replace(people["over"], region="350600")
    return replace(made, department=home, people=people)


def owed(session, office, case_id, department_id):
    now, calendar = office.clock.now(), office.deps.calendar
    return create_duty(
        session, case_id=case_id, department_id=department_id, kind="publish", rule="r", rule_version="1",
        length_wd=7, start_on=now.date(), calendar=calendar,
    )  # fmt: skip


def stock(office):
    """One row of each kind for the office's own department; one inspected by another department."""
    case = office.file(filing(document={"number": f"长住建罚〔2026〕{new_id()[-6:]}号"}))
    mine = {"department_id": office.department.id}
    place, parent = mine | {"region": "130102"}, {each: new_id() for each in ("import", "request", "check")}
    with office.deps.db.write() as session:
        session.add_all([
            filled(CaseImport, id=parent["import"], state="received", **place),
            filled(
                DisclosureRequest, id=parent["request"], number=new_id(), lookup_blind=new_id(),
                state="received", **place,
            ),
            filled(
                Inspection, id=parent["check"], region="130100", office_id=new_id(),
                department_ids=[office.department.id],
            ),
        ])  # fmt: skip
        session.flush()
        owed(session, office, case.id, office.department.id)
        owed(session, office, parent["request"], office.department.id)
        session.add_all([
            filled(CaseOverlay, case_id=case.id, kind="repair", state="open"),
            filled(NoticeStatus, subject_id=case.id, channel="inbox"),
            filled(Adoption, state="refused", decided_by="other", **place),
            filled(CaseImportRow, import_id=parent["import"]),
            filled(DisclosureStep, request_id=parent["request"]),
            filled(DisclosureDocument, request_id=parent["request"]),
            filled(InspectionItem, inspection_id=parent["check"], state="drawn", **mine),
            filled(PublishedPaper, key=case.id, case_id=case.id),
            filled(LetterSeries, kind="notice", **mine),
            filled(LetterCounter, series="s", **mine),
            filled(ImportMapping, layout="", heading="h", **mine),
            *(filled(model, **mine) for model in LEDGER if model is not NumberExplanation),
            filled(NumberExplanation, reason_code="other", **mine),
        ])  # fmt: skip
    return case


def test_each_is_seen_by_its_department_and_who_oversees_it(office, app):
    stock(office)
    all_there, none = counted(office.deps.db, *ALL), [0] * len(ALL)
    assert as_(app, office, "over", lambda: counted(office.deps.db, *ALL)) == all_there
    own = dict(zip(ALL, as_(app, office, "clerk", lambda: counted(office.deps.db, *ALL)), strict=True))
    assert own == dict.fromkeys(ALL, 1) | {Duty: 2}
    assert as_(app, office, "foreign", lambda: counted(office.deps.db, *ALL)) == none
    assert as_(app, office, "far", lambda: counted(office.deps.db, *ALL)) == none


def test_an_officer_who_reads_by_id_where_the_public_gives_a_code_is_walled(office, app):
    stock(office)
    database, asked = office.deps.db, (DisclosureRequest, DisclosureDocument)
    there = counted(database, *asked)
    for what in ("", "/letter.pdf", f"/documents/{new_id()}"):
        by_id, by_code = (f"/api/v1/disclosure-requests/{each}{what}" for each in (new_id(), "AAAA-BBBB"))
        assert as_(app, office, "foreign", lambda: counted(database, *asked), by_id) == [0, 0]
        assert as_(app, office, "clerk", lambda: counted(database, *asked), by_id) == [1, 1]
        assert as_(app, office, "clerk", lambda: counted(database, *asked), by_code) == there


def test_no_time_goes_into_compiling_policies(office, app):
    def compiling():
        with office.deps.db.read() as session:
            return session.scalar(text("SHOW jit"))

    assert as_(app, office, "clerk", compiling) == "off"


def test_none_is_changed_or_removed_by_another_department_or_who_oversees(office, app):
    stock(office)
    database, there = office.deps.db, counted(office.deps.db, *ALL, PublishedPaper)

    def removed(model):
        with database.write() as session:
            return session.execute(delete(model)).rowcount

    def touched(model):
        column = next(each for each in model.__table__.c if not each.primary_key)
        with database.write() as session:
            return session.execute(update(model).values({column: column})).rowcount

    for model in (*ALL, PublishedPaper):
        assert as_(app, office, "foreign", lambda model=model: removed(model)) == 0
        assert as_(app, office, "over", lambda model=model: removed(model)) == 0
    for model in ALL:
        assert as_(app, office, "foreign", lambda model=model: touched(model)) == 0
        with pytest.raises(ProgrammingError, match="row-level security"):
            as_(app, office, "over", lambda model=model: touched(model))
    with pytest.raises(ProgrammingError, match="permission denied"):
        as_(app, office, "foreign", lambda: touched(PublishedPaper))
    assert counted(database, *ALL, PublishedPaper) == there


def test_a_paper_that_another_department_holds_is_told_not_taken(office, app):
    case, database = stock(office), office.deps.db

    def hold():
        with database.write() as session:
            return [(held.id, holder) for held, holder in hold_papers(session, [case])]

    with database.write() as session:
        mine = PublishedPaper.case_id == case.id
        session.execute(update(PublishedPaper).where(mine).values(key=entry_of(case).key))
    assert as_(app, office, "clerk", hold) == []
    theirs = office.file(filing(document={"number": case.document_number}))
    with database.write() as session:
        given = {"department_id": office.people["foreign"].department_id}
        session.execute(update(Case).where(Case.id == theirs.id).values(given))

    def hold_theirs():
        with database.write() as session:
            return [holder for _, holder in hold_papers(session, [theirs])]

    assert as_(app, office, "foreign", hold_theirs) == [case.id]


def test_a_request_is_passed_on_with_its_term(office, app):
    stock(office)
    office.people["finance"] = officer(add_department(office.deps.db, kind="finance"), "clerk")
    decider, database = office.people["decider"], office.deps.db
    with database.write() as session:
        of_mine = DisclosureRequest.department_id == office.department.id
        request_id = session.scalars(select(DisclosureRequest.id).where(of_mine)).one()
        session.execute(update(Duty).where(Duty.case_id == request_id).values(kind="answer-disclosure"))

    def pass_on():
        given = {"department_id": office.people["finance"].department_id, "reason": "不属于本部门职责"}
        with database.write() as session:
            take_action(
                session, office.deps, request_id, "transfer", given, actor=decider, at=office.clock.now(),
                origin="https://example.invalid",
            )  # fmt: skip

    as_(app, office, "decider", pass_on)
    asked = (DisclosureRequest, DisclosureStep, Duty)
    assert as_(app, office, "clerk", lambda: counted(database, *asked)) == [0, 0, 1], "the case's term stays"
    assert as_(app, office, "finance", lambda: counted(database, *asked)) == [1, 2, 1]


def test_who_inspects_puts_a_term_on_another_department_and_no_clerk_does(office, app):
    case, database = stock(office), office.deps.db

    def put():
        with database.write() as session:
            owed(session, office, case.id, office.department.id)

    as_(app, office, "over", put)
    with pytest.raises(ProgrammingError, match="row-level security"):
        as_(app, office, "foreign", put)


def test_everything_open_follows_to_the_successor(office, app):
    stock(office)
    database, heir = office.deps.db, add_department(office.deps.db, kind="transport")
    office.people["heir"] = officer(heir, "clerk")
    with database.write() as session:
        mine = Duty.department_id == office.department.id
        session.execute(update(Duty).where(mine).values(done_at=office.clock.now()))
        transfer_cases(
            session, office.department.id, heir.id, office.clock.today(), actor=None, at=office.clock.now()
        )
        transfer_requests(session, office.department.id, heir.id)
    cases = (
        CaseOverlay,
        NoticeStatus,
        CaseImport,
        CaseImportRow,
        Adoption,
        DisclosureRequest,
        DisclosureStep,
    )
    assert as_(app, office, "heir", lambda: counted(database, *cases)) == [1] * len(cases)
    assert as_(app, office, "clerk", lambda: counted(database, *cases)) == [0] * len(cases)

    def met_before():
        with database.read() as session:
            return session.scalar(select(func.count()).select_from(Duty).where(Duty.department_id != heir.id))

    assert as_(app, office, "heir", met_before) == 2, "what the predecessor met is read with its thing"
