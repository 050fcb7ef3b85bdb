"""Institutions that apply measures are told to stop, acknowledge, and are shown while they have not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from services.notifier.app import create_app, open_deps
from services.notifier.following import follow_cases
from services.notifier.models import Base, Dispatch, Notice
from services.notifier.settings import read_settings
from services.notifier.usecases.escalating import climb
from shared.calendar import builtin_calendar
from shared.clock import FixedClock
from shared.contracts.envelope import Event
from shared.web.access import Principal
from shared.web.tokens import issue_token
from tests.harness.notices import ANXI, CITY, HOUSING, case_event, hire_staff

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CHANNELS = frozenset({"inbox", "email"})
CASE = "0199a000-0000-7000-8000-00000000000a"


def officer(role: str, department: str, region: str) -> Principal:
    key = f"{role}-{department}"
    return Principal(key, key, "李示例", department, "部门", region, frozenset({role}), session_id=key)


AT_HOME = officer("decider", HOUSING, "130102")
KEEPER_IN_CITY = officer("operator", CITY, "130100")
SUPERVISOR = officer("supervisor", CITY, "130100")
KEEPER_ELSEWHERE = officer("operator", ANXI, "350524")


class World:
    """The notifier's application on one database; the clock is moved by hand."""

    def __init__(self, folder: Path) -> None:
        settings = read_settings({"DATA_DIR": str(folder)})
        deps = open_deps(settings)
        Base.metadata.create_all(deps.db.engine)
        self.db, self.keyring, self.clock = deps.db, deps.keyring, FixedClock(NOW)
        app = create_app(settings, type(deps)(**{**vars(deps), "clock": self.clock}))
        self.client: FlaskClient = app.test_client()
        with self.db.write() as session:
            hire_staff(session)

    def call(self, method: str, path: str, who: Principal, **options: Any) -> Any:
        token = issue_token(self.keyring, who, self.clock.system_now())[0]
        headers = {"Authorization": f"Bearer {token}"}
        return self.client.open(f"/notices{path}", method=method, headers=headers, **options)

    def hear(self, *events: Event) -> None:
        handle = follow_cases(self.clock, CHANNELS, builtin_calendar())
        with self.db.write() as session:
            handle(session, list(events))

    def stops(self, who: Principal, query: str = "") -> list[dict[str, Any]]:
        return list(self.call("GET", f"/api/v1/stops{query}", who).get_json()["items"])

    def climb(self) -> None:
        with self.db.write() as session:
            climb(session, self.clock, calendar=builtin_calendar(), channels=CHANNELS)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("stops"))


@pytest.fixture
def world(built: World) -> Iterator[World]:
    built.clock.set(NOW)
    yield built
    with built.db.write() as session:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name not in {"departments", "users", "user_roles"}:
                session.execute(table.delete())


def ended(event_type: str = "case.removed", **changes: Any) -> Event:
    occurred = {"occurred_at": NOW, "case_id": CASE}
    return case_event(event_type, **{**occurred, **changes})


def subscribe(world: World, who: Principal, region: str, domain: str | None = None) -> str:
    body = {"region": region, "domain": domain}
    made = world.call("POST", "/api/v1/enforcement", who, json=body)
    assert made.status_code == 201
    return str(made.get_json()["id"])


@pytest.fixture
def told(world: World) -> World:
    world.clock.set(datetime(2026, 10, 1, tzinfo=UTC))
    subscribe(world, KEEPER_IN_CITY, "130100", "engineering-tendering")
    subscribe(world, KEEPER_ELSEWHERE, "350524")
    world.clock.set(NOW)
    event = ended()
    world.hear(event)
    world.hear(event)
    return world


def test_those_concerned_are_told_once_and_the_deciding_department_sees_who_has_not(told: World) -> None:
    (item,) = told.stops(AT_HOME, "?outstanding=true")
    assert (item["institution_id"], item["cause"], item["must_stop"]) == (CITY, "移出名单", True)
    assert item["case_id"] == CASE
    assert "尚未签收" in told.call("GET", "/stops", AT_HOME).text
    assert len(told.stops(SUPERVISOR)) == 1, "the supervisor of the region above sees it"
    assert told.stops(KEEPER_ELSEWHERE) == []
    with told.db.read() as session:
        sent = session.scalars(select(Dispatch.target).where(Dispatch.channel == "email")).all()
    assert sent == [] or all(target.startswith(("user:", "department:")) for target in sent)
    signed = told.call("POST", f"/api/v1/notices/{item['notice_id']}/acknowledgement", KEEPER_IN_CITY)
    assert signed.status_code == 200
    assert told.stops(AT_HOME, "?outstanding=true") == []
    (item,) = told.stops(AT_HOME, f"?case_id={CASE}")
    assert item["acknowledged_by"] == "李示例"
    assert "已签收" in told.call("GET", "/stops?show=all", AT_HOME).text


