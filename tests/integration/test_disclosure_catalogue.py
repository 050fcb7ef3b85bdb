"""公开事项目录 of the sample regions through the whole service; a request's alarm as an event."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from services.blacklist.app import PACKAGE, build_loops, create_app
from services.blacklist.sample import load_sample_world
from services.blacklist.settings import read_settings
from services.blacklist.store import Deps
from shared.clock import FixedClock
from shared.crypto import KeyRing
from shared.db import migrate, open_database
from shared.eventlog import open_log
from shared.ids import new_id
from shared.loops import drain
from tests.unit.blacklist.case_office import PERSON_ID

pytestmark = pytest.mark.tables("services.blacklist", migrated=True)


@pytest.fixture
def world(any_db_url: str, clock: FixedClock, tmp_path: Path) -> Iterator[Any]:
    from services.blacklist.rules.queries.calendars import LiveCalendar

    settings = read_settings(
        {"DATA_DIR": str(tmp_path), "BLACKLIST_DB_URL": any_db_url,
         "EVENTS_URL": f"sqlite:///{tmp_path}/events.db"}
    )  # fmt: skip
    migrate(any_db_url, PACKAGE)
    db = open_database(any_db_url)
    deps = Deps(db, clock, KeyRing.load_or_create(settings.common.keys_file), LiveCalendar(db), tmp_path)
    load_sample_world(db, clock=clock, data_dir=tmp_path)
    load_sample_world(db, clock=clock, data_dir=tmp_path)
    yield create_app(settings, deps).test_client(), build_loops(settings, deps), settings
    db.close()


def rows(client: FlaskClient, **query: str) -> list[dict[str, Any]]:
    answer = client.get("/api/v1/disclosure-catalogue", query_string=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.get_json()["items"]
    return found


def test_the_catalogue_says_what_when_how_who_and_who_watches(world):
    client, _, _ = world
    found = rows(client, region="350524")
    assert {each["origin"] for each in found} == {"rules", "region"}
    assert {each["region_name"] for each in found} == {"福建省泉州市安溪县"}
    forestry = next(each for each in found if each["code"] == "R55-forestry")
    assert [each["name"] for each in forestry["responsible"]] == ["安溪县林业局"]
    assert "公开栏" in forestry["method"]
    assert "安溪县政府办公室" in forestry["supervision"]
    penalty = next(each for each in found if each["code"] == "list:penalty-publication")
    assert "7个工作日" in penalty["time_limit"]
    assert "20个工作日" in penalty["time_limit"]
    assert penalty["rule_version"]
    assert all(each["responsible"] and each["supervision"] and each["method"] for each in found)


def test_it_is_narrowed_by_department_domain_and_day(world):
    client, _, _ = world
    housing = next(
        each for each in client.get("/api/v1/departments?region=130102&limit=200").get_json()["items"]
        if each["code"] == "130102-housing"
    )  # fmt: skip
    own = rows(client, department_id=housing["id"])
    assert own
    assert all(housing["id"] in [who["id"] for who in each["responsible"]] for each in own)
    assert {each["domain"] for each in rows(client, region="130102", domain="land-transfer")} == {
        "land-transfer", "*"
    }  # fmt: skip
    before = rows(client, region="130102", on="2018-01-01")
    assert "国土" in str([each["responsible"] for each in before if each["domain"] == "land-transfer"])
    assert client.get("/api/v1/disclosure-catalogue?region=999999").status_code == 422


def test_it_is_exported(world):
    client, _, _ = world
    text = client.get("/api/v1/disclosure-catalogue.csv?region=210000").data.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text)))
    assert lines[0][2:8] == ["公开事项", "公开内容", "公开时限", "公开方式", "责任主体", "监督渠道"]
    book = CalamineWorkbook.from_filelike(
        io.BytesIO(client.get("/api/v1/disclosure-catalogue.xlsx?region=210000").data)
    )
    assert book.get_sheet_by_index(0).to_python() == lines
    assert len(lines) == len(rows(client, region="210000")) + 1
    assert client.get("/api/v1/disclosure-catalogue.pdf").status_code == 404


def test_a_request_near_its_end_is_announced(world, clock):
    client, loops, settings = world
    department = client.get("/api/v1/departments?region=130102").get_json()["items"][0]
    body = {
        "department_id": department["id"],
        "applicant": {"type": "citizen", "name": "王小二", "id_type": "resident-id", "id_number": PERSON_ID,
                      "email": "wang@example.com"},
        "wanted": "年度计划",
    }  # fmt: skip
    receipt = client.post("/api/v1/disclosure-requests", json=body).get_json()
    clock.set(datetime(2026, 11, 26, 2, 0, tzinfo=UTC))
    drain(loops)
    clock.set(datetime(2026, 12, 1, 2, 0, tzinfo=UTC))
    drain(loops)
    log = open_log(settings.common.events_url)
    reader = log.reader(["blacklist.cases.v1"], f"test-{new_id()}")
    records = reader.poll(500)
    reader.close()
    log.close()
    told = [(dict(each.headers)["ce_type"].decode(), json.loads(each.value)) for each in records]
    assert [(kind, data["sequence"], data["subject_name"]) for kind, data in told] == [
        ("duty.due-soon", 1, receipt["number"]), ("duty.overdue", 2, receipt["number"]),
    ]  # fmt: skip
    assert "王小二" not in str(told)
