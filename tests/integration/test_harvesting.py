"""Persons cannot be gathered: no crawl finds one, and a lookup's hit and miss look alike from outside."""

import json
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from flask.testing import FlaskClient

from services.blacklist.app import create_app
from services.blacklist.public.app import create_public_app
from services.blacklist.settings import read_settings
from services.blacklist.store import LookupLimits
from shared.clock import FixedClock
from shared.db import open_database
from shared.identifiers import make_resident_id
from tests.harness.ranks import u_test
from tests.harness.telling_apart import look_alike, one_round
from tests.integration.register_world import World, make_world, organisation, person

PERSONS = 200
LOOKUPS = {"/api/v1/register/persons": "list_code", "/persons": "公示至"}
"""The doors, and what stands only in the answer about a person who is listed."""
MOST_ALIKE = 30
"""Of one page with different parameters."""


def name_of(number: int) -> str:
    return f"司徒{chr(0x6D00 + number)}{chr(0x6E00 + number)}"


def number_of(number: int) -> str:
    return make_resident_id("130102", date(1985, 4, 12), 100 + number)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = canaries(tmp_path_factory.mktemp("harvesting"))
    yield made
    made.db.close()


def canaries(folder: Path) -> World:
    """Persons nobody may gather, one organisation, and lookups without end."""
    db = open_database(f"sqlite:///{folder}/test.db")
    made = make_world(db, FixedClock(datetime(2026, 11, 2, 2, 0, tzinfo=UTC)), folder)
    made = replace(made, deps=replace(made.deps, lookups=LookupLimits(10**6, 10**6)))
    for number in range(PERSONS):
        made.publish(person(made.keyring, name_of(number), number_of(number)))
    made.publish(organisation("石家庄甲建设工程有限公司", 1))
    with made.write() as session:
        session.connection().exec_driver_sql("UPDATE register_change SET position = id")
    return made


@pytest.fixture(scope="module", params=["regulator", "public"])
def client(world: World, request: pytest.FixtureRequest) -> FlaskClient:
    make = create_app if request.param == "regulator" else create_public_app
    return make(read_settings({"DATA_DIR": str(world.deps.data_dir)}), world.deps).test_client()


def doors(client: FlaskClient) -> list[str]:
    """Every route that is asked without knowing an id, and questions that name canaries."""
    rules = client.application.url_map.iter_rules()
    plain = [rule.rule for rule in rules if "GET" in (rule.methods or ()) and "<" not in rule.rule]
    asked = [
        f"{place}{word}"
        for place in (
            "/?q=",
            "/api/v1/register?q=",
            "/api/v1/reconcile/suggest/entity?prefix=",
            "/embed/column?q=",
        )
        for word in ("司徒", name_of(0), number_of(0), number_of(0)[-6:], "司", "%", "situ")
    ]
    more = [f"/api/v1/register/download.{form}" for form in ("csv", "ndjson")]
    return [*plain, *asked, *more, "/api/v1/register?limit=100", "/api/v1/register/changes?limit=1000"]


def test_no_crawl_finds_a_person(client: FlaskClient, world: World) -> None:
    with world.db.read() as session:
        rows = session.connection().exec_driver_sql(
            "SELECT id FROM register_listing WHERE subject_type = 'individual'"
        )
        ids = {row[0] for row in rows}
    queue, seen, found = doors(client), set(), re.compile(r"href=[\"'](/[^\"'#]*)")
    kinds: Counter[str] = Counter()
    while queue:
        path = queue.pop()
        kind = re.sub(r"\?.*|[0-9a-f-]{36}|(?<=/problems/).+", "", path)
        if path in seen or kinds[kind] > MOST_ALIKE:
            continue
        seen.add(path)
        kinds[kind] += 1
        text = client.get(path).get_data().decode(errors="replace")
        typed = {value for _, value in parse_qsl(urlsplit(path).query)} & {name_of(0), number_of(0)}
        said = text.replace(typed.pop(), "") if typed else text  # a form repeats what was typed
        assert not any(name_of(number) in said or number_of(number) in said for number in range(PERSONS)), (
            path
        )
        assert not any(each in text for each in ids), path
        queue += [
            urljoin(path, link.replace("&amp;", "&")) for link in found.findall(text) if "static" not in link
        ]
    assert len(seen) > 40


