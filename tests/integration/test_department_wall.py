"""Row-level security on PostgreSQL: a query that forgot its filter finds nothing of another department."""

from dataclasses import replace
from datetime import date

import pytest
from flask import g
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import ProgrammingError

import services.blacklist.app  # noqa: F401  the wall stands around tables of every part
from services.blacklist.cases import api as cases
from services.blacklist.cases.models import Case
from services.blacklist.identity.wall import OFFICER, raise_wall, stand_behind
from shared.db import open_database
from shared.web.app import create_service_app, finish
from tests.unit.blacklist.case_office import WALK, add_department, filing, officer, open_office

READ = "/api/v1/cases"


@pytest.fixture
def office(postgres_url, tmp_path, clock):
    db = open_database(postgres_url)
    made = open_office(db, tmp_path, clock)
    made.people["foreign"] = officer(add_department(db, region="350524"), "clerk")
    made.people["city"] = replace(officer(made.department, "supervisor"), department_id="-", region="130100")
    made.people["other-city"] = replace(made.people["city"], region="350500")
    made.people["admin"] = officer(made.department, "system-admin")
    yield made
    db.close()


@pytest.fixture
def app(office):
    made = create_service_app(
        __name__, name="blacklist", title="t", prefix="", clock=office.clock, ready=dict,
        authenticate=lambda request: office.people.get(request.headers.get("X-Test-User", "")),
    )  # fmt: skip
    made.register_blueprint(cases.blueprint(office.deps))
    stand_behind(office.deps.db)
    return finish(made)


def as_(app, office, who, do, *, write=False):
    """`do` with the session of a request by `who`; no filter of the service's own takes part."""
    deps = office.deps
    with app.test_request_context(READ):
        g.principal = office.people[who]
        with deps.db.write() if write else deps.db.read() as session:
            return do(session)


def count(session):
    return session.scalar(select(func.count()).select_from(Case))


def test_a_query_without_a_filter_finds_the_departments_own(app, office):
    case = office.published()
    assert as_(app, office, "clerk", count) == 1, "no wall yet"
    assert as_(app, office, "foreign", count) == 1, "no wall yet"
    assert raise_wall(office.deps.db)
    assert raise_wall(office.deps.db), "safe to repeat"
    seen = {who: as_(app, office, who, count) for who in ("clerk", "foreign", "city", "other-city", "admin")}
    assert seen == {"clerk": 1, "foreign": 0, "city": 1, "other-city": 0, "admin": 1}
    with office.deps.db.read() as session:
        assert count(session) == 1, "loops are not bound"
        assert session.scalar(text("SELECT current_user")) != OFFICER
    silent = update(Case).where(Case.id == case.id).values(subject_name="别人的")
    assert as_(app, office, "foreign", lambda s: s.execute(silent).rowcount, write=True) == 0
    for who, change in (("city", silent), ("clerk", update(Case).values(department_id="别的部门"))):
        with pytest.raises(ProgrammingError, match="row-level security"):
            as_(app, office, who, lambda s, change=change: s.execute(change), write=True)


def test_a_whole_walk_behind_the_wall(app, office):
    raise_wall(office.deps.db)
    client = app.test_client()

    def call(who, method, path, body=None):
        return client.open(path, method=method, json=body, headers={"X-Test-User": who})

    case = call("clerk", "POST", READ, filing()).json
    for action, by, inputs in WALK:
        given = {name: str(value) if isinstance(value, date) else value for name, value in inputs.items()}
        body = {"version": case["version"], "action": action, **given}
        answer = call(by, "POST", f"{READ}/{case['id']}/transitions", body)
        assert answer.status_code == 200, answer.text
        case = answer.json
    assert case["state"] == "published"
    assert call("foreign", "GET", f"{READ}/{case['id']}").status_code == 404
    assert call("city", "GET", f"{READ}/{case['id']}").status_code == 200
