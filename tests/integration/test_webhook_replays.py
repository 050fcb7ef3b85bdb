"""A webhook is sent again what it should have got; who keeps it is warned before and when it is disabled."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from services.notifier.app import create_app, open_deps
from services.notifier.consumes import hear_news
from services.notifier.models import Base, Dispatch, Notice, WebhookEndpoint
from services.notifier.settings import read_settings
from services.notifier.usecases import replaying
from services.notifier.usecases.receivers import Failure, consider_receivers
from shared.clock import FixedClock
from shared.errors import DeliveryError
from shared.web.access import Principal
from shared.web.tokens import COOKIE, issue_token
from tests.harness.notices import HOUSING, OPERATOR, case_event, hire_staff

NOW = datetime.now(UTC)
CHANNELS = frozenset({"inbox", "email", "webhook"})
KEEPER = Principal(
    OPERATOR, OPERATOR, "示例运维", HOUSING, "住建局", "130102", frozenset({"operator"}), session_id="k"
)
STRANGER = Principal("x", "x", "外人", "dep-other", "别处", "350524", frozenset({"operator"}), session_id="x")
HOOK = {"name": "自有系统", "url": "https://hooks.example.com/in", "event_types": ["case.*"]}


class World:
    """The notifier with one webhook; the clock is moved by hand."""

    def __init__(self, folder: Path) -> None:
        settings = read_settings({"DATA_DIR": str(folder)})
        deps = open_deps(settings)
        Base.metadata.create_all(deps.db.engine)
        self.db, self.keyring, self.clock = deps.db, deps.keyring, FixedClock(NOW)
        app = create_app(settings, type(deps)(**{**vars(deps), "clock": self.clock}))
        self.client: FlaskClient = app.test_client()
        self.hook = ""

    def call(self, method: str, path: str, body: Any = None, who: Principal = KEEPER) -> Any:
        headers = {"Authorization": f"Bearer {issue_token(self.keyring, who, self.clock.system_now())[0]}"}
        return self.client.open(f"/notices/api/v1/webhooks{path}", method=method, json=body, headers=headers)

    def browse(self, path: str, form: dict[str, Any] | None = None) -> Any:
        self.client.set_cookie(COOKIE, issue_token(self.keyring, KEEPER, self.clock.system_now())[0])
        headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
        url = f"/notices/webhooks/{self.hook}{path}"
        if form is None:
            return self.client.get(url, headers=headers)
        return self.client.post(url, data=form, headers=headers)

    def hear(self, state: str | None = None) -> str:
        """One event more, and where its dispatch to the webhook has got to; the number of that dispatch."""
        with self.db.write() as session:
            hear_news(self.clock, CHANNELS)(session, [case_event()])
            newest = select(Dispatch.id).where(Dispatch.channel == "webhook").order_by(Dispatch.id.desc())
            key = str(session.scalars(newest).first())
            if state:
                values = {"state": state, "attempts_count": 8, "settled_at": self.clock.system_now()}
                session.execute(update(Dispatch).where(Dispatch.id == key).values(values))
        return key

    def switch(self, *, enabled: bool) -> None:
        with self.db.write() as session:
            session.execute(update(WebhookEndpoint).values(enabled=enabled))

    def replay(self, **given: Any) -> Any:
        body = {"since": (self.clock.system_now() - timedelta(hours=1)).isoformat(), **given}
        return self.call("POST", f"/{self.hook}/replays", body)

    def waiting(self) -> list[str]:
        with self.db.read() as session:
            mine = select(Dispatch.id).where(Dispatch.channel == "webhook", Dispatch.state == "waiting")
            return list(session.scalars(mine.order_by(Dispatch.id)))

    def warnings(self) -> list[Notice]:
        with self.db.read() as session:
            told = select(Notice).where(Notice.event_type.startswith("receiver."))
            return list(session.scalars(told.order_by(Notice.id)))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("replays"))


@pytest.fixture
def world(built: World) -> World:
    built.clock.set(datetime.now(UTC))
    with built.db.write() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())
        hire_staff(session)
    built.hook = built.call("POST", "", HOOK).get_json()["id"]
    return built


def settle(world: World, state: str) -> None:
    with world.db.write() as session:
        session.execute(update(Dispatch).where(Dispatch.channel == "webhook").values(state=state))


def test_what_failed_or_was_missed_goes_out_again_under_its_number(world: World) -> None:
    dead, had = world.hear("dead"), world.hear("accepted")
    world.switch(enabled=False)
    world.hear()
    world.switch(enabled=True)
    world.clock.advance(timedelta(minutes=1))
    made = world.replay(until="9999-12-31T23:59:59-23:59")
    assert made.status_code == 202, made.text
    view = made.get_json()
    counts = {name: view[name] for name in ("total", "made_up", "waiting", "delivered", "left_over", "done")}
    assert counts == {
        "total": 2, "made_up": 1, "waiting": 2, "delivered": 0, "left_over": 0, "done": False,
    }  # fmt: skip
    queued = world.waiting()
    assert dead in queued
    assert had not in queued
    assert world.replay().get_json()["total"] == 0, "what is under way is not queued twice"
    settle(world, "accepted")
    seen = world.call("GET", f"/{world.hook}/replays/{view['id']}").get_json()
    assert (seen["delivered"], seen["failed"], seen["done"]) == (2, 0, True)
    again = world.replay(failed_only=False).get_json()
    assert (again["total"], again["made_up"]) == (3, 0)
    assert sorted([had, *queued]) == world.waiting()
    assert len(world.call("GET", f"/{world.hook}/replays").get_json()["items"]) == 3


def test_the_same_request_again_gives_the_first_answer(world: World) -> None:
    world.hear("accepted")
    world.clock.advance(timedelta(minutes=1))
    now = world.clock.system_now()
    token = issue_token(world.keyring, KEEPER, now)[0]
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "replay-1"}
    body = {"since": (now - timedelta(hours=1)).isoformat(), "failed_only": False}
    path = f"/notices/api/v1/webhooks/{world.hook}/replays"
    first = world.client.post(path, json=body, headers=headers)
    settle(world, "accepted")
    again = world.client.post(path, json=body, headers=headers)
    assert (first.status_code, again.status_code, again.get_json()) == (202, 202, first.get_json())
    assert world.waiting() == []


def test_one_replay_is_bounded_and_says_what_is_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "MOST", 2)
    keys = [world.hear("dead") for _ in range(3)]
    world.clock.advance(timedelta(minutes=1))
    assert (world.replay().get_json()["total"], world.waiting()) == (2, keys[:2]), "the oldest first"
    assert world.replay().get_json()["type"].endswith("webhook-replay-busy")
    settle(world, "accepted")
    settle_one = update(Dispatch).where(Dispatch.id == keys[2]).values(state="dead")
    with world.db.write() as session:
        session.execute(settle_one)
    assert world.replay().get_json()["left_over"] == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"since": "2026-11-01T00:00:00"}, 422),
        ({"since": "1970-01-01T00:00:00+00:00"}, 422),
        ({"since": "2999-01-01T00:00:00+00:00"}, 422),
        ({"since": "0001-01-01T00:00:00+23:59", "until": "0001-01-01T00:00:00+23:59"}, 422),
        ({"failed_only": 1}, 422),
    ],
)
def test_windows_that_cannot_be_are_refused(world: World, body: dict[str, Any], status: int) -> None:
    refused = world.replay(**body)
    assert refused.status_code == status
    assert "Not a" not in refused.text, "said in Chinese"


def test_a_disabled_or_foreign_webhook_is_not_replayed(world: World) -> None:
    body = {"since": world.clock.system_now().isoformat()}
    assert world.call("POST", f"/{world.hook}/replays", body, STRANGER).status_code == 404
    assert world.call("GET", f"/{world.hook}/replays", None, STRANGER).status_code == 404
    assert world.call("GET", f"/{world.hook}/replays/nothing").status_code == 404
    world.switch(enabled=False)
    assert world.replay().get_json()["type"].endswith("webhook-disabled")


def test_the_page_replays_shows_progress_and_changes_filters(world: World) -> None:
    world.hear("dead")
    world.clock.advance(timedelta(minutes=1))
    asked = world.browse("/replays", {"since": "2020-01-01T00:00", "scope": "failed"})
    assert asked.status_code == 422
    assert "应在最近三十一天内" in asked.text
    assert "请填写日期和时间" in world.browse("/replays", {"since": "soon"}).text
    since = f"{world.clock.system_now() - timedelta(days=1):%Y-%m-%dT%H:%M}"
    assert world.browse("/replays", {"since": since, "scope": "failed"}).status_code == 303
    page = world.browse("").text
    assert "共 1 条" in page
    assert "刷新进度" in page
    form = world.browse("/edit").text
    assert 'value="case.*" checked' in form, "a filter given over HTTP is kept"
    given = {"name": "改名", "url": HOOK["url"], "event_types": ["case.removed"], "version": "1"}
    assert world.browse("/edit", given).status_code == 303
    assert "已被他人更新" in world.browse("/edit", given).text
    assert world.browse("/edit", {**given, "version": "2", "url": "https://10.0.0.1/"}).status_code == 422
    assert "改名" in world.browse("").text


def test_a_receiver_that_fails_is_warned_of_once_a_day_and_then_disabled_once(world: World) -> None:
    late = Failure(f"webhook:{world.hook}", 4, "waiting", DeliveryError("接收端答复 503", permanent=False))
    gone = Failure(f"webhook:{world.hook}", 8, "dead", DeliveryError("接收端答复 503", permanent=False))
    wrong = Failure(f"webhook:{world.hook}", 1, "dead", DeliveryError("接收端答复 400", permanent=True))
    days = [date(2026, 11, 23), date(2026, 11, 23), date(2026, 11, 24)]
    for failures, day in [([late, late], days[0]), ([late, wrong], days[1]), ([late, gone, gone], days[2])]:
        with world.db.write() as session:
            now = world.clock.system_now()
            consider_receivers(session, failures, channels=CHANNELS, today=day, now=now)
    told = world.warnings()
    assert [each.event_type.partition(".")[2] for each in told] == ["failing", "failing", "disabled"]
    assert {each.department_id for each in told} == {HOUSING}
    assert told[0].link == f"/notices/webhooks/{world.hook}"
    assert "接收端答复 503" in told[2].body
    page = world.browse("").text
    assert "已停用：连续投递失败" in page
    with world.db.read() as session:
        assert session.scalars(select(Dispatch).where(Dispatch.channel == "webhook")).all() == []