def test_no_question_by_post_finds_a_person(client: FlaskClient) -> None:
    asked = {"entities": [{"name": name_of(number)} for number in range(PERSONS)]}
    found = client.post("/api/v1/register/check", json=asked).get_json()["items"]
    assert {(each["verdict"], len(each["listings"])) for each in found} == {("none", 0)}
    queries = json.dumps({str(number): {"query": name_of(number)} for number in range(100)})
    matched = client.post("/api/v1/reconcile", data={"queries": queries}).get_json()
    assert [each["result"] for each in matched.values()] == [[]] * 100
    refused = client.post("/api/v1/register/check", json={"entities": [{"name": number_of(0)}]})
    assert refused.status_code == 422


def ask(client: FlaskClient, path: str, number: int, *, hit: bool) -> tuple[float, Any]:
    given = {
        "name": name_of(number) if hit else f"诸葛{chr(0x6D00 + number)}",
        "id_number": number_of(number),
    }
    sent = {"json": given} if path.startswith("/api") else {"data": given}
    started = time.perf_counter()
    answer = client.post(path, **sent)
    return time.perf_counter() - started, answer


@pytest.mark.parametrize("path", LOOKUPS)
def test_a_hit_and_a_miss_look_alike(world: World, path: str) -> None:
    """200 of each: one status, one size, the same headers, and times that cannot be told apart."""
    client = create_app(read_settings({"DATA_DIR": str(world.deps.data_dir)}), world.deps).test_client()
    looks = set()

    def timed(number: int, hit: bool) -> float:
        seconds, answer = ask(client, path, number, hit=hit)
        looks.add((answer.status_code, answer.content_length, tuple(sorted(answer.headers.keys()))))
        assert (LOOKUPS[path] in answer.text) is hit
        return seconds

    for hit in (True, False):
        timed(0, hit)  # what is made once is made
    alike, found = look_alike(lambda: one_round(timed, PERSONS, random.Random()))
    assert len(looks) == 1
    assert alike, found


def test_the_test_sees_a_difference() -> None:
    dice = random.Random(1)
    one = [dice.gauss(5.0, 1) for _ in range(200)]
    assert u_test(one, [dice.gauss(5.0, 1) for _ in range(200)]) > 0.01
    assert u_test(one, [dice.gauss(5.6, 1) for _ in range(200)]) < 0.01
    assert u_test([1, 1, 1], [1, 1, 1]) == 1.0


@pytest.mark.parametrize(
    ("rounds", "alike", "needed"),
    [
        ((0.06,), True, 1),
        ((0.05, 0.9, 0.01, 0.2), True, 4),
        ((0.01, 0.9, 0.05, 0.01), False, 4),
        ((0.01, 0.01, 0.01, 0.01), False, 4),
    ],
)
def test_a_telling_round_is_looked_into(rounds: tuple[float, ...], alike: bool, needed: int) -> None:
    left = iter(rounds)
    found, seen = look_alike(lambda: next(left))
    assert (found, len(seen)) == (alike, needed)


def test_rounds_see_a_difference() -> None:
    dice = random.Random(1)
    assert one_round(lambda _, kind: dice.gauss(5.5 if kind else 5, 1), PERSONS, dice) < 0.01


STRANGE = (
    "%", "_", "%%", "*", ".*", "(?:a+)+$", "'", '"', "\\", "';--", "<script>", "{{7*7}}", "😀", "🀄",
    "\U0001f468\u200d\U0001f469", "㐀㐁", "𠀀𠀁", "𪚥", "\u3000", "\u200b", "\x01", "\x7f", "\r\n", "\t",
    "甲\n乙", "ﷺ", "İ", "ǅ", "½", "①", "㈱", "\ufffd", "\ue000",
)  # fmt: skip


@pytest.mark.parametrize("q", [*STRANGE, "长" * 3334, "a" * 10_000, "%" * 5000])
def test_strange_questions_get_an_answer_or_a_clear_refusal(client: FlaskClient, q: str) -> None:
    for path, name in (
        ("/api/v1/register", "q"), ("/", "q"), ("/embed/column", "q"),
        ("/api/v1/reconcile/suggest/entity", "prefix"),
    ):  # fmt: skip
        answer = client.get(path, query_string={name: q})
        assert answer.status_code in {200, 422}, (path, q[:20])
        if path == "/api/v1/register" and answer.status_code == 200 and q.strip():
            assert all(item["verdict"] == "possible" for item in answer.get_json()["items"])
    assert client.get("/api/v1/register", query_string={"q": "石家庄甲建设工程有限公司"}).get_json()["items"]
