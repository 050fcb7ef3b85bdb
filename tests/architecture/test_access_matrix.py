"""Route × role × own/other department over every route of the three real applications: deny by default.

`access.txt` is the matrix. A route without a line fails here, and so does a line the code no longer keeps.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.blacklist.identity.domain import ROLES
from shared.web.access import Principal
from tests.architecture.access_world import AWAY, HOME, NOBODY, World, open_world

TABLE = Path(__file__).with_name("access.txt")
SERVICES = ("blacklist", "credit-push", "notifier")
OFFICE_ROLES = ("clerk", "reviewer", "decider", "supervisor", "operator", "auditor", "system-admin")
ARGUMENTS = {"filename": "theme.css", "form": "csv", "slug": "not-found", "action": "submit"}
STRANGERS = (401, 302, 303)
FILE = {"file": b"", "kind": "evidence"}
BODIES: dict[str, Any] = {
    "POST /adoptions/<adoption_id>/refuse": {"reason": "不属于本部门"},
    "POST /api/v1/adoptions/<adoption_id>/refuse": {"reason": "不属于本部门"},
    "PATCH /api/v1/cases/<case_id>": {"version": 1, "misconduct": {"facts": "新"}},
    "POST /api/v1/cases/<case_id>/attachments": FILE,
    "POST /cases/<case_id>/attachments": FILE,
    "POST /api/v1/cases/<case_id>/links": {"parent_id": "{other_id}", "relation": "affiliate"},
    "POST /api/v1/cases/<case_id>/transitions": {"action": "submit", "version": 1},
    "PUT /api/v1/items/<uuid:item_id>": {
        "edition": 1,
        "catalogue_code": "x",
        "kind": "announcement",
        "title": "新",
        "formed_on": "2026-11-02",
    },
    "POST /api/v1/items/<uuid:item_id>/actions": {"action": "submit", "edition": 1},
    "POST /api/v1/items/<uuid:item_id>/channel-drafts": {"channel": "weibo"},
    "POST /api/v1/items/<uuid:item_id>/files": {"file": b""},
    "POST /openness-desk/<item_id>/files": {"file": b""},
    "POST /openness-desk/<item_id>/actions/<action>": {"edition": "1"},
    "POST /api/v1/channel-drafts/<uuid:draft_id>/actions": {"action": "approve"},
    "POST /api/v1/listing-texts/<uuid:text_id>/actions": {"action": "approve"},
    "POST /api/v1/opinions/<uuid:opinion_id>/actions": {"action": "raise"},
    "POST /api/v1/supervision-reports/<uuid:report_id>/actions": {"action": "accept"},
    "POST /api/v1/supervision-reports/<uuid:report_id>/reporter": {"purpose": "核实情况"},
    "POST /reports-desk/<report_id>/reporter": {"purpose": "核实情况"},
    "POST /api/v1/supervision/annual-reports/<uuid:report_id>/return": {"reason": "数据有误"},
    "POST /api/v1/duties/<uuid:duty_id>/extend": {"working_days": 1, "reason": "情况复杂"},
    "POST /api/v1/duties/<uuid:duty_id>/pause": {"reason": "行政复议"},
    "POST /cases/<case_id>/actions/<action>": {"version": "1"},
    "POST /cases/<case_id>/edit": {"version": "1"},
    "PATCH /notices/api/v1/robots/<robot_id>": {"version": 1, "enabled": False},
    "PATCH /notices/api/v1/webhooks/<webhook_id>": {"version": 1, "name": "新名"},
    "POST /notices/api/v1/webhooks/<webhook_id>/secret": {"version": 1},
    "POST /notices/api/v1/webhooks/<webhook_id>/replays": {"since": "2026-11-01T00:00:00Z"},
    "POST /push/api/v1/listings/<listing_id>/appearances": {"platform": "credit-hebei", "seen": "displayed"},
    "POST /push/listings/<listing_id>/appearances": {"platform": "credit-hebei", "seen": "displayed"},
    "POST /push/deliveries/<delivery_id>/proposals": {"action": "retry", "reason": "平台误退"},
    "POST /push/deliveries/<delivery_id>/replay": {"reason": "平台误退"},
    "POST /api/v1/imports/<import_id>/decisions": {"decision": "keep", "hint": "duplicate"},
    "POST /api/v1/imports/<import_id>/corrections": {"file": b""},
    "POST /imports/<import_id>/corrections": {"file": b""},
}
"""What a request must carry to get as far as the thing it names."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    service: str
    method: str
    path: str
    who: tuple[str, ...]
    thing: str
    everywhere: frozenset[str]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(each for each in self.who if each in ROLES)

    @property
    def scope(self) -> str | None:
        return next((each[4:] for each in self.who if each.startswith("key:")), None)

    def permits(self, role: str) -> bool:
        return self.who[0] in {"public", "proof", "signed-in"} or role in self.roles

    def url(self, values: dict[str, str]) -> str:
        known = {**ARGUMENTS, **values}
        return re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda found: known.get(found[1], NOBODY), self.path)


