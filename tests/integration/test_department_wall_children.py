"""The second wall around what hangs on a case or an item: steps, letters, open items, reports."""

from dataclasses import replace

import pytest
from flask import g
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import ProgrammingError

from services.blacklist.cases import api as cases
from services.blacklist.cases.models import CaseStep
from services.blacklist.cases.usecases.bulk import take_many
from services.blacklist.identity.wall import POLICIES, is_whole, raise_wall, stand_behind
from services.blacklist.letters.models import Letter, LetterCopy
from services.blacklist.openness.models import ItemVersion, OpennessItem, Report
from services.blacklist.store import Base
from shared.db import open_database
from shared.ids import new_id
from shared.web.app import create_service_app, finish
from tests.architecture.access_world import filled
from tests.integration.openness_world import World
from tests.integration.test_openness_reports import act, row_of, send
from tests.unit.blacklist.case_office import add_department, filing, officer, open_office


@pytest.fixture
def db(postgres_url):
    made = open_database(postgres_url)
    yield made
    made.close()


@pytest.fixture
def office(db, tmp_path, clock):
    made = open_office(db, tmp_path, clock)
    made.people["foreign"] = officer(add_department(db, region="350524"), "clerk")
    return made


@pytest.fixture
def app(office):
    made = create_service_app(
        __name__, name="blacklist", title="t", prefix="", clock=office.clock, ready=dict,
        authenticate=lambda request: None,
    )  # fmt: skip
    made.register_blueprint(cases.blueprint(office.deps))
    assert raise_wall(office.deps.db)
    stand_behind(office.deps.db)
    return finish(made)


def as_(app, office, who, do, path="/api/v1/cases"):
    """`do` as within a request of `who`; no filter of the service's own takes part."""
    with app.test_request_context(path):
        g.principal = office.people[who]
        return do()


def counted(db, *models):
    with db.read() as session:
        return [session.scalar(select(func.count()).select_from(model)) for model in models]


def test_steps_and_letters_are_seen_with_their_case(office, app):
    case, letter = office.published(), new_id()
    with office.deps.db.write() as session:
        step_id = session.scalars(select(CaseStep.id).where(CaseStep.case_id == case.id)).first()
        home = {"department_id": office.department.id, "case_id": case.id, "step_id": step_id}
        session.add(filled(Letter, id=letter, code="CODE", **home))
        session.flush()
        session.add(filled(LetterCopy, id=new_id(), letter_id=letter, kind="scan"))
    models = (CaseStep, Letter, LetterCopy)
    steps, *_ = counted(office.deps.db, *models)
    assert as_(app, office, "clerk", lambda: counted(office.deps.db, *models)) == [steps, 1, 1]
    assert as_(app, office, "foreign", lambda: counted(office.deps.db, *models)) == [0, 0, 0]

    def forge():
        with office.deps.db.write() as session:
            session.execute(delete(LetterCopy))
            session.add(filled(CaseStep, id=new_id(), case_id=case.id))

    with pytest.raises(ProgrammingError, match="row-level security"):
        as_(app, office, "foreign", forge)
    assert counted(office.deps.db, *models) == [steps, 1, 1]


def test_many_steps_at_once_are_written_behind_the_wall(office, app):
    made = [office.file(filing(document={"number": f"长住建罚〔2026〕{at}号"})) for at in range(8)]
    items = [(case.id, case.version) for case in made]
    clerk, now = office.people["clerk"], office.clock.now()
    done = as_(app, office, "clerk", lambda: take_many(office.deps, "submit", items, {}, actor=clerk, at=now))
    assert [each.refused for each in done] == [None] * len(items)
    with office.deps.db.read() as session:
        wanted = select(func.count()).where(CaseStep.action == "submit")
        assert session.scalar(wanted) == len(items)


def test_open_items_and_reports_work_behind_it_and_a_report_can_be_handed_over(db, tmp_path):
    world = World(tmp_path, db)
    raise_wall(db)
    stand_behind(db)
    world.publish()
    sent = row_of(world, send(world))
    app, models = world.client.application, (OpennessItem, ItemVersion, Report)

    def seen(who):
        return as_(app, world.office, who, lambda: counted(db, *models), "/api/v1/items")

    assert seen("clerk") == [1, 1, 1]
    assert seen("foreign") == [0, 0, 0]
    given = {"department_id": world.finance.id, "reason": "不属于本部门职责"}
    act(world, "clerk", sent, "transfer", **given)
    assert world.call("finance", "GET", f"/supervision-reports/{sent.id}")["state"] == "received"
    world.call("clerk", "GET", f"/supervision-reports/{sent.id}", 404)
    assert seen("clerk") == [1, 1, 0]
    assert seen("finance") == [0, 0, 1]


def test_who_oversees_sees_steps_but_changes_and_removes_none(office, app):
    office.published()
    office.people["over"] = replace(officer(office.department, "auditor"), department_id="-", region="130000")
    db = office.deps.db
    assert as_(app, office, "over", lambda: counted(db, CaseStep)) == counted(db, CaseStep)

    def write(statement):
        with db.write() as session:
            return session.execute(statement).rowcount

    assert as_(app, office, "over", lambda: write(delete(CaseStep))) == 0
    with pytest.raises(ProgrammingError, match="row-level security"):
        as_(app, office, "over", lambda: write(update(CaseStep).values(case_id=CaseStep.case_id)))


def test_policies_that_are_right_are_left_alone_and_others_told(office, app):
    db, numbers = office.deps.db, text("SELECT oid FROM pg_policy ORDER BY oid")
    with db.write() as session:
        before = session.scalars(numbers).all()
        session.execute(text("SELECT count(*) FROM openness_reports"))
        assert raise_wall(db), "though somebody reads"
        assert session.scalars(numbers).all() == before
    assert is_whole(db)
    with db.write() as session:
        session.execute(text("ALTER POLICY department_seen ON letters USING (true)"))
    assert not is_whole(db)
    assert (raise_wall(db), is_whole(db)) == (True, True)


def test_every_walled_table_is_one_of_ours():
    assert set(POLICIES) <= {table.name for table in Base.metadata.sorted_tables}
