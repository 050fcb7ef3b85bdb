"""What a message links to exists, and opens for everybody who is told."""

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from services.notifier.consumes import DUTIES, GOLDEN, MATTERS, NEWS_TOPICS, golden_facts
from services.notifier.domain import Happening
from services.notifier.routing import routing
from tests.harness.notices import AT

ROUTES = [
    (re.compile(re.sub(r"<[^>]+>", "[^/]+", path)), set(who.split()))
    for path, who in (
        line.removeprefix("GET ").split(" | ")[:2]
        for line in Path(__file__).with_name("access.txt").read_text("utf-8").splitlines()
        if line.startswith("GET ")
    )
]
SAMPLES = {
    entry.name.removesuffix(".json"): json.loads(entry.read_text("utf-8"))["data"]
    for name in NEWS_TOPICS
    for entry in GOLDEN.joinpath(name).iterdir()
}
EVENTS = [name for name in sorted(SAMPLES) if routing().route(name) and name not in routing().silent]
EVERYBODY = {"public", "signed-in"}


def admitted(path: str) -> set[str]:
    for pattern, who in ROUTES:
        if pattern.fullmatch(path):
            return who
    return set()


def happening(name: str) -> Happening:
    data = SAMPLES[name]
    return Happening(
        event_id="e", type=name, subject_id="s", occurred_at=AT, department_id=None, region=None,
        case_id=data.get("case_id"), listing_id=data.get("listing_id"), facts=golden_facts(name) or {},
    )  # fmt: skip


@pytest.mark.parametrize("name", EVENTS)
def test_the_page_of_a_message_opens_for_those_who_are_told(name):
    route = routing().route(name)
    path = routing().link(route, happening(name)).partition("?")[0]
    who = admitted(path)
    assert who, f"{path} is no page"
    told = route.department | ({"operator"} if route.operators else set())
    told |= {"supervisor"} if route.supervisors else set()
    assert who & EVERYBODY or who & told, f"none of {sorted(told)} may open {path}"
    if not who & EVERYBODY and name.partition(".")[0] in ("delivery", "duty", "answer"):
        assert told <= who, f"{sorted(told - who)} are told and may not open {path}"


def test_every_template_of_a_link_is_used_by_a_route():
    assert set(routing().links) == {route.link for route in routing().routes}


@pytest.mark.parametrize("kind", sorted(DUTIES))
def test_a_duty_leads_to_what_it_belongs_to(kind):
    path = MATTERS.get(kind, "/cases/{}").format("1")
    assert {"clerk", "reviewer"} <= admitted(path), path
    assert any(fnmatchcase(path, place) for place in ("/*/1", "/supervision/annual"))
