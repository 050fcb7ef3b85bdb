"""Batch checks: by API with the register's version, and by file as a job: resumed, read, forgotten."""

import csv
import io
import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import python_calamine
import xlsxwriter
from flask.testing import FlaskClient
from sqlalchemy import select

from services.blacklist.app import create_app
from services.blacklist.checks.domain.figures import figure
from services.blacklist.checks.models import CheckJob, CheckPart
from services.blacklist.checks.usecases import running
from services.blacklist.checks.usecases.receiving import sheets
from services.blacklist.checks.usecases.running import CheckJobs, run_job
from services.blacklist.register.usecases import ChangeSequencer, revoke_listing
from services.blacklist.settings import read_settings
from services.blacklist.transparency.usecases.appending import LogSequencer
from shared.clock import FixedClock
from shared.db import Database, open_database
from shared.identifiers import make_resident_id, make_uscc
from shared.loops import drain
from tests.integration.register_world import World, make_world, organisation

pytestmark = pytest.mark.tables("services.blacklist")

LISTED, CODE = "石家庄甲建设工程有限公司", make_uscc("91130102", 1)
BAN = {
    "code": "ban-bidding", "basis": "招标投标法", "domain": "engineering-tendering", "region": "130100",
    "from": "2026-11-02", "to": "2027-11-01", "organ": "示例机关",
}  # fmt: skip
JOBS = "/api/v1/check-jobs"
ON_SQLITE = pytest.mark.parametrize("any_db_url", ["sqlite"], indirect=True)
"""Where nothing depends on the database."""


@pytest.fixture
def world(any_db: Database, clock: FixedClock, tmp_path: Path) -> World:
    return make_world(any_db, clock, tmp_path)


@pytest.fixture
def client(world: World, tmp_path: Path) -> FlaskClient:
    return create_app(read_settings({"DATA_DIR": str(tmp_path)}), world.deps).test_client()


@pytest.fixture
def loop(world: World) -> Iterator[CheckJobs]:
    made = CheckJobs(world.deps, "test")
    yield made
    made.close()


def publish(world: World) -> str:
    return world.publish(organisation(LISTED, 1, measures=(BAN,)))


def submit(client: FlaskClient, content: bytes, name: str = "名单.csv", **given: str) -> str:
    form = {"file": (io.BytesIO(content), name), **given}
    asked = {"Host": "forged.example"}
    answer = client.post(JOBS, data=form, content_type="multipart/form-data", headers=asked)
    assert "forged.example" not in answer.text
    assert answer.status_code == 201, answer.text
    code: str = answer.get_json()["code"]
    return code