def table() -> Iterator[Row]:
    service = ""
    for line in TABLE.read_text("utf-8").splitlines():
        if line.startswith("["):
            service = line.strip("[]")
        elif line.strip() and not line.startswith("#"):
            route, who, thing = (part.strip() for part in line.split(" | "))
            method, path = route.split(" ", 1)
            kind, *free = thing.split(" !")
            yield Row(service, method, path, tuple(who.split()), kind, frozenset(free))


ROWS = list(table())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return open_world(tmp_path_factory.mktemp("access"))


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_has_its_row_and_every_row_its_route(world: World, service: str) -> None:
    routes = {
        f"{method} {rule.rule}"
        for rule in world.clients[service].application.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    rows = [row.name for row in ROWS if row.service == service]
    assert len(rows) == len(set(rows)), "a route with two rows"
    assert not routes - set(rows), f"routes without a row in {TABLE.name}"
    assert not set(rows) - routes, f"rows without a route in {TABLE.name}"


def test_rows_name_known_roles() -> None:
    words = {"public", "proof", "signed-in"}
    unknown = {each for row in ROWS for each in row.who if not each.startswith("key:")} - words - set(ROLES)
    assert not unknown


def asked(world: World, row: Row, who: Principal | None, **more: Any) -> int:
    return int(world.call(row.service, row.method, row.url({}), who, **more).status_code)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_roles(world: World, row: Row) -> None:
    """Strangers and other roles are kept out before anything is read; the row's own roles get in."""
    stranger = asked(world, row, None)
    if row.who[0] == "public":
        assert stranger not in {401, 403}
        return
    if row.who[0] == "proof":
        return
    assert stranger in STRANGERS
    for role in ROLES:
        answer = asked(world, row, world.people[role, HOME])
        if row.permits(role):
            assert answer not in {401, 403}, f"{role} is kept out"
        else:
            assert answer == 403, f"{role} gets {answer}"


@pytest.mark.parametrize("row", [row for row in ROWS if row.service == "blacklist"], ids=lambda row: row.name)
def test_keys(world: World, row: Row) -> None:
    """A department's system passes by its scope alone."""
    if row.who[0] in {"public", "proof"}:
        return
    for scope, key in world.keys.items():
        answer = asked(world, row, None, key=key)
        assert (answer not in {401, 403}) if scope == row.scope else (answer in {401, 403, 303}), scope


def _with(body: Any, thing: dict[str, str]) -> Any:
    """A body may name a variable of the thing by {braces}."""
    if not isinstance(body, dict):
        return body
    return {key: each.format(**thing) if isinstance(each, str) else each for key, each in body.items()}


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.thing != "-" and "-" not in row.thing], ids=lambda row: row.name
)
def test_another_departments_things_do_not_exist(world: World, row: Row) -> None:
    roles = sorted(row.roles) if row.roles else OFFICE_ROLES
    for role in roles:
        thing = world.made(row.thing)
        url, body = row.url(thing), _with(BODIES.get(row.name), thing)
        theirs = world.call(row.service, row.method, url, world.people[role, AWAY], body)
        if role in row.everywhere:
            assert theirs.status_code < 400
            continue
        assert theirs.status_code == 404, f"{role} elsewhere gets {theirs.status_code}: {theirs.text[:300]}"
        ours = world.call(row.service, row.method, url, world.people[role, HOME], body)
        seen = ours.status_code
        assert seen not in {401, 404}, f"{role} at home gets {seen}: {ours.text[:300]}"


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.thing.startswith("list-")], ids=lambda row: row.name
)
def test_lists_show_ones_own_only(world: World, row: Row) -> None:
    kind = row.thing.removeprefix("list-")
    thing = world.made("duty" if "duties" in row.path else kind)
    wanted = thing[f"{kind}_id"]
    for role in sorted(row.roles) if row.roles else OFFICE_ROLES:
        theirs = world.call(row.service, row.method, row.url({}), world.people[role, AWAY])
        assert theirs.status_code == 200
        assert (wanted in theirs.text) == (role in row.everywhere), f"{role} elsewhere"
    if "requests" not in row.path:
        roles = sorted(row.roles) or ["clerk"]
        shown = [world.call(row.service, "GET", row.url({}), world.people[role, HOME]).text for role in roles]
        assert any(wanted in text for text in shown), "nobody at home sees it"


def test_rows_of_a_bulk_are_refused_one_by_one(world: World) -> None:
    case_id, clerk = world.made("case")["case_id"], world.people["clerk", AWAY]
    body = {"action": "submit", "items": [{"id": case_id, "version": 1}]}
    answer = world.call("blacklist", "POST", "/api/v1/cases/transitions", clerk, body).get_json()
    assert [item["problem"]["status"] for item in answer["items"]] == [404]
