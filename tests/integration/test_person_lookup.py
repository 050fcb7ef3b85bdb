"""Looking up persons costs budget, per client and overall, the same for a hit and a miss."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from services.blacklist.app import create_app, open_deps
from services.blacklist.register.domain.scope import PERSON_NOTE
from services.blacklist.register.usecases.persons import look_up_person
from services.blacklist.settings import read_settings
from services.blacklist.store import LookupLimits, budgets, metadata
from shared.budgets import Budget, forget_whole, spend, whose
from shared.clock import FixedClock
from shared.errors import TooMany
from tests.integration.register_world import PERSON_NUMBER, World, person

pytestmark = pytest.mark.tables("services.blacklist")

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
WRONG = {"name": "查无此人", "id_number": None, "id_tail": "1234"}


@pytest.fixture
def deps(any_db, tmp_path):
    real = open_deps(read_settings({"DATA_DIR": str(tmp_path)}))
    metadata.create_all(any_db.engine)
    return replace(real, db=any_db, clock=FixedClock(NOW), lookups=LookupLimits(3, 5))


def test_each_client_has_its_own_budget_and_all_share_one(deps):
    for _ in range(3):
        assert look_up_person(deps, WRONG, "192.0.2.1") == []
    with pytest.raises(TooMany) as refused:
        look_up_person(deps, WRONG, "192.0.2.1")
    assert refused.value.retry_after == pytest.approx(1200)
    for _ in range(2):
        look_up_person(deps, WRONG, "192.0.2.2")
    with pytest.raises(TooMany):
        look_up_person(deps, WRONG, "192.0.2.3")


def test_time_gives_it_back(deps):
    for _ in range(3):
        look_up_person(deps, WRONG, "192.0.2.1")
    deps.clock.advance(timedelta(minutes=20, seconds=1))
    assert look_up_person(deps, WRONG, "192.0.2.1") == []
    with pytest.raises(TooMany):
        look_up_person(deps, WRONG, "192.0.2.1")


def test_addresses_are_kept_as_keyed_hashes_only(deps):
    look_up_person(deps, WRONG, "192.0.2.77")
    with deps.db.read() as session:
        keys = session.scalars(select(budgets.c.key)).all()
    assert len(keys) == 2
    assert not any("192.0.2" in key for key in keys)


def test_together_they_spend_no_more_than_there_is(deps):
    def tries(_):
        try:
            look_up_person(deps, WRONG, "192.0.2.9")
        except TooMany:
            return 0
        return 1

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(tries, range(12))) == 3


def test_a_refused_request_spends_nothing_and_old_rows_go(deps):
    mine, all_of_us = Budget("mine", 1), Budget("all", 10)
    with deps.db.write() as session:
        assert spend(session, budgets, [mine, all_of_us], NOW) is None
        assert spend(session, budgets, [mine, all_of_us], NOW) == timedelta(hours=1)
        assert spend(session, budgets, [all_of_us], NOW) is None
        assert forget_whole(session, budgets, NOW + timedelta(hours=1)) == 0
        assert forget_whole(session, budgets, NOW + timedelta(hours=3)) == 2


def test_one_subscriber_is_one_client():
    assert whose("2001:db8:1:2::5") == whose("2001:db8:1:2:ffff::9") != whose("2001:db8:1:3::5")
    assert whose("::ffff:192.0.2.1") == whose("192.0.2.1") != whose("192.0.2.2")


@pytest.fixture
def site(tmp_path):
    settings = read_settings({"DATA_DIR": str(tmp_path), "PERSON_LOOKUPS_PER_ADDRESS": "4"})
    clock = FixedClock(NOW)
    deps = replace(open_deps(settings), clock=clock)
    metadata.create_all(deps.db.engine)
    World(deps, clock).publish(person(deps.keyring))
    yield create_app(settings, deps).test_client()
    deps.db.close()


def test_no_answer_about_a_person_is_kept_by_search_engines(site):
    body = {"name": "欧阳示例", "id_number": PERSON_NUMBER}
    found = site.post("/api/v1/register/persons", json=body)
    place = f"/api/v1/register/{found.json['items'][0]['id']}"
    form = site.post("/persons", data=body, headers={"Sec-Fetch-Site": "same-origin"})
    read = [site.get(path) for path in ("/persons", place, f"{place}/versions", f"{place}/deliveries")]
    for answer in (found, form, *read):
        assert answer is not form or PERSON_NOTE in answer.text
        assert (answer.status_code, answer.headers.getlist("X-Robots-Tag")) == (200, ["noindex"])
    assert "X-Robots-Tag" not in site.get("/api/v1/register").headers


@pytest.mark.parametrize("known", [True, False])
def test_hit_and_miss_are_refused_alike(site, known):
    body = (
        {"name": "欧阳示例", "id_number": PERSON_NUMBER} if known else {"name": "李某某", "id_tail": "9999"}
    )
    answers = [site.post("/api/v1/register/persons", json=body) for _ in range(5)]
    assert [each.status_code for each in answers] == [200] * 4 + [429]
    assert bool(answers[0].json["items"]) is known
    assert answers[0].json["scope"]["note"] == PERSON_NOTE
    assert answers[4].json["slug"] == "too-many-requests"
    assert 0 < int(answers[4].headers["Retry-After"]) <= 900
    form = site.post("/persons", data=body, headers={"Sec-Fetch-Site": "same-origin"})
    assert form.status_code == 429, "the page spends the same budget"


def test_the_refusal_is_documented(site):
    described = site.get("/openapi.json").json["paths"]["/api/v1/register/persons"]["post"]["responses"]
    assert {"200", "422", "429"} <= described.keys()


@pytest.mark.parametrize(("proxies", "clients"), [("0", 1), ("1", 2)])
def test_the_client_is_who_our_own_proxy_saw(tmp_path, proxies, clients):
    env = {"DATA_DIR": str(tmp_path), "TRUSTED_PROXIES": proxies, "PERSON_LOOKUPS_PER_ADDRESS": "1"}
    settings = read_settings(env)
    deps = open_deps(settings)
    metadata.create_all(deps.db.engine)
    client, body = create_app(settings, deps).test_client(), {"name": "李某某", "id_tail": "9999"}
    seen = [
        client.post("/api/v1/register/persons", json=body, headers={"X-Forwarded-For": address}).status_code
        for address in ("198.51.100.1, 192.0.2.1", "198.51.100.1, 192.0.2.2")
    ]
    assert seen.count(200) == clients, "what a client itself claims never counts"
    deps.db.close()
