"""Questions gone wrong are refused by name; a document number is found however it is typed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.blacklist.app import create_app
from services.blacklist.settings import read_settings
from shared.clock import FixedClock
from shared.db import Database
from tests.integration.register_world import World, make_world, organisation

pytestmark = pytest.mark.tables("services.blacklist")

REGISTER = "/api/v1/register"


@pytest.fixture
def world(any_db: Database, clock: FixedClock, tmp_path: Path) -> World:
    return make_world(any_db, clock, tmp_path)


@pytest.fixture
def client(world: World, tmp_path: Path) -> FlaskClient:
    return create_app(read_settings({"DATA_DIR": str(tmp_path)}), world.deps).test_client()


@pytest.mark.parametrize(
    ("given", "pointer", "says"),
    [
        ({"purpose": {"domain": "nope"}}, "/purpose/domain", "land-transfer"),
        ({"purpose": {"action": "bid"}}, "/purpose/action", "ban-bidding"),
        ({"as_of": "2099-01-01"}, "/as_of", "不能晚于今天"),
    ],
)
def test_a_check_for_what_there_is_not_is_refused(
    client: FlaskClient, given: dict[str, Any], pointer: str, says: str
) -> None:
    answer = client.post(f"{REGISTER}/check", json={"entities": [{"name": "某公司"}], **given})
    assert answer.status_code == 422
    (field,) = answer.get_json()["fields"]
    assert field["pointer"] == pointer
    assert says in field["message"]


def test_blank_words_and_coming_days_are_refused_and_a_past_day_is_named(client: FlaskClient) -> None:
    for query, field in (({"q": " \u3000"}, "/q"), ({"as_of": "2099-01-01"}, "/as_of")):
        answer = client.get(REGISTER, query_string=query)
        assert (answer.status_code, answer.get_json()["fields"][0]["pointer"]) == (422, field)
    searched = client.get(REGISTER, query_string={"as_of": "2026-05-01"}).get_json()["scope"]
    asked = {"entities": [{"name": "某公司"}], "as_of": "2026-05-01"}
    checked = client.post(f"{REGISTER}/check", json=asked).get_json()["scope"]
    for scope in (searched, checked):
        assert scope["as_of"] == "2026-05-01"
        assert "2026-05-01" in scope["note"]


@pytest.mark.parametrize("stored", ["长住建罚〔2026〕771号", "长住建罚（2026）771号", "长住建罚[2026]771号"])
def test_a_document_number_is_found_whatever_its_brackets_and_digits(
    world: World, client: FlaskClient, stored: str
) -> None:
    case = organisation("石家庄甲建设工程有限公司")
    listing = world.publish(replace(case, document={**case.document, "number": stored}))
    for typed in (
        "〔2026〕",
        "[2026]",
        "(2026)",
        "（2026）",
        "【2026】",
        "［２０２６］",
        "﹝2026﹞",
        " 〔2026〕 ",
    ):
        answer = client.get(REGISTER, query_string={"q": f"长住建罚{typed}771号"}).get_json()["items"]
        assert [each["id"] for each in answer] == [listing], typed
        assert answer[0]["why"][0] == "文号相同"
