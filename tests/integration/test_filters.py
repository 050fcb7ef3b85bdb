"""Filters that name nothing and questions too short to search: said, never passed over."""

from pathlib import Path

import pytest

from services.blacklist.register.queries import search
from services.blacklist.register.queries.lines import Criteria
from shared.clock import FixedClock
from shared.db import Database
from tests.integration.register_world import World, make_world, organisation
from tests.integration.test_blacklist_pages import Site

SHORT = "关键词过短：请输入全称、三个以上汉字或统一社会信用代码"
MISS = "没有查到正在公示的信息"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory):
    made = Site(tmp_path_factory.mktemp("site"))
    yield made
    made.deps.db.close()


@pytest.mark.parametrize(
    ("words", "said", "unsaid"),
    [
        ("安", SHORT, MISS),
        ("安溪", SHORT, MISS),
        ("查无此人", MISS, SHORT),
        ("石家庄不存在公司", MISS, SHORT),
    ],
)
def test_a_question_too_short_is_told_from_a_miss(site: Site, words: str, said: str, unsaid: str) -> None:
    page = site.client().get("/", query_string={"q": words})
    assert said in page.text
    assert unsaid not in page.text


@pytest.fixture
def world(any_db: Database, clock: FixedClock, tmp_path: Path) -> World:
    return make_world(any_db, clock, tmp_path)


def test_two_signs_find_no_likely_name_of_the_same_core(world: World) -> None:
    world.publish(organisation("石家庄鑫源有限公司", 1))
    with world.db.read() as session:
        found = [search(session, Criteria(q=q), world.clock.today()) for q in ("鑫源", "石家庄鑫源")]
    assert [len(each) for each in found] == [0, 1]


@pytest.mark.parametrize("name", ["list", "domain", "region", "as_of"])
def test_the_public_page_names_an_unknown_filter(site: Site, name: str) -> None:
    page = site.client().get("/", query_string={name: "nope"})
    assert page.status_code == 200
    assert "“nope”不存在" in page.text
    assert "不存在" not in site.client().get("/?list=wage-arrears&domain=land-transfer&region=130102").text


def test_the_desk_names_an_unknown_state_and_shows_no_case(site: Site) -> None:
    clerk = site.client("clerk")
    page = clerk.get("/cases?state=bad")
    assert "状态“bad”不存在" in page.text
    assert "没有符合条件的案件" in page.text
    assert "筛选条件无效" not in clerk.get("/cases?state=draft").text


@pytest.mark.parametrize("query", ["list=nope", "domain=bad", "class=bad", "q=公司&list=nope"])
def test_the_search_api_refuses_unknown_filters(site: Site, query: str) -> None:
    answer = site.client().get(f"/api/v1/register?{query}", headers={"Accept": "application/json"})
    assert answer.status_code == 422


@pytest.mark.parametrize("query", ["list=nope", "domain=bad", "class=bad", "state=bad"])
def test_the_cases_api_refuses_unknown_filters(site: Site, query: str) -> None:
    answer = site.client("clerk").get(f"/api/v1/cases?{query}", headers={"Accept": "application/json"})
    assert answer.status_code == 422
