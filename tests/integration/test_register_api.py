"""The register over HTTP, on both databases: what the public finds, and what it can never find."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import python_calamine
from flask.testing import FlaskClient

from services.blacklist.app import create_app
from services.blacklist.register.domain import Publicity
from services.blacklist.register.usecases import (
    ChangeSequencer,
    correct_listing,
    hide_listing,
    revoke_listing,
)
from services.blacklist.settings import read_settings
from shared.clock import FixedClock
from shared.db import Database
from shared.identifiers import make_uscc
from shared.loops import drain
from tests.integration.register_world import (
    PERSON_NUMBER,
    PUBLICITY,
    TERMS,
    World,
    make_world,
    organisation,
    person,
)

pytestmark = pytest.mark.tables("services.blacklist")

REGISTER = "/api/v1/register"


@pytest.fixture
def world(any_db: Database, clock: FixedClock, tmp_path: Path) -> World:
    return make_world(any_db, clock, tmp_path)


@pytest.fixture
def client(world: World, tmp_path: Path) -> FlaskClient:
    app = create_app(read_settings({"DATA_DIR": str(tmp_path)}), world.deps)
    return app.test_client()


def items(client: FlaskClient, path: str = "", **query: Any) -> list[dict[str, Any]]:
    answer = client.get(REGISTER + path, query_string=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.get_json()["items"]
    return found


def revoke(world: World, listing_id: str) -> None:
    with world.write() as session:
        revoke_listing(session, world.keyring, listing_id, reason="撤销", at=world.clock.now())


REASONS: tuple[tuple[str, list[str], str, float | None], ...] = (
    (make_uscc("91130102", 1), ["同一统一社会信用代码"], "listed", 1.0),
    ("石家庄甲建设工程（集团）有限公司", ["名称相同"], "listed", 1.0),
    ("石家庄甲建设工程(集团)有限公司", ["名称相同", "全半角或标点不同"], "listed", 1.0),
    ("石家莊甲建設工程(集團)有限公司", ["名称相同", "繁简"], "listed", 1.0),
    ("石家庄旧名工程有限公司", ["曾用名"], "possible", 0.95),
    ("石家庄甲建设工程集团股份有限公司", ["名称主体相同", "组织形式不同"], "possible", None),
    ("甲建设工程", ["省略地名或组织形式"], "possible", None),
    ("甲建设工程（石家庄）集团有限公司", ["名称主体相同", "地名位置不同"], "possible", None),
    ("石家庄申建设工程集团有限公司", ["一字之差：申→甲"], "possible", None),
    ("石家庄假建设工程集团有限公司", ["一字之差：假→甲", "同音字"], "possible", None),
    ("石家庄建设工程集团有限公司", ["一字之差：少“甲”"], "possible", None),
    ("shi jia zhuang jia jian she gong cheng", ["拼音"], "possible", None),
    ("石家庄甲", ["名称包含"], "possible", None),
    ("甲建设", ["字号相同", "省略地名或组织形式"], "possible", None),
    ("长住建罚〔2026〕1号", ["文号相同"], "possible", 0.9),
)


def test_search_says_why(world: World, client: FlaskClient) -> None:
    case = organisation("石家庄甲建设工程（集团）有限公司", former_names=("石家庄旧名工程有限公司",))
    listing_id = world.publish(case)
    world.publish(organisation("泉州无关贸易有限公司", 2))
    for words, why, verdict, score in REASONS:
        (found,) = items(client, q=words)
        assert found["id"] == listing_id, words
        assert (found["verdict"], found["why"]) == (verdict, why), words
        assert score is None or found["score"] == score, words


def test_search_filters_by_region_domain_list_and_class(world: World, client: FlaskClient) -> None:
    here = world.publish(organisation("石家庄甲建设工程有限公司", 1))
    there = world.publish(
        organisation("石家庄乙建设工程有限公司", 2, region="350524", domain="land-transfer")
    )
    assert {each["id"] for each in items(client)} == {here, there}
    assert [each["id"] for each in items(client, region="130000")] == [here]
    assert [each["id"] for each in items(client, region="350500", q="石家庄")] == [there]
    assert [each["id"] for each in items(client, domain="land-transfer")] == [there]
    assert items(client, list="wage-arrears") == []
    assert len(items(client, **{"class": TERMS.list_class})) == 2
    assert items(client, as_of="2026-11-01") == []


@pytest.mark.parametrize("words", ["", "石家庄"])
def test_pages_neither_skip_nor_repeat(world: World, client: FlaskClient, words: str) -> None:
    made = {world.publish(organisation(f"石家庄第{n}建设工程有限公司", n)) for n in range(25)}
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(10):
        answer = client.get(REGISTER, query_string={"q": words, "limit": 7, **cursor}).get_json()
        seen += [each["id"] for each in answer["items"]]
        if answer["next"] is None:
            break
        cursor = {"cursor": answer["next"]}
    assert len(seen) == 25
    assert set(seen) == made


def test_wildcards_are_text(world: World, client: FlaskClient) -> None:
    world.publish(organisation("石家庄甲建设工程有限公司"))
    assert items(client, q="%") == []
    assert items(client, q="石%有限公司") == []


def test_a_wrong_query_names_its_field(client: FlaskClient) -> None:
    for query in ({"region": "999999"}, {"limit": "0"}, {"what": "1"}, {"cursor": "?"}):
        answer = client.get(REGISTER, query_string=query)
        assert answer.status_code == 422, query
        assert answer.get_json()["fields"][0]["pointer"] == f"/{next(iter(query))}"


def test_hidden_removed_and_unknown_listings_look_alike(world: World, client: FlaskClient) -> None:
    revoked, hidden = (world.publish(organisation(f"石家庄{n}建设工程有限公司", n)) for n in (1, 2))
    revoke(world, revoked)
    with world.write() as session:
        hide_listing(session, world.keyring, hidden, code="suspended", reason="核查", at=world.clock.now())
    answers = []
    for listing_id in (revoked, hidden, "00000000-0000-7000-8000-000000000000"):
        for part in ("", "/versions", "/deliveries"):
            answer = client.get(f"{REGISTER}/{listing_id}{part}")
            answers.append((answer.status_code, {**answer.get_json(), "request_id": ""}))
    assert len({json.dumps(each) for each in answers}) == 1
    assert answers[0][0] == 404


def test_a_listing_shows_its_facts_and_no_certificate(world: World, client: FlaskClient) -> None:
    listing_id = world.publish(organisation("石家庄甲建设工程有限公司"))
    shown = client.get(f"{REGISTER}/{listing_id}").get_json()
    assert shown["document"]["number"] == "长住建罚〔2026〕1号"
    assert shown["region_name"] == "河北省石家庄市长安区"
    assert shown["publicity"]["max_end"] == "2027-11-02"
    assert "identity" not in shown["subject"]


def test_answers_are_revalidated(world: World, client: FlaskClient) -> None:
    listing_id = world.publish(organisation("石家庄甲建设工程有限公司"))
    first = client.get(f"{REGISTER}/{listing_id}")
    assert first.headers["Cache-Control"] == "no-cache"
    again = client.get(f"{REGISTER}/{listing_id}", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    revoke(world, listing_id)
    gone = client.get(f"{REGISTER}/{listing_id}", headers={"If-None-Match": first.headers["ETag"]})
    assert gone.status_code == 404


def find_person(client: FlaskClient, **given: str) -> Any:
    return client.post(f"{REGISTER}/persons", json=given)


@pytest.mark.parametrize(
    "proof", [{"id_number": PERSON_NUMBER}, {"id_tail": PERSON_NUMBER[-4:]}, {"id_tail": PERSON_NUMBER[-6:]}]
)
def test_a_person_is_found_by_name_and_number(
    world: World, client: FlaskClient, proof: dict[str, str]
) -> None:
    listing_id = world.publish(person(world.keyring))
    (found,) = find_person(client, name="欧阳示例", **proof).get_json()["items"]
    assert found["id"] == listing_id
    assert found["subject"]["name"] == "欧阳示例"
    assert found["subject"]["id_masked"] == PERSON_NUMBER[:4] + "*" * 14


def test_every_miss_is_the_same(world: World, client: FlaskClient) -> None:
    gone = world.publish(person(world.keyring, "欧阳撤销"))
    revoke(world, gone)
    world.publish(person(world.keyring))
    misses = [
        find_person(client, name="欧阳撤销", id_number=PERSON_NUMBER),
        find_person(client, name="欧阳别人", id_number=PERSON_NUMBER),
        find_person(client, name="欧阳示例", id_number="110101199003070000"),
        find_person(client, name="欧阳示例", id_tail="0000"),
        find_person(client, name="欧阳示例", id_tail="00" + PERSON_NUMBER[-4:]),
    ]
    assert {(each.status_code, each.text) for each in misses} == {(200, misses[0].text)}
    told = misses[0].get_json()
    assert (told["items"], told["next"]) == ([], None)
    assert told["scope"]


def test_persons_are_in_no_search_feed_or_file_and_masked_by_address(
    world: World, client: FlaskClient
) -> None:
    listing_id = world.publish(person(world.keyring))
    drain([ChangeSequencer(world.db, "test")])
    assert items(client, q="欧阳示例") == items(client) == items(client, "/changes") == []
    assert client.get(f"{REGISTER}/download.ndjson").data == b""
    assert client.get(f"{REGISTER}/{listing_id}").get_json()["subject"]["name"] == "欧阳**"
    assert "欧阳示例" not in client.get(f"{REGISTER}/{listing_id}/versions").text


def check(client: FlaskClient, *entities: dict[str, Any], **given: Any) -> list[dict[str, Any]]:
    answer = client.post(f"{REGISTER}/check", json={"entities": list(entities), **given})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.get_json()["items"]
    return found


BAN = {
    "code": "ban-bidding", "basis": "招标投标法", "domain": "engineering-tendering", "region": "130100",
    "from": "2026-11-02", "to": "2027-11-01", "organ": "示例机关",
}  # fmt: skip
BIDDING = {"domain": "engineering-tendering", "region": "130102", "action": "ban-bidding"}


def test_check_answers_in_order(world: World, client: FlaskClient) -> None:
    world.publish(organisation("石家庄甲建设工程有限公司", 1, measures=(BAN,)))
    listed, other, member = check(
        client,
        {"name": "石家庄甲建设工程有限公司"},
        {"uscc": make_uscc("91130102", 2)},
        {"consortium": [{"uscc": make_uscc("91130102", 2)}, {"uscc": make_uscc("91130102", 1)}]},
        purpose=BIDDING,
    )
    assert (listed["listed"], listed["list_class"], listed["barred"]) == (True, TERMS.list_class, "yes")
    assert listed["measures"][0]["basis"] == "招标投标法"
    assert date.fromisoformat(listed["listings"][0]["public_until"]) > date.min
    assert (other["listed"], other["list_class"], other["barred"]) == (False, None, "no")
    assert (member["listed"], member["barred"]) == (True, "yes")


def test_a_measure_bars_its_own_purpose(world: World, client: FlaskClient) -> None:
    world.publish(organisation("石家庄甲建设工程有限公司", 1, measures=(BAN,)))
    asked: tuple[tuple[dict[str, Any], str], ...] = (
        ({"purpose": BIDDING}, "yes"),
        ({"purpose": {**BIDDING, "domain": "land-transfer"}}, "no"),
        ({"purpose": {**BIDDING, "region": "350524"}}, "no"),
        ({"purpose": {**BIDDING, "region": "130000"}}, "unclear"),
        ({"purpose": {**BIDDING, "action": "restrict-office"}}, "unclear"),
        ({"purpose": BIDDING, "as_of": "2026-11-01"}, "no"),
        ({}, "unclear"),
    )
    for given, barred in asked:
        (answer,) = check(client, {"uscc": make_uscc("91130102", 1)}, **given)
        assert answer["barred"] == barred, given


def test_what_was_listed_later_is_not_found_for_a_past_day(world: World, client: FlaskClient) -> None:
    world.publish(organisation("石家庄甲建设工程有限公司", 1, measures=(BAN,)))
    asked = ({"uscc": make_uscc("91130102", 1)}, {"name": "石家庄乙建设工程有限公司"})
    for day, verdicts in (("2026-11-01", ["none", "none"]), ("2026-11-02", ["listed", "possible"])):
        assert [each["verdict"] for each in check(client, *asked, as_of=day, alike=True)] == verdicts


def test_a_shared_or_former_name_is_only_possible(world: World, client: FlaskClient) -> None:
    world.publish(
        organisation("石家庄甲建设工程有限公司", 1, measures=(BAN,), former_names=("石家庄旧名有限公司",))
    )
    world.publish(organisation("石家庄同名有限公司", 2, measures=(BAN,)))
    world.publish(organisation("石家庄同名有限公司", 3))
    former, shared, stranger = check(
        client,
        {"name": "石家庄旧名有限公司"},
        {"name": "石家庄同名有限公司"},
        {"name": "石家庄甲建设工程有限公司", "uscc": make_uscc("91130102", 9)},
        purpose=BIDDING,
    )
    for each in (former, shared):
        assert (each["listed"], each["verdict"], each["barred"]) == (False, "possible", "unclear")
    assert (stranger["listed"], stranger["verdict"], stranger["barred"]) == (False, "possible", "unclear")
    assert stranger["listings"][0]["why"] == ["名称相同", "统一社会信用代码不同"]
    (own,) = check(client, {"name": "石家庄同名有限公司", "uscc": make_uscc("91130102", 3)})
    assert (own["verdict"], len(own["listings"])) == ("listed", 1)
    elsewhere = {**BIDDING, "domain": "land-transfer"}
    (unsure,) = check(client, {"name": "石家庄同名有限公司"}, purpose=elsewhere)
    assert unsure["barred"] == "unclear", "no word on one that may be another"


def test_check_takes_a_thousand(world: World, client: FlaskClient) -> None:
    world.publish(organisation("石家庄甲建设工程有限公司", 999))
    asked = [{"uscc": make_uscc("91130102", n), "name": f"石家庄第{n}有限公司"} for n in range(1000)]
    assert [n for n, each in enumerate(check(client, *asked)) if each["listed"]] == [999]
    refused = client.post(f"{REGISTER}/check", json={"entities": [*asked, asked[0]]})
    assert refused.status_code == 422


def test_the_feed_orders_changes_and_forgets_what_is_gone(world: World, client: FlaskClient) -> None:
    first, second = (world.publish(organisation(f"石家庄{n}建设工程有限公司", n)) for n in (1, 2))
    assert items(client, "/changes") == []
    drain([ChangeSequencer(world.db, "test")])
    told = items(client, "/changes")
    assert [(each["position"], each["listing_id"], each["operation"]) for each in told] == [
        (1, first, "current"),
        (2, second, "current"),
    ]
    revoke(world, first)
    drain([ChangeSequencer(world.db, "test")])
    assert "石家庄1建设" not in client.get(f"{REGISTER}/changes").text
    (tombstone,) = items(client, "/changes", after=2)
    assert tombstone["operation"] == "withdrawn"
    assert tombstone["listing"] is None
    assert client.get(f"{REGISTER}/changes?after=3").get_json() == {"items": [], "next": 3}


def test_downloads_hold_organisations_in_force_and_no_formula(world: World, client: FlaskClient) -> None:
    dangerous = organisation("=cmd|' /C calc'!A0有限公司", 1)
    listing_id = world.publish(dangerous)
    revoke(world, world.publish(organisation("石家庄撤销有限公司", 2)))
    plain = client.get(f"{REGISTER}/download.ndjson")
    assert json.loads(plain.data)["id"] == listing_id
    assert plain.headers["Repr-Digest"].startswith("sha-256=:")
    assert 'rel="license"' in plain.headers["Link"]
    rows = list(csv.reader(io.StringIO(client.get(f"{REGISTER}/download.csv").data.decode("utf-8-sig"))))
    assert rows[1][2] == "'=cmd|' /C calc'!A0有限公司"
    told = dict(zip(*rows, strict=True))
    assert (told["领域"], told["领域名称"]) == ("engineering-tendering", "工程建设项目招标投标")
    assert re.fullmatch("[一-鿿]+", told["名单类别名称"])
    book = python_calamine.CalamineWorkbook.from_filelike(
        io.BytesIO(client.get(f"{REGISTER}/download.xlsx").data)
    )
    assert book.get_sheet_by_index(0).to_python()[1][2] == dangerous.subject.name
    schema = client.get(f"{REGISTER}/download.schema.json").get_json()
    assert schema["required"] == list(json.loads(plain.data))
    again = client.get(f"{REGISTER}/download.ndjson", headers={"If-None-Match": plain.headers["ETag"]})
    assert again.status_code == 304
    part = client.get(f"{REGISTER}/download.csv", headers={"Range": "bytes=3-8"})
    assert (part.status_code, part.data.decode()) == (206, "记录")
    assert part.headers["Content-Type"] == "text/csv; charset=utf-8"


def test_publicity_over_by_date_is_gone_without_any_event(world: World, client: FlaskClient) -> None:
    short = Publicity(start=PUBLICITY.start, max_end=PUBLICITY.start + timedelta(days=1))
    listing_id = world.publish(organisation("石家庄甲建设工程有限公司"), short)
    assert client.get(f"{REGISTER}/{listing_id}").status_code == 200
    world.clock.advance(timedelta(days=1))
    assert client.get(f"{REGISTER}/{listing_id}").status_code == 404
    assert items(client, q="石家庄甲建设工程有限公司") == []


def test_versions_name_what_changed(world: World, client: FlaskClient) -> None:
    case = organisation("石家庄甲建设工程有限公司")
    listing_id = world.publish(case)
    changed = replace(case, misconduct={**case.misconduct, "facts": "更正后的事实"})
    with world.write() as session:
        correct_listing(
            session, world.keyring, listing_id, case=changed, terms=TERMS, publicity=PUBLICITY, reason="笔误",
            at=world.clock.now(),
        )  # fmt: skip
    newest, oldest = items(client, f"/{listing_id}/versions")
    assert (newest["kind"], newest["reason"], oldest["kind"]) == ("corrected", "笔误", "published")
    assert [change["field"] for change in newest["changes"]] == ["misconduct"]


def test_every_route_is_documented(client: FlaskClient) -> None:
    paths: dict[str, Any] = client.get("/openapi.json").get_json()["paths"]
    wanted = [
        "",
        "/persons",
        "/check",
        "/changes",
        "/{listing_id}",
        "/{listing_id}/versions",
        "/{listing_id}/deliveries",
    ]
    assert {REGISTER + each for each in wanted} <= paths.keys()
