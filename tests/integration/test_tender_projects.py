"""Tender projects: a signed sheet by groups, verified on paper and offline, and the watch until award."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import func, select

from services.blacklist.app import create_app
from services.blacklist.checks.models import TenderKey, TenderProject, TenderSheet
from services.blacklist.checks.queries import projects
from services.blacklist.checks.queries.projects import find_project, own_projects
from services.blacklist.checks.usecases import sheets as issuing
from services.blacklist.checks.usecases.projects import Entry, enter_project
from services.blacklist.checks.usecases.watching import ProjectWatch
from services.blacklist.register.usecases import ChangeSequencer, correct_listing, revoke_listing
from services.blacklist.settings import read_settings
from services.blacklist.store import outbox
from services.blacklist.transparency.usecases.appending import LogSequencer
from services.cli import main
from shared.clock import FixedClock
from shared.db import Database
from shared.errors import NotFound
from shared.loops import Loop, drain
from shared.web.access import Principal
from shared.web.place import NOBODY_ELSE
from tests.harness.wait import PATIENCE
from tests.integration.register_world import (
    PERSON_NUMBER,
    PUBLICITY,
    TERMS,
    World,
    make_world,
    organisation,
)
from tests.integration.test_check_jobs import BAN, CODE, LISTED, ON_SQLITE, publish

pytestmark = pytest.mark.tables("services.blacklist")

PROJECTS, SHEETS = "/api/v1/tender-projects", "/api/v1/tender-sheets"
OTHER = "石家庄乙建设工程有限公司"
FACTS = {
    "number": "长公资招〔2026〕18号", "name": "长安区示例道路改造工程", "operator": "示例招标代理有限公司",
    "cutoff_at": "2026-11-20T09:30:00+08:00", "domain": "engineering-tendering", "region": "130102",
    "action": "ban-bidding",
}  # fmt: skip
GROUPS: list[dict[str, Any]] = [
    {"members": [{"name": OTHER}]},
    {"name": "示例联合体", "members": [{"name": "石家庄丙有限公司"}, {"uscc": CODE}]},
]


@pytest.fixture
def world(any_db: Database, clock: FixedClock, tmp_path: Path) -> World:
    return make_world(any_db, clock, tmp_path)


@pytest.fixture
def client(world: World, tmp_path: Path) -> FlaskClient:
    return create_app(read_settings({"DATA_DIR": str(tmp_path)}), world.deps).test_client()


@pytest.fixture
def loops(world: World) -> Iterator[list[Loop]]:
    made: list[Any] = [
        ChangeSequencer(world.db, "test"),
        LogSequencer(world.deps, "log.example/register", "test"),
        ProjectWatch(world.deps, "test"),
    ]
    drain(made)
    yield made
    for each in made:
        each.close()


def enter(client: FlaskClient, **changes: Any) -> str:
    answer = client.post(PROJECTS, json={**FACTS, "groups": GROUPS, **changes})
    assert answer.status_code == 201, answer.text
    code: str = answer.get_json()["code"]
    return code


def project(client: FlaskClient, code: str) -> dict[str, Any]:
    answer = client.get(f"{PROJECTS}/{code}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def sheet(client: FlaskClient, code: str) -> dict[str, Any]:
    answer = client.post(f"{PROJECTS}/{code}/sheets")
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def test_a_sheet_is_as_its_worst_members_and_verifies_offline(
    world: World, client: FlaskClient, loops: list[Loop], tmp_path: Path
) -> None:
    publish(world)
    drain(loops)
    made = sheet(client, enter(client))
    alone, together = made["payload"]["groups"]
    assert (alone["verdict"], alone["barred"]) == ("possible", "unclear")  # one sign off the listed one
    assert (together["verdict"], together["barred"], together["list_class"]) == (
        "listed",
        "yes",
        "industry-misconduct",
    )
    assert {each["code"] for each in made["payload"]["sites"]} >= {"credit-china", "ccgp"}
    assert made["payload"]["log"]["size"] == 1
    assert client.get(f"{SHEETS}/{made['code']}").get_json()["status"] == "current"
    assert client.get(f"{SHEETS}/{made['code']}.pdf").data.startswith(b"%PDF")
    paper, keys = tmp_path / "sheet.json", tmp_path / "published.json"
    paper.write_bytes(client.get(f"{SHEETS}/{made['code']}.json").data)
    keys.write_bytes(client.get("/api/v1/log/keys").data)
    asked = ["verify-log", "--certificate", str(paper), "--keys", str(keys)]
    done = CliRunner().invoke(main, asked)
    assert (done.exit_code, "疑似" in done.output, "列入，行业失信，受限" in done.output) == (0, True, True)
    forged = json.loads(paper.read_text())
    forged["payload"]["groups"][1]["verdict"] = "none"
    paper.write_text(json.dumps(forged))
    assert CliRunner().invoke(main, asked).exit_code == 1


@ON_SQLITE
def test_a_sheet_says_no_more_once_a_listing_is_gone(
    world: World, client: FlaskClient, loops: list[Loop]
) -> None:
    listing_id = publish(world)
    drain(loops)
    code = sheet(client, enter(client))["code"]
    with world.write() as session:
        revoke_listing(session, world.keyring, listing_id, reason="撤销", at=world.clock.now())
    answer = client.get(f"{SHEETS}/{code}").get_json()
    assert (answer["genuine"], answer["status"], "payload" in answer) == (True, "changed", False)
    assert client.get(f"{SHEETS}/{code}.pdf").status_code == 404


def verdicts(found: dict[str, Any]) -> list[str]:
    return [member["verdict"] for group in found["groups"] for member in group["members"]]


@ON_SQLITE
def test_a_look_shows_what_was_answered_and_never_what_is_public_no_more(
    world: World, client: FlaskClient, loops: list[Loop]
) -> None:
    listing_id = publish(world)
    drain(loops)
    code = enter(client)
    before = project(client, code)
    assert verdicts(before) == ["possible", "none", "listed"]
    with world.write() as session:
        revoke_listing(session, world.keyring, listing_id, reason="撤销", at=world.clock.now())
    removed = project(client, code)
    assert verdicts(removed) == ["outdated", "none", "outdated"]
    assert removed["answered_at"] == before["answered_at"]
    assert listing_id not in str(removed)
    drain(loops)
    assert verdicts(project(client, code)) == ["none", "none", "none"]


@ON_SQLITE
def test_a_sheet_is_outdated_by_what_is_listed_later(
    world: World, client: FlaskClient, loops: list[Loop]
) -> None:
    code = enter(client)
    drain(loops)
    publish(world)  # the log needs a first checkpoint, and the listed bidder is in it
    drain(loops)
    first = sheet(client, code)["code"]
    world.publish(organisation(OTHER, 2))
    drain(loops)
    assert client.get(f"{SHEETS}/{first}").get_json()["status"] == "changed"
    second = sheet(client, code)
    assert verdicts(second["payload"]) == verdicts(project(client, code)) == ["listed", "none", "listed"]
    client.post(f"{PROJECTS}/{code}/closing", json={})
    assert "不再监测" in client.get(f"{SHEETS}/{second['code']}").get_json()["statement"]


@ON_SQLITE
def test_nothing_of_a_closed_project_is_kept_past_its_time(
    world: World, client: FlaskClient, loops: list[Loop], clock: FixedClock
) -> None:
    publish(world)
    drain(loops)
    code = enter(client)
    made = sheet(client, code)["code"]
    clock.advance(timedelta(days=401))
    drain(loops)
    assert kept(world) == (1, 0, 1)
    clock.advance(timedelta(days=366))
    drain(loops)
    assert kept(world) == (0, 0, 0)
    assert client.get(f"/verify/{made}").status_code == 404


def kept(world: World) -> tuple[int, ...]:
    with world.db.read() as session:
        tables = (TenderProject, TenderKey, TenderSheet)
        return tuple(session.scalar(select(func.count()).select_from(each)) or 0 for each in tables)


@ON_SQLITE
def test_signed_papers_name_no_host_that_was_only_asked(
    world: World, client: FlaskClient, loops: list[Loop]
) -> None:
    publish(world)
    drain(loops)
    code = enter(client)
    asked = {"Host": "elsewhere.example"}
    made = client.post(f"{PROJECTS}/{code}/sheets", headers=asked).get_json()
    assert "elsewhere" not in json.dumps(made)
    assert made["payload"]["verify_at"] == f"{NOBODY_ELSE}/verify/{made['code']}" == made["verify_at"]
    pdf = client.get(f"/api/v1/tender-sheets/{made['code']}.pdf", headers=asked)
    assert pdf.status_code == 200
    assert b"elsewhere" not in pdf.data
    broken = client.get("/api/v1/register/download.ndjson", headers={"Host": "a.example/<b>"})
    assert "<b>" not in broken.headers.get("Link", "")


@ON_SQLITE
def test_others_write_while_a_sheets_searches_run(
    world: World, client: FlaskClient, loops: list[Loop], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, searches = enter(client), projects.group_answers

    def beside_a_writer(*asked: Any) -> list[dict[str, Any]]:
        with ThreadPoolExecutor(1) as other:
            other.submit(enter, client.application.test_client()).result(timeout=5 * PATIENCE)
        return searches(*asked)

    monkeypatch.setattr(issuing, "group_answers", beside_a_writer)
    assert sheet(client, code)["payload"]["groups"][0]["members"][0]["name"] == OTHER


def test_the_watch_tells_of_listing_correction_and_lifting_until_award(
    world: World, client: FlaskClient, loops: list[Loop]
) -> None:
    code = enter(client)
    with world.write() as session:
        session.scalars(select(TenderProject)).one().department_id = "d" * 36
    case = organisation(LISTED, 1, measures=(BAN,))
    listing_id = world.publish(case)
    drain(loops)
    with world.write() as session:
        correct_listing(
            session, world.keyring, listing_id, case=case, terms=TERMS, publicity=PUBLICITY, reason="更正",
            at=world.clock.now(),
        )  # fmt: skip
    drain(loops)
    with world.write() as session:
        revoke_listing(session, world.keyring, listing_id, reason="撤销", at=world.clock.now())
    drain(loops)
    news = project(client, code)["news"]
    assert [(each["kind"], each["bidder"]["uscc"]) for each in news] == [
        ("lifted", CODE),
        ("changed", CODE),
        ("listed", CODE),
    ]
    told = [row for row in world.queued("blacklist.cases.v1") if "tender.changed" in str(row)]
    assert len(told) == 3
    assert client.post(f"{PROJECTS}/{code}/closing", json={"winner": 3}).status_code == 422
    assert client.post(f"{PROJECTS}/{code}/closing", json={"winner": 1}).get_json()["state"] == "awarded"
    assert client.post(f"{PROJECTS}/{code}/closing", json={}).status_code == 409
    world.publish(organisation(OTHER, 2))
    drain(loops)
    assert len(project(client, code)["news"]) == 3


@ON_SQLITE
def test_the_watch_follows_dates_and_ends_by_itself(
    world: World, client: FlaskClient, loops: list[Loop], clock: FixedClock
) -> None:
    publish(world)
    drain(loops)
    code = enter(client)
    clock.advance(timedelta(days=380))  # past the listing's last day
    drain(loops)
    assert [each["kind"] for each in project(client, code)["news"]] == ["lifted"]
    clock.advance(timedelta(days=30))
    drain(loops)
    assert project(client, code)["state"] == "ended"


@ON_SQLITE
def test_bidders_are_sealed_and_reached_by_the_link_alone(
    world: World, client: FlaskClient, loops: list[Loop]
) -> None:
    code = enter(client)
    with world.db.read() as session:
        row = session.scalars(select(TenderProject)).one()
        keys = session.scalars(select(TenderKey.key)).all()
        kept = " ".join(map(str, (row.sealed, row.standing, *keys)))
        events = session.execute(select(outbox)).all()
    assert OTHER not in kept
    assert CODE not in kept
    assert not [each for each in events if OTHER in str(each)]
    assert client.get(f"{PROJECTS}/{row.id}").status_code == 404
    assert client.get(f"{PROJECTS}/{code.lower()}").status_code == 200
    assert client.get(PROJECTS).status_code == 401


@ON_SQLITE
def test_a_department_has_the_projects_it_entered(world: World, loops: list[Loop]) -> None:
    entry = Entry(
        "甲", "乙", "丙", world.clock.now(), {"domain": None, "region": None, "action": None}, GROUPS
    )
    clerk = Principal("u" * 36, "clerk", "示例", "d" * 36, "示例部门", "130102", frozenset({"clerk"}))
    made, _ = enter_project(world.deps, entry, clerk, "192.0.2.1", world.clock.now())
    stranger = replace(clerk, department_id="e" * 36)
    with world.db.read() as session:
        assert find_project(session, made.id, clerk).id == made.id
        assert [each.id for each in own_projects(session, clerk)] == [made.id]
        assert own_projects(session, stranger) == []
        with pytest.raises(NotFound):
            find_project(session, made.id, stranger)


@ON_SQLITE
def test_a_project_without_distinct_bidders_is_refused(client: FlaskClient) -> None:
    twice: list[dict[str, Any]] = [{"members": [{"name": OTHER}]}] * 2
    half = [{"members": [{"uscc": CODE[:-1]}]}]
    wrong: list[list[dict[str, Any]]] = [[], [{"members": []}], [{"members": [{}]}], twice, half]
    for groups in wrong:
        assert client.post(PROJECTS, json={**FACTS, "groups": groups}).status_code == 422


@ON_SQLITE
@pytest.mark.parametrize(
    "name", [PERSON_NUMBER, f"张三 {PERSON_NUMBER}", f"张三{PERSON_NUMBER[:6]} {PERSON_NUMBER[6:]}"]
)
def test_an_identity_number_is_neither_checked_nor_kept(client: FlaskClient, name: str) -> None:
    groups = [{"members": [{"name": name}]}]
    assert client.post(PROJECTS, json={**FACTS, "groups": groups}).status_code == 422
    asked = {"entities": [{"name": name}], "purpose": "bidding"}
    refused = client.post("/api/v1/register/check", json=asked)
    assert (refused.status_code, PERSON_NUMBER in refused.text) == (422, False)
