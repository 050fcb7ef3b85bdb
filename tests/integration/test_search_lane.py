"""The short way of a question answers as the long way does, and leaves to it whatever is not plain."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from services.blacklist.app import create_app
from services.blacklist.register.api.lane import Plain, plain_question
from services.blacklist.settings import read_settings
from shared.clock import FixedClock
from shared.db import Database
from tests.integration.register_world import World, make_world, organisation

pytestmark = pytest.mark.tables("services.blacklist")

REGISTER = "/api/v1/register"
VARYING = {"Content-Security-Policy", "X-Request-Id", "Date"}


@pytest.fixture
def world(any_db: Database, clock: FixedClock, tmp_path: Path) -> World:
    made = make_world(any_db, clock, tmp_path)
    made.publish(
        organisation("石家庄甲建设工程（集团）有限公司", 1, former_names=("石家庄旧名工程有限公司",))
    )
    made.publish(organisation("石家庄乙建设工程有限公司", 2))
    made.publish(organisation("𠀀𪚥建材经营部", 3))
    return made


@pytest.fixture
def client(world: World, tmp_path: Path) -> FlaskClient:
    return create_app(read_settings({"DATA_DIR": str(tmp_path)}), world.deps).test_client()


ASKED = (
    "石家庄甲建设工程集团有限公司", "石家庄旧名工程有限公司", "石家庄丙建设工程有限公司", "没有的名称",
    "jia jian she gong cheng", "𠀀𪚥建材", "鑫", "%", "_", "'; --", '"建设"', ".*", "😀", "（）",
)  # fmt: skip


def test_both_ways_say_the_same(client: FlaskClient) -> None:
    for q in ASKED:
        short = client.get(REGISTER, query_string={"q": q, "limit": 5})
        long = client.get(REGISTER, query_string={"q": q, "limit": 5}, headers={"Cookie": "x=1"})
        assert (short.status_code, long.status_code) == (200, 200), q
        assert short.get_json() == long.get_json(), q
        assert short.headers["ETag"], q
        fixed = [{k: v for k, v in each.headers.items() if k not in VARYING | {"ETag", "Content-Length"}}
                 for each in (short, long)]  # fmt: skip
        assert fixed[0] == fixed[1], q


def test_wild_cards_and_symbols_match_nothing(client: FlaskClient) -> None:
    for q in ("%", "_", "%%%", "*", ".*", "' OR 1=1 --", "石家庄%有限公司_"):
        items = client.get(REGISTER, query_string={"q": q}).get_json()["items"]
        assert all(item["verdict"] == "possible" for item in items)
    assert client.get(REGISTER, query_string={"q": "%"}).get_json()["items"] == []


def test_rare_signs_are_signs(client: FlaskClient) -> None:
    (item,) = client.get(REGISTER, query_string={"q": "𠀀𪚥建材经营部"}).get_json()["items"]
    assert item["verdict"] == "listed"


def test_pages_follow_one_another(client: FlaskClient) -> None:
    first = client.get(REGISTER, query_string={"q": "建设工程", "limit": 1}).get_json()
    second = client.get(
        REGISTER, query_string={"q": "建设工程", "limit": 1, "cursor": first["next"]}
    ).get_json()
    assert first["items"][0]["id"] != second["items"][0]["id"]
    assert second["next"] is None


def test_what_is_not_plain_is_checked_the_long_way(client: FlaskClient) -> None:
    refused = (
        {"q": "长" * 201},
        {"q": "a" * 10_000},
        {"q": "a\x00b"},
        {"q": "建设", "limit": "0"},
        {"q": "建设", "limit": "9999"},
        {"q": "建设", "unknown": "1"},
    )
    for query in refused:
        assert client.get(REGISTER, query_string=query).status_code == 422, query
    assert client.get(REGISTER, query_string={"q": ""}).status_code == 200


@pytest.mark.parametrize(
    ("query", "plain"),
    [
        ("q=%E5%BB%BA&limit=7", Plain("建", 7)),
        ("q=a", Plain("a", 20)),
        ("q=a&q=b", None),
        ("q=%FF", None),
        ("q=a&limit=-1", None),
        ("q=a&region=130000", None),
        ("q", None),
        ("", None),
        ("limit=5", None),
        ("q=%00", None),
    ],
)
def test_a_plain_question(query: str, plain: Plain | None) -> None:
    assert plain_question(query) == plain


def test_a_connection_that_went_away_is_opened_anew(client: FlaskClient, world: World) -> None:
    asked = {"q": "石家庄乙建设工程有限公司"}
    assert len(client.get(REGISTER, query_string=asked).get_json()["items"]) == 1
    if world.db.dialect == "postgresql":
        with world.db.engine.connect() as connection:
            others = (
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            )
            connection.exec_driver_sql(f"{others} AND pid <> pg_backend_pid()")
    assert len(client.get(REGISTER, query_string=asked).get_json()["items"]) == 1
    assert client.get("/embed/column").text.count("<li>") == 3
