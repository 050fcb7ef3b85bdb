"""Everybody's menu holds exactly the sections they may enter: the navigation says what the routes say."""

import re
from html import unescape
from pathlib import Path

import pytest

from services.blacklist.identity.domain import ROLES
from shared.web.site import NAVIGATION, STAFF_PAGES, desk_of
from tests.architecture.access_world import HOME, World, open_world

MATRIX = Path(__file__).with_name("access.txt").read_text("utf-8")
WHO = {
    path: who.strip()
    for line in MATRIX.splitlines()
    if line.startswith("GET ")
    for path, who in [line.removeprefix("GET ").split(" | ")[:2]]
}


LINK = re.compile(r'href="(/[^"#]*)"')
MENUS = ('<nav class="cb-nav"', '<nav class="cb-tabs"')


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return open_world(tmp_path_factory.mktemp("navigation"))


@pytest.mark.parametrize("item", [*NAVIGATION, *STAFF_PAGES], ids=lambda item: item.url)
def test_a_menu_entry_is_shown_to_whom_its_page_admits(item):
    shown = "public" if item.roles is None else " ".join(sorted(item.roles)) or "signed-in"
    assert " ".join(sorted(WHO[item.url].split())) == shown


def opened(world, path, who):
    service = {"push": "credit-push", "notices": "notifier"}.get(path.split("/")[1], "blacklist")
    answer = world.call(service, "GET", path, who)
    while answer.status_code == 303:
        answer = world.call(service, "GET", answer.headers["Location"], who)
    return answer


def menus(text):
    """The addresses of the menu and of a section's tabs."""
    parts = [text.split(start, 1)[1].split("</nav>")[0] for start in MENUS if start in text]
    return {unescape(link) for part in parts for link in LINK.findall(part)}


@pytest.mark.parametrize("role", ROLES)
def test_everything_menu_and_site_map_show_opens(world, role):
    who = world.people[role, HOME]
    plan = opened(world, "/sitemap", who).text.split("工作人员</h2>")[1].split("</ul>")[0]
    waiting = {unescape(link) for link in LINK.findall(plan)} | {desk_of(who.roles)}
    assert desk_of(who.roles) != "/", "every role has its own desk"
    seen: set[str] = set()
    while waiting - seen:
        path = min(waiting - seen)
        seen.add(path)
        answer = opened(world, path, who)
        assert answer.status_code not in {401, 403, 404}, f"{role} gets {answer.status_code} at {path}"
        waiting |= menus(answer.text) if answer.mimetype == "text/html" else set()
