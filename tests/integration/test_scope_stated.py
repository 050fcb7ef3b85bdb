"""Every answer of the register states the scope searched, in one shape, on pages and in files too."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import python_calamine
from flask.testing import FlaskClient

from services.blacklist.app import create_app
from services.blacklist.checks.usecases.running import CheckJobs
from services.blacklist.register.domain.scope import SCOPE_NOTE
from services.blacklist.register.usecases import ChangeSequencer
from services.blacklist.settings import read_settings
from services.blacklist.transparency.usecases.appending import LogSequencer
from shared.clock import FixedClock
from shared.db import Database
from shared.loops import drain
from tests.integration.register_world import PERSON_NUMBER, World, make_world
from tests.integration.test_check_jobs import JOBS, LISTED, ON_SQLITE, publish, submit
from tests.integration.test_tender_projects import PROJECTS, enter

pytestmark = [pytest.mark.tables("services.blacklist"), ON_SQLITE]
CERTIFICATES, RECONCILE = "/api/v1/register/certificates", "/api/v1/reconcile"
TODAY = "2026-11-02"


@pytest.fixture
def world(any_db: Database, clock: FixedClock, tmp_path: Path) -> World:
    made = make_world(any_db, clock, tmp_path)
    publish(made)
    drain([ChangeSequencer(made.db, "test"), LogSequencer(made.deps, "log.example/register", "test")])
    return made


@pytest.fixture
def client(world: World, tmp_path: Path) -> FlaskClient:
    return create_app(read_settings({"DATA_DIR": str(tmp_path)}), world.deps).test_client()


def require_scope(said: dict[str, Any], subjects: str = "organizations") -> None:
    assert (said["subjects"], said["as_of"]) == (subjects, TODAY)
    assert "未查到不等于没有" in said["note"]


def test_questions_asked_at_once(client: FlaskClient) -> None:
    asked = {"entities": [{"name": LISTED}, {"name": "石家庄无此单位有限公司"}]}
    person = {"name": "示例", "id_number": PERSON_NUMBER}
    given = {"subject_type": "individual", **person}
    require_scope(client.get(f"/api/v1/register?q={LISTED}").get_json()["scope"])
    require_scope(client.get("/api/v1/register").get_json()["scope"])
    require_scope(client.post("/api/v1/register/check", json=asked).get_json()["scope"])
    require_scope(client.post("/api/v1/register/persons", json=person).get_json()["scope"], "individuals")
    require_scope(client.post(CERTIFICATES, json={"name": LISTED}).get_json()["payload"]["scope"])
    require_scope(client.post(CERTIFICATES, json=given).get_json()["payload"]["scope"], "individuals")
    queries = json.dumps({"q0": {"query": LISTED}, "q1": {"query": "石家庄无此单位有限公司"}})
    for answer in client.post(RECONCILE, data={"queries": queries}).get_json().values():
        require_scope(answer["scope"])
    require_scope(client.get(f"{RECONCILE}/suggest/entity?prefix=石家").get_json()["scope"])
    assert SCOPE_NOTE in client.get("/embed/column?q=石家庄无此单位有限公司").text
    assert SCOPE_NOTE in client.post("/checks/list", data={"lines": LISTED}).text


def test_a_file_says_it_in_its_status_and_in_every_form(world: World, client: FlaskClient) -> None:
    code = submit(client, f"投标人名称\n{LISTED}\n石家庄无此单位有限公司\n".encode())
    require_scope(client.get(f"{JOBS}/{code}").get_json()["scope"])
    drain([CheckJobs(world.deps, "test")])
    require_scope(client.get(f"{JOBS}/{code}").get_json()["scope"])
    assert SCOPE_NOTE in client.get(f"/checks/{code}").text
    require_scope(json.loads(client.get(f"{JOBS}/{code}/result.json").data)["scope"])
    text = client.get(f"{JOBS}/{code}/result.csv").data.decode("utf-8-sig")
    assert [row["检索范围"] for row in csv.DictReader(io.StringIO(text))] == [SCOPE_NOTE] * 2
    book = python_calamine.load_workbook(io.BytesIO(client.get(f"{JOBS}/{code}/result.xlsx").data))
    assert ["检索范围", SCOPE_NOTE] in book.get_sheet_by_name("说明").to_python()


def test_an_earlier_day_is_named(world: World, client: FlaskClient) -> None:
    code = submit(client, f"投标人名称\n{LISTED}\n".encode(), as_of="2026-10-01")
    drain([CheckJobs(world.deps, "test")])
    said = json.loads(client.get(f"{JOBS}/{code}/result.json").data)["scope"]
    assert (said["as_of"], "按2026-10-01判断" in said["note"]) == ("2026-10-01", True)


def test_a_tender_project_says_it_with_its_cutoff(client: FlaskClient) -> None:
    code = enter(client)
    said = client.get(f"{PROJECTS}/{code}").get_json()["scope"]
    require_scope(said)
    assert "投标截止日2026-11-20" in said["note"]
    assert said["note"] in client.get(f"/tender-projects/{code}").text
    require_scope(client.post(f"{PROJECTS}/{code}/sheets").get_json()["payload"]["scope"])