def job(client: FlaskClient, code: str) -> dict[str, Any]:
    answer = client.get(f"{JOBS}/{code}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def result(client: FlaskClient, code: str) -> list[dict[str, Any]]:
    answer = client.get(f"{JOBS}/{code}/result.json")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = json.loads(answer.data)["items"]
    return found


def test_a_check_names_the_registers_version_and_says_why(world: World, client: FlaskClient) -> None:
    publish(world)
    drain([ChangeSequencer(world.db, "test"), LogSequencer(world.deps, "log.example/register", "test")])
    asked = {"entities": [{"name": "石家庄申建设工程有限公司"}, {"name": LISTED}]}
    answer = client.post("/api/v1/register/check", json=asked).get_json()
    assert answer["register"]["position"] == 1
    assert answer["register"]["log"]["checkpoint"].startswith("log.example/register\n1\n")
    near, same = answer["items"]
    assert (near["verdict"], near["listed"], near["barred"]) == ("possible", False, "unclear")
    assert near["listings"][0]["why"] == ["一字之差：申→甲"]
    assert (same["verdict"], same["listings"][0]["why"]) == ("listed", ["名称相同"])
    exact = client.post("/api/v1/register/check", json={**asked, "alike": False}).get_json()
    assert [each["verdict"] for each in exact["items"]] == ["none", "listed"]


def test_a_table_is_checked_row_by_row(world: World, client: FlaskClient, loop: CheckJobs) -> None:
    publish(world)
    person = make_resident_id("130102", world.clock.today().replace(year=1990), 3)
    rows = f"投标人名称,统一社会信用代码\n{LISTED},\n,{CODE}\n某某无关厂,123\n欧阳示例,{person}\n=1+1,\n\n"
    code = submit(client, rows.encode("gb18030"), domain="engineering-tendering", region="130102")
    assert job(client, code)["state"] == "received"
    drain([loop])
    done = job(client, code)
    assert (done["state"], done["done_rows"], done["listed_rows"], done["barred_rows"]) == ("done", 5, 2, 2)
    named, coded, bad_code, human, formula = result(client, code)
    assert (named["verdict"], named["barred"], coded["verdict"]) == ("listed", "yes", "listed")
    assert (bad_code["verdict"], bad_code["remark"] is not None) == ("none", True)
    assert (human["verdict"], human["name"], human["uscc"]) == ("unusable", None, None)
    assert formula["name"] == "=1+1"
    asked = client.get(f"{JOBS}/{code}/result.json").get_json()["asked"]
    assert asked.keys() == {"purpose", "alike", "on"}  # not who handed it in
    table = list(csv.reader(io.StringIO(client.get(f"{JOBS}/{code}/result.csv").data.decode("utf-8-sig"))))
    assert (table[1][3], table[5][1]) == ("列入", "'=1+1")
    assert "变更流位置" in table[1][-1]
    book = python_calamine.load_workbook(io.BytesIO(client.get(f"{JOBS}/{code}/result.xlsx").data))
    assert book.get_sheet_by_index(0).to_python()[1][6] == LISTED


@ON_SQLITE
def test_a_result_is_not_given_out_once_a_listing_is_gone(
    world: World, client: FlaskClient, loop: CheckJobs
) -> None:
    listing_id = publish(world)
    code = submit(client, LISTED.encode())
    drain([loop])
    assert result(client, code)[0]["verdict"] == "listed"
    with world.write() as session:
        revoke_listing(session, world.keyring, listing_id, reason="撤销", at=world.clock.now())
    assert job(client, code)["current"] is False
    refused = client.get(f"{JOBS}/{code}/result.csv")
    assert refused.status_code == 409
    assert LISTED not in refused.text
    assert client.post(f"{JOBS}/{code}/again").status_code == 202
    drain([loop])
    assert result(client, code)[0]["verdict"] == "none"


@ON_SQLITE
def test_again_costs_a_submission_and_waits_its_turn(
    world: World, client: FlaskClient, loop: CheckJobs, clock: FixedClock
) -> None:
    first = submit(client, LISTED.encode())
    drain([loop])
    clock.advance(timedelta(seconds=1))
    second = submit(client, LISTED.encode())
    clock.advance(timedelta(seconds=1))
    assert client.post(f"{JOBS}/{first}/again").get_json()["finished_at"] is None
    loop.step()
    assert (job(client, first)["state"], job(client, second)["state"]) == ("received", "done")
    drain([loop])
    answers: list[int] = []
    while len(answers) < figure("jobs", "per_address") and 429 not in answers:
        answers.append(client.post(f"{JOBS}/{first}/again").status_code)
        drain([loop])
    assert answers[-1] == 429
    assert job(client, first)["state"] == "done"


def die() -> bool:
    os.kill(os.getpid(), signal.SIGKILL)
    return False


def killed_after_one_part(world: World, job_id: str) -> None:
    """A worker that gets SIGKILL when the first part is committed."""
    child = os.fork()
    if not child:
        deps = replace(world.deps, db=open_database(str(world.db.engine.url)))
        run_job(deps, job_id, die)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL


@ON_SQLITE
def test_a_killed_job_goes_on_where_it_stood(
    world: World, client: FlaskClient, loop: CheckJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "PART", 2)
    publish(world)
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    book.add_worksheet().write_column(0, 0, ["企业名称", *(f"石家庄第{n}有限公司" for n in range(4)), LISTED])
    book.close()
    code = submit(client, file.getvalue(), "名单.xlsx")
    with world.db.read() as session:
        job_id = session.scalars(select(CheckJob.id)).one()
    killed_after_one_part(world, job_id)
    assert (job(client, code)["state"], job(client, code)["done_rows"]) == ("running", 2)
    drain([loop])
    assert (job(client, code)["state"], job(client, code)["done_rows"]) == ("done", 5)
    assert [each["row"] for each in result(client, code)] == [2, 3, 4, 5, 6]


@ON_SQLITE
def test_what_cannot_be_read_says_why(world: World, client: FlaskClient, loop: CheckJobs) -> None:
    for content, name, remark in (
        (b"a,b\n1,2\n", "x.csv", "没有认出"),
        (b"\x00\x01", "x.xlsx", "不是有效的"),
        (b"\x00", "x.csv", "不是文本格式"),
    ):
        code = submit(client, content, name)
        drain([loop])
        assert job(client, code)["state"] == "failed"
        assert remark in job(client, code)["problem"]


@ON_SQLITE
def test_a_job_is_sealed_reached_by_its_link_and_forgotten(
    world: World, client: FlaskClient, loop: CheckJobs, clock: FixedClock
) -> None:
    publish(world)
    code, other = submit(client, LISTED.encode()), submit(client, LISTED.encode())
    drain([loop])
    with world.db.read() as session:
        jobs = session.scalars(select(CheckJob)).all()
        parts = session.scalars(select(CheckPart.sealed)).all()
    assert LISTED.encode() not in b"".join(sheets(world.deps).path(each.id).read_bytes() for each in jobs)
    assert not any(LISTED in part for part in parts)
    assert client.get(f"{JOBS}/{jobs[0].id}").status_code == 404
    assert client.delete(f"{JOBS}/{code}").status_code == 204
    assert client.get(f"{JOBS}/{code}").status_code == 404
    clock.advance(timedelta(hours=25))
    assert client.get(f"{JOBS}/{other}").status_code == 404
    drain([loop])
    with world.db.read() as session:
        assert session.scalars(select(CheckJob)).all() == []
    assert not any(sheets(world.deps).path(each.id).exists() for each in jobs)
