"""No answer of any route names the host it was asked under: a forged Host header leads nobody elsewhere."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from shared.web.place import NOBODY_ELSE
from tests.architecture.access_world import HOME, World, open_world
from tests.architecture.test_access_matrix import ROWS, Row

ROOT = Path(__file__).parents[2]
FORGED = "forged.example"
FORGERIES = {"Host": FORGED, "X-Forwarded-Host": FORGED, "Forwarded": f"host={FORGED}"}
WITH_ADDRESSES = ("/feed.rss", "/feed.atom", "/robots.txt", "/data", "/items/board", "/api/v1/reconcile")
UNASKED = ("/inbox/stream", "/openapi.json")  # without an end; made from the code alone
ASKS_FOR_IT = re.compile(r"request\.(?:host|base_url|url_root|root_url|host_url)\b|_external=|HTTP_HOST")
MAY_ASK = ("shared/web/origin.py", "services/credit_push/sandbox/sites.py")
"""What compares it with a page's own origin, and the stand-in platforms, which are not ours."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return open_world(tmp_path_factory.mktemp("forged"))


def asked_as(world: World, row: Row, place: str, token_of: Callable[[str], str]) -> tuple[int, str]:
    """Status and everything said, headers included, to somebody who may ask."""
    headers = dict(FORGERIES)
    role = next(iter(sorted(row.roles)), "clerk" if row.who[0] == "signed-in" else "")
    if role:
        headers["Authorization"] = f"Bearer {token_of(role)}"
    elif row.scope:
        headers["Authorization"] = f"ApiKey {world.keys[row.scope]}"
    answer = world.clients[row.service].get(place, headers=headers)
    return answer.status_code, f"{answer.headers}\n{answer.data.decode('utf-8', 'replace')}"


def test_no_route_repeats_the_host_it_was_asked_under(world: World) -> None:
    made = cache(lambda thing: world.made(thing) if hasattr(world, f"_{thing}") else {})
    token_of = cache(lambda role: world.token(world.people[role, HOME]))
    telling, statuses = [], {}
    for row in ROWS:
        if row.method != "GET" or row.path.endswith(UNASKED):
            continue
        status, said = asked_as(world, row, row.url(made(row.thing)), token_of)
        statuses[row.name] = status
        if FORGED in said:
            telling.append(row.name)
    assert not telling
    assert sum(status == 200 for status in statuses.values()) > len(statuses) / 2, "most were really shown"


@pytest.mark.parametrize("path", WITH_ADDRESSES)
def test_addresses_are_the_configured_ones(world: World, path: str) -> None:
    answer = world.clients["blacklist"].get(path, headers=FORGERIES)
    assert answer.status_code == 200, answer.text
    assert NOBODY_ELSE in answer.text
    assert FORGED not in answer.text


def test_every_page_says_that_no_domain_is_set(world: World) -> None:
    assert "尚未设置网站域名" in world.clients["blacklist"].get("/").text


def test_no_code_asks_for_the_host() -> None:
    found = {
        str(path.relative_to(ROOT))
        for folder in ("services", "shared")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".html", ".xml"} and ASKS_FOR_IT.search(path.read_text("utf-8"))
    }
    assert found == set(MAY_ASK)
