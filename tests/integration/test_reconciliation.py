"""W3C Reconciliation Service API 0.2: what the specification asks for is there, and organisations only."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.blacklist.app import create_app
from services.blacklist.settings import read_settings
from shared.clock import FixedClock
from shared.db import Database, open_database
from shared.identifiers import make_uscc
from tests.integration.register_world import World, make_world, organisation, person

RECONCILE = "/api/v1/reconcile"
FIRM = "石家庄甲建设工程有限公司"
CODE = make_uscc("91130102", 1)


def filled(db: Database, folder: Path) -> World:
    made = make_world(db, FixedClock(datetime(2026, 11, 2, 2, 0, tzinfo=UTC)), folder)
    made.publish(organisation(FIRM, 1, former_names=("石家庄旧名工程有限公司",)))
    made.publish(organisation("石家庄乙建设工程有限公司", 2))
    made.publish(person(made.keyring, "欧阳示例"))
    return made


def served(world: World) -> FlaskClient:
    return create_app(read_settings({"DATA_DIR": str(world.deps.data_dir)}), world.deps).test_client()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("reconciling")
    db = open_database(f"sqlite:///{folder}/test.db")
    yield filled(db, folder)
    db.close()


@pytest.fixture(scope="module")
def client(world: World) -> FlaskClient:
    return served(world)


def batch(client: FlaskClient, **queries: Any) -> Any:
    answer = client.post(RECONCILE, data={"queries": json.dumps(queries)})
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_the_manifest_names_what_the_service_can_do(client: FlaskClient) -> None:
    answer = client.get(RECONCILE)
    found = answer.get_json()
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert {"versions", "name", "identifierSpace", "schemaSpace"} <= set(found)
    assert "0.2" in found["versions"]
    for part in ("view", "preview"):
        assert "{{id}}" in found[part]["url"]
    for name in ("entity", "property", "type"):
        place = found["suggest"][name]
        assert (
            client.get(place["service_url"] + place["service_path"], query_string={"prefix": ""}).status_code
            == 200
        )
    place = found["extend"]["propose_properties"]
    proposed = client.get(place["service_url"] + place["service_path"], query_string={"type": "organization"})
    assert {"id": "uscc", "name": "统一社会信用代码"} in proposed.get_json()["properties"]


def test_a_batch_matches_names_codes_and_former_names(any_db: Database, tmp_path: Path) -> None:
    client = served(filled(any_db, tmp_path))
    assert client.get(f"{RECONCILE}/suggest/entity?prefix=石家庄甲").get_json()["result"][0]["id"] == CODE
    found = batch(
        client,
        q0={"query": FIRM},
        q1={"query": "石家庄丁建设工程有限公司", "limit": 1},
        q2={"query": "写错的名称", "properties": [{"pid": "uscc", "v": CODE}]},
        q3={"query": "没有这样的名称企业"},
        q4={"query": FIRM, "type": "serious"},
        q5={"query": FIRM, "type": ["organization"], "type_strict": "any"},
        q6={"query": "石家庄旧名工程有限公司"},
    )
    assert set(found) == {f"q{number}" for number in range(7)}
    assert [(each["id"], each["match"], each["score"]) for each in found["q0"]["result"]] == [
        (CODE, True, 100)
    ]
    assert len(found["q1"]["result"]) == 1
    assert not found["q1"]["result"][0]["match"]
    assert found["q2"]["result"][0]["id"] == CODE
    assert found["q3"]["result"] == found["q4"]["result"] == []
    assert found["q5"]["result"][0]["type"][0] == {"id": "organization", "name": "法人和非法人组织"}
    assert "曾用名" in found["q6"]["result"][0]["description"]
    for each in found["q0"]["result"]:
        assert {"id", "name", "score"} <= set(each)


def test_the_same_by_get_and_facts_by_extension(client: FlaskClient) -> None:
    asked = {"queries": json.dumps({"a": {"query": FIRM}})}
    assert client.get(RECONCILE, query_string=asked).get_json()["a"]["result"][0]["id"] == CODE
    wanted = {"ids": [CODE, "unknown"], "properties": [{"id": "uscc"}, {"id": "listed_on"}, {"id": "none"}]}
    found = client.post(RECONCILE, data={"extend": json.dumps(wanted)}).get_json()
    assert [each["id"] for each in found["meta"]] == ["uscc", "listed_on"]
    assert found["rows"][CODE] == {
        "uscc": [{"str": CODE}],
        "listed_on": [{"date": "2026-11-02T00:00:00+08:00"}],
    }
    assert found["rows"]["unknown"] == {"uscc": [], "listed_on": []}


def test_suggestions_previews_and_views(client: FlaskClient) -> None:
    (found,) = client.get(f"{RECONCILE}/suggest/entity", query_string={"prefix": "石家庄甲"}).get_json()[
        "result"
    ]
    assert (found["id"], found["name"]) == (CODE, FIRM)
    types = client.get(f"{RECONCILE}/suggest/type", query_string={"prefix": "严重"}).get_json()["result"]
    assert [each["id"] for each in types] == ["serious"]
    preview = client.get("/embed/preview", query_string={"id": CODE})
    assert preview.status_code == 200
    assert FIRM in preview.text
    assert "frame-ancestors *" in preview.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in preview.headers
    assert "/listings/" in client.get("/embed/view", query_string={"id": CODE}).headers["Location"]
    assert client.get("/embed/view", query_string={"id": "x"}).status_code == 404


def test_persons_are_in_no_answer(client: FlaskClient) -> None:
    found = batch(client, a={"query": "欧阳示例"}, b={"query": "欧阳"}, c={"query": "示例"})
    assert all(each["result"] == [] for each in found.values())
    for prefix in ("欧", "欧阳", "欧阳示例"):
        answer = client.get(f"{RECONCILE}/suggest/entity", query_string={"prefix": prefix})
        assert answer.get_json()["result"] == []


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"queries": "{"}, 400),
        ({"queries": "[]"}, 422),
        ({"queries": '{"a": 1}'}, 422),
        ({"queries": '{"a": {"query": "x", "other": 1}}'}, 422),
        ({"queries": '{"a": {"query": 5}}'}, 422),
        ({"queries": '{"a": {"query": "x", "limit": 0}}'}, 422),
        ({"queries": json.dumps({str(number): {"query": "x"} for number in range(101)})}, 422),
        ({"queries": '{"a": {"query": "\\u0000"}}'}, 200),
        ({"queries": '{"a": {"query": "\\ud800"}}'}, 200),
        ({"queries": json.dumps({"a": {"query": "长" * 10_000}})}, 200),
        ({"queries": '{"a": {"properties": [{"pid": "uscc", "v": {"id": [1]}}]}}'}, 200),
        ({"queries": '{"a": {"properties": [{"pid": "region", "v": "000"}], "query": "甲"}}'}, 200),
        ({"extend": '{"ids": ["a"]}'}, 422),
        ({"extend": '{"ids": ["\\u0000"], "properties": []}'}, 200),
        ({"unknown": "x"}, 422),
    ],
)
def test_what_cannot_be_read_is_refused(client: FlaskClient, sent: Any, status: int) -> None:
    assert client.post(RECONCILE, data=sent).status_code == status


def test_the_column_may_be_framed_by_whom_the_setting_names(world: World) -> None:
    sites = "https://www.example.gov.cn https://zjj.example.gov.cn"
    deps = replace(world.deps, embed_ancestors=sites)
    client = served(replace(world, deps=deps))
    shown = client.get("/embed/column", query_string={"region": "130102", "limit": "1"})
    assert f"frame-ancestors {sites}" in shown.headers["Content-Security-Policy"]
    assert shown.text.count("<li>") == 1
    assert "<script" not in shown.text
    assert "欧阳" not in client.get("/embed/column").text
    odd = client.get("/embed/column", query_string={"region": '"><script>alert(1)</script>', "q": "<b>"})
    assert odd.status_code == 200
    assert "<script" not in odd.text
    assert client.get("/embed/column.js").headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "frame-ancestors 'none'" in client.get("/").headers["Content-Security-Policy"]
