"""Pages of batch checks and tender projects, without JavaScript."""

import io
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.blacklist.app import create_app
from services.blacklist.checks.domain.words import plain_verdict, verdict_of
from services.blacklist.checks.usecases.running import CheckJobs
from services.blacklist.register.usecases import ChangeSequencer
from services.blacklist.settings import read_settings
from services.blacklist.transparency.usecases.appending import LogSequencer
from shared.clock import FixedClock
from shared.db import open_database
from shared.loops import drain
from tests.integration.register_world import TERMS, World, make_world, organisation
from tests.integration.test_check_jobs import CODE, LISTED, publish

PROJECT = {
    "number": "长公资招〔2026〕18号", "name": "长安区示例道路改造工程", "operator": "示例招标代理有限公司",
    "cutoff_at": "2026-11-20T09:30", "domain": "engineering-tendering",
    "bidders": f"石家庄丁有限公司\n石家庄丙有限公司；{CODE}",
}  # fmt: skip


@pytest.fixture
def world(clock: FixedClock, tmp_path: Path) -> World:
    made = make_world(open_database(f"sqlite:///{tmp_path}/w.db"), clock, tmp_path)
    publish(made)
    loops: list[Any] = [
        ChangeSequencer(made.db, "test"),
        LogSequencer(made.deps, "log.example/register", "test"),
    ]
    drain(loops)
    return made


@pytest.fixture
def client(world: World, tmp_path: Path) -> FlaskClient:
    return create_app(read_settings({"DATA_DIR": str(tmp_path)}), world.deps).test_client()


def test_a_pasted_list_is_answered_at_once(client: FlaskClient) -> None:
    assert client.get("/checks").status_code == 200
    lines = f"{LISTED},{CODE}\n石家庄申建设工程有限公司\n某某无关厂"
    text = client.post("/checks/list", data={"lines": lines, "alike": "true"}).text
    for words in ("同一统一社会信用代码", "一字之差：申→甲", "未查到", "log.example/register"):
        assert words in text
    assert client.post("/checks/list", data={"lines": "\n"}).status_code == 422
    assert client.post("/checks/list", data={"lines": "甲\n" * 1001}).status_code == 422


def test_a_hit_by_a_former_name_says_which_and_how_sure(world: World, client: FlaskClient) -> None:
    world.publish(organisation("石家庄甲道路工程有限公司", 71, former_names=("石家庄旧名工程有限公司",)))
    why = "曾用名（石家庄旧名工程有限公司），把握 0.95"
    assert why in client.get("/?q=石家庄旧名工程有限公司").text
    assert why in client.post("/checks/list", data={"lines": "石家庄旧名工程有限公司"}).text
    assert "把握" not in client.get("/?q=石家庄甲道路工程有限公司").text


def test_a_page_of_an_earlier_day_shows_what_was_registered_by_then_and_says_so(client: FlaskClient) -> None:
    (line,) = client.get("/api/v1/register", query_string={"q": LISTED}).get_json()["items"]
    before = date.fromisoformat(line["listed_on"]) - timedelta(days=1)
    for day, shown in ((before, False), (before + timedelta(days=1), True)):
        page = client.get("/", query_string={"q": LISTED, "as_of": day.isoformat()}).text
        assert (f"/listings/{line['id']}" in page) is shown
    said = client.get("/", query_string={"as_of": before.isoformat()}).text
    assert f"所问的是{before}" in said


def test_a_file_has_a_page_of_its_own(world: World, client: FlaskClient) -> None:
    form: dict[str, Any] = {
        "file": (io.BytesIO(LISTED.encode()), "名单.csv"),
        "domain": "engineering-tendering",
    }
    place = client.post("/checks/files", data=form).headers["Location"]
    assert "排队等待核查" in client.get(place).text
    loop = CheckJobs(world.deps, "test")
    drain([loop])
    loop.close()
    text = client.get(place).text
    assert "下载 XLSX" in text
    assert "核查完毕" in client.get(f"{place}/progress").text
    assert client.post(f"{place}/again").status_code == 303
    assert client.post(f"{place}/removal").status_code == 303
    assert client.get(place).status_code == 404
    assert client.post("/checks/files", data={}).status_code == 422


def test_a_penalty_record_is_not_worded_as_a_blacklisting() -> None:
    assert verdict_of({"verdict": "listed", "list_class": "penalty-record"}) == "有处罚记录"
    assert plain_verdict({"verdict": "listed", "list_class": "notice"}) == "有提示信息"
    assert plain_verdict({"verdict": "outdated", "list_class": "notice"}) == "有变化，待更新"
    assert verdict_of({"verdict": "listed", "list_class": "serious"}) == "列入，严重失信"
    assert verdict_of({"verdict": "none", "list_class": None}) == "未查到"


def test_a_project_leads_to_a_sheet_that_verifies(client: FlaskClient) -> None:
    assert client.get("/tender-projects").status_code == 200
    assert client.get("/tender-projects/new").status_code == 200
    assert client.post("/tender-projects/new", data={**PROJECT, "bidders": ""}).status_code == 422
    place = client.post("/tender-projects/new", data=PROJECT).headers["Location"]
    text = client.get(place).text
    for words in ("联合体", "监测中", "信用中国", LISTED):
        assert words in text
    sheet = client.post(f"{place}/sheets").headers["Location"]
    text = client.get(sheet, headers={"Accept": "text/html"}).text
    assert "不受限" not in text
    for words in ("投标人信用核查单", "未见限制", "核查单的结果没有变化", "下载 PDF"):
        assert words in text
    assert client.post(f"{place}/closing", data={"winner": "9"}).status_code == 422
    assert client.post(f"{place}/closing", data={"winner": "1"}).status_code == 303
    assert "已定标" in client.get(place).text


def test_penalty_records_are_nowhere_called_a_blacklisting(world: World, client: FlaskClient) -> None:
    name = "石家庄辛市政工程有限公司"
    listing = world.publish(organisation(name, 71), terms=replace(TERMS, list_class="penalty-record"))
    page = client.get("/", query_string={"q": name}).text
    assert "有处罚记录" in page
    assert "已列入" not in page
    for path in (f"/?q={name}", "/embed/column?class=penalty-record"):
        said = client.get(path).text
        assert "日登记" in said
        assert "日列入" not in said
    shown = client.get(f"/listings/{listing}").text
    assert "登记日期" in shown
    assert "第 1 版：登记并公示" in shown
    assert "govuk-tag--red" not in shown