def test_the_ladder_climbs_until_somebody_acknowledges(told: World) -> None:
    for _ in range(20):
        told.clock.advance(timedelta(hours=4))
        told.climb()
    (item,) = told.stops(AT_HOME, "?outstanding=true")
    assert "催办" in item["escalation"]
    with told.db.read() as session:
        rungs = session.scalars(select(Notice).where(Notice.event_type.like("escalation.%"))).all()
    assert {(row.department_id, row.event_type) for row in rungs} >= {
        (CITY, "escalation.section"),
        (CITY, "escalation.leader"),
    }
    told.call("POST", f"/api/v1/notices/{item['notice_id']}/acknowledgement", KEEPER_IN_CITY)
    before = len(rungs)
    for _ in range(10):
        told.clock.advance(timedelta(hours=4))
        told.climb()
    with told.db.read() as session:
        again = session.scalars(select(Notice).where(Notice.event_type.like("escalation.%"))).all()
    assert len(again) == before


def test_every_end_counts_and_a_return_needs_no_acknowledgement(told: World) -> None:
    others = ("revoked", "expired", "suspended", "shielded", "restored", "unshielded", "suspension-lapsed")
    told.hear(*[ended(f"case.{verb}", sequence=number + 2) for number, verb in enumerate(others)])
    told.hear(ended("case.published", sequence=20))
    items = told.stops(AT_HOME)
    assert sum(item["must_stop"] for item in items) == 5
    assert sum(not item["must_stop"] for item in items) == 3
    assert len(told.stops(AT_HOME, "?outstanding=true")) == 5


def test_only_its_field_and_only_from_then_on(world: World) -> None:
    key = subscribe(world, KEEPER_IN_CITY, "130100", "tax")
    assert subscribe(world, KEEPER_IN_CITY, "130100", "tax") == key, "stating it again changes nothing"
    world.hear(ended())
    assert world.stops(AT_HOME) == [], "another field"
    world.clock.advance(timedelta(minutes=1))
    subscribe(world, KEEPER_IN_CITY, "130102")
    world.hear(ended())
    assert world.stops(AT_HOME) == [], "what happened before anybody stated it is not told"
    world.call("DELETE", f"/api/v1/enforcement/{key}", KEEPER_IN_CITY)
    listed = world.call("GET", "/api/v1/enforcement", KEEPER_IN_CITY).get_json()["items"]
    assert [(each["domain_name"], each["region"]) for each in listed] == [("全部领域", "130102")]


def test_a_department_states_only_its_own(world: World) -> None:
    key = subscribe(world, KEEPER_IN_CITY, "130100")
    assert world.call("DELETE", f"/api/v1/enforcement/{key}", KEEPER_ELSEWHERE).status_code == 404
    assert world.call("POST", f"/enforcement/{key}/removal", KEEPER_ELSEWHERE).status_code == 404
    assert world.call("POST", "/api/v1/enforcement", AT_HOME, json={"region": "130102"}).status_code == 403
    wrong = world.call("POST", "/enforcement", KEEPER_IN_CITY, data={"region": "99", "domain": "x"})
    assert wrong.status_code == 422
    for elsewhere in ("130000", "000000", "350524"):
        body = {"region": elsewhere, "domain": None}
        refused = world.call("POST", "/api/v1/enforcement", KEEPER_IN_CITY, json=body)
        assert (refused.status_code, refused.get_json()["fields"][0]["pointer"]) == (422, "/region"), (
            elsewhere
        )
    right = world.call("POST", "/enforcement", KEEPER_IN_CITY, data={"region": "130102", "domain": ""})
    assert right.status_code == 303
    assert "全部领域" in world.call("GET", "/enforcement", KEEPER_IN_CITY).text
    assert world.call("POST", f"/enforcement/{key}/removal", KEEPER_IN_CITY).status_code == 303


def test_who_would_be_told_is_shown_before_anything_ends(world: World) -> None:
    assert "还没有单位登记" in world.call("GET", "/stops", AT_HOME).text
    subscribe(world, KEEPER_IN_CITY, "130100", "engineering-tendering")
    subscribe(world, KEEPER_ELSEWHERE, "350524")
    shown = world.call("GET", "/api/v1/institutions", AT_HOME).get_json()["items"]
    assert [(each["institution_id"], each["domain"]) for each in shown] == [(CITY, "engineering-tendering")]
    assert "会收到须签收的通知" in world.call("GET", "/stops", AT_HOME).text
