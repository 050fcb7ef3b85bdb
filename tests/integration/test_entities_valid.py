"""The exported entities hold what the FollowTheMoney model allows, by the model's own list of properties."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.blacklist.app import create_app
from services.blacklist.settings import read_settings
from shared.clock import FixedClock
from shared.db import Database
from tests.integration.register_world import make_world, organisation
from tests.integration.test_check_jobs import ON_SQLITE

pytestmark = pytest.mark.tables("services.blacklist")
MODEL = json.loads((Path(__file__).parents[1] / "harness/followthemoney-4.11.2.json").read_text("utf-8"))
"""Made from the package of that version; the export was validated with it (docs/feeds.md)."""
FORMS = {
    "date": r"\d{4}-\d\d-\d\d", "country": "cn", "url": r"https?://\S+",
    "entity": r"cb-[0-9a-f-]{36}-subject", "name": r"\S+( \S+)*",
    "topic": "|".join(map(re.escape, MODEL["topics"])), "identifier": r"\S(.*\S)?",
}  # fmt: skip


def faults(entity: dict[str, Any]) -> list[str]:
    schema, said = MODEL["schemata"][entity["schema"]], entity["properties"]
    found = [f"{name} is missing" for name in schema["required"] if not said.get(name)]
    for name, values in said.items():
        kind, longest = schema["properties"].get(name, ("", 0))
        form = FORMS.get(kind, r"[\s\S]+")
        found += [
            f"{name}: {each!r}" for each in values if len(each) > longest or not re.fullmatch(form, each)
        ]
    return found


@ON_SQLITE
def test_every_entity_is_one_of_the_model(any_db: Database, clock: FixedClock, tmp_path: Path) -> None:
    world = make_world(any_db, clock, tmp_path)
    case = organisation("石家庄（长安）示例  商行", 1)
    named = replace(case.subject, former_names=("旧  名有限公司",))
    long = {**case.document, "number": "长" * 128, "content": "第一项\n" * 1000}
    world.publish(replace(case, subject=named, document=long))
    world.publish(replace(organisation("石家庄无码有限公司", 2), document={**case.document, "number": "9"}))
    client = create_app(read_settings({"DATA_DIR": str(tmp_path)}), world.deps).test_client()
    entities = [json.loads(line) for line in client.get("/data/entities.ftm.json").text.splitlines()]
    assert [each["schema"] for each in entities] == ["Company", "Sanction"] * 2
    assert [fault for each in entities for fault in faults(each)] == []
    companies = {each["id"] for each in entities if each["schema"] == "Company"}
    sanctions = [each["properties"] for each in entities if each["schema"] == "Sanction"]
    assert {each["entity"][0] for each in sanctions} == companies
    assert [("recordId" in each, "summary" in each) for each in sanctions] == [(True, True), (False, False)]


def test_what_is_not_of_the_model_is_seen() -> None:
    wrong = {"entity": ["x"], "nothing": ["1"], "startDate": ["someday"], "authorityId": ["a" * 65]}
    assert len(faults({"schema": "Sanction", "properties": wrong})) == 4
    assert faults({"schema": "Company", "properties": {"topics": ["no.topic"]}}) == [
        "name is missing", "topics: 'no.topic'",
    ]  # fmt: skip
