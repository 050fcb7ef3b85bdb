"""The notification centre over HTTP, on both databases: JSON and pages, own department only, roles."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from services.notifier.app import create_app
from services.notifier.consumes import hear_news, learn_identity
from services.notifier.models import Base, Deps, Dispatch, Phone, outbox
from services.notifier.settings import read_settings
from shared.clock import FixedClock
from shared.contracts.envelope import new_event
from shared.crypto import KeyRing
from shared.db import Database
from shared.web.access import Principal
from shared.web.tokens import COOKIE, issue_token
from tests.harness.notices import (
    ANXI,
    AT,
    CITY,
    CLERK,
    DECIDER,
    HOUSING,
    OPERATOR,
    SUPERVISOR,
    case_event,
    delivery_event,
    duty_event,
    hire_staff,
    user_event,
)

pytestmark = pytest.mark.tables("services.notifier")

API = "/notices/api/v1"
PEOPLE = {
    CLERK: (HOUSING, "clerk"),
    DECIDER: (HOUSING, "decider"),
    OPERATOR: (HOUSING, "operator"),
    SUPERVISOR: (CITY, "supervisor"),
    "user-anxi": (ANXI, "clerk"),
    "user-anxi-operator": (ANXI, "operator"),
}
GOOD_HOOK = {"name": "自有系统", "url": "https://hooks.example.com/x", "event_types": ["case.*"]}

GOOD_ROBOT = {
    "channel": "dingtalk",
    "name": "工作群",
    "url": "https://oapi.dingtalk.com/robot/send?access_token=token-canary",
    "secret": "SECcanary",
    "event_types": ["case.*"],
}


class Site:
    """The application with a staff, and a way to call it as anyone."""

    def __init__(self, db: Database, tmp_path: Path) -> None:
        Base.metadata.create_all(db.engine)
        self.db = db
        self.clock = FixedClock(datetime.now(UTC))
        self.keyring = KeyRing.load_or_create(tmp_path / "keys.json")
        hosts = {"dingtalk": frozenset({"oapi.dingtalk.com"})}
        self.deps = Deps(db, self.clock, self.keyring, robot_hosts=hosts)
        settings = read_settings({"DATA_DIR": str(tmp_path)})
        self.client: FlaskClient = create_app(settings, self.deps).test_client()
        with db.write() as session:
            hire_staff(session)

    def token(self, user_id: str, session_id: str = "s1") -> str:
        department, role = PEOPLE[user_id]
        who = Principal(
            user_id,
            user_id,
            f"示例{role}",
            department,
            "部门",
            "130102",
            frozenset({role}),
            session_id=session_id,
        )
        return issue_token(self.keyring, who, self.clock.system_now())[0]

    def call(self, user_id: str, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token(user_id)}"}
        return self.client.open(API + path, method=method, json=body, headers=headers)

    def browse(self, user_id: str, path: str, form: dict[str, Any] | None = None) -> Any:
        self.client.set_cookie(COOKIE, self.token(user_id))
        headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
        if form is None:
            return self.client.get("/notices" + path, headers=headers)
        return self.client.post("/notices" + path, data=form, headers=headers)

    def hear(self, *events: Any) -> None:
        with self.db.write() as session:
            hear_news(self.clock, frozenset({"inbox", "email", "webhook"}))(session, list(events))

    def learn(self, *events: Any) -> None:
        with self.db.write() as session:
            learn_identity(session, list(events))


@pytest.fixture
def site(any_db: Database, tmp_path: Path) -> Iterator[Site]:
    return Site(any_db, tmp_path)


def items(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def test_a_department_sees_its_own_messages_newest_first(site):
    first, second = case_event(), case_event("case.revoked", sequence=2, reason="原处罚决定被撤销")
    site.hear(first, second)
    mine = items(site.call(CLERK, "GET", "/inbox"))
    assert [item["event_type"] for item in mine] == ["case.revoked", "case.published"]
    assert mine[1]["subject_id"] == first.subject
    assert mine[1]["document_number"] == "长住建罚〔2026〕12号"
    assert mine[1]["for_me"] is True
    assert "原处罚决定被撤销" in mine[0]["body"]
    assert len(items(site.call(SUPERVISOR, "GET", "/inbox"))) == 2
    assert items(site.call("user-anxi", "GET", "/inbox")) == []


def test_the_inbox_pages_and_filters(site):
    site.hear(*[case_event(sequence=1) for _ in range(5)], duty_event())
    page = site.call(CLERK, "GET", "/inbox?limit=4").json
    rest = site.call(CLERK, "GET", f"/inbox?limit=4&cursor={page['next']}").json
    assert len(page["items"]) == 4
    assert len(rest["items"]) == 2
    assert rest["next"] is None
    assert len(items(site.call(CLERK, "GET", "/inbox?event_type=duty.overdue"))) == 1
    assert len(items(site.call(CLERK, "GET", "/inbox?severity=urgent"))) == 1
    assert len(items(site.call(CLERK, "GET", "/inbox?subject_id=case-1"))) == 1
    for who in (CLERK, OPERATOR):
        whole = items(site.call(who, "GET", "/inbox"))
        assert items(site.call(who, "GET", "/inbox?for_me=true")) == [e for e in whole if e["for_me"]]
        assert items(site.call(who, "GET", "/inbox?for_me=false")) == [e for e in whole if not e["for_me"]]


def test_acknowledging_is_personal_and_the_first_one_counts_for_the_department(site):
    site.hear(case_event(), duty_event())
    ids = [item["id"] for item in items(site.call(CLERK, "GET", "/inbox?unread=true"))]
    answer = site.call(CLERK, "POST", "/inbox/acknowledgements", {"ids": [*ids, "nothing"]})
    assert {item["result"] for item in items(answer)} == {"acknowledged", "not-found"}
    again = site.call(CLERK, "POST", "/inbox/acknowledgements", {"ids": ids})
    assert {item["result"] for item in items(again)} == {"already"}
    assert items(site.call(CLERK, "GET", "/inbox?unread=true")) == []
    other = items(site.call(DECIDER, "GET", "/inbox?unread=true"))
    assert {item["acknowledged_by"] for item in other} == {"示例clerk"}
    assert site.call(DECIDER, "POST", f"/notices/{ids[0]}/acknowledgement").json["read"] is True
    with site.db.read() as session:
        told = [h for h in session.scalars(select(outbox.c.headers)) if "notice.acknowledged" in h]
    assert len(told) == 2


def test_others_messages_cannot_be_seen_or_acknowledged(site):
    site.hear(case_event())
    notice_id = items(site.call(CLERK, "GET", "/inbox"))[0]["id"]
    assert site.call(CLERK, "GET", f"/notices/{notice_id}").status_code == 200
    assert site.call("user-anxi", "GET", f"/notices/{notice_id}").status_code == 404
    assert site.call("user-anxi", "POST", f"/notices/{notice_id}/acknowledgement").status_code == 404
    answer = site.call("user-anxi", "POST", "/inbox/acknowledgements", {"ids": [notice_id]})
    assert items(answer)[0]["result"] == "not-found"


def test_deliveries_show_every_attempt_with_masked_addresses(site):
    site.hear(case_event())
    found = items(site.call(CLERK, "GET", "/deliveries"))
    assert {item["channel"] for item in found} == {"inbox", "email"}
    inbox = next(item for item in found if item["channel"] == "inbox")
    assert inbox["attempts"][0]["outcome"] == "delivered"
    assert "user-clerk@" not in str(found)
    assert len(items(site.call(CLERK, "GET", "/deliveries?channel=email&state=waiting"))) == 2
    assert items(site.call("user-anxi", "GET", "/deliveries")) == []


def test_only_keepers_send_again_and_only_what_is_dead(site):
    site.hear(case_event())
    found = items(site.call(CLERK, "GET", "/deliveries?channel=email"))[0]
    assert site.call(CLERK, "POST", f"/deliveries/{found['id']}/retry").status_code == 403
    assert site.call(OPERATOR, "POST", f"/deliveries/{found['id']}/retry").status_code == 409
    with site.db.write() as session:
        session.execute(update(Dispatch).where(Dispatch.id == found["id"]).values(state="dead"))
    assert site.call("user-anxi-operator", "POST", f"/deliveries/{found['id']}/retry").status_code == 404
    assert site.call(OPERATOR, "POST", f"/deliveries/{found['id']}/retry").json["state"] == "waiting"


def test_subscriptions_say_who_hears_what_and_keep_the_floor(site):
    found = {item["event"]: item for item in items(site.call(CLERK, "GET", "/subscriptions"))}
    assert found["case.published"]["for_me"]
    assert found["duty.overdue"]["roles"] == ["clerk", "reviewer", "supervisor"]
    off = {"channel": "email", "enabled": False}
    changed = site.call(CLERK, "PUT", "/subscriptions/case.published", off).json
    assert [c["enabled"] for c in changed["channels"] if c["channel"] == "email"] == [False]
    assert site.call(CLERK, "PUT", "/subscriptions/duty.overdue", off).json["slug"] == "channel-required"
    inbox_off = {"channel": "inbox", "enabled": False}
    assert site.call(CLERK, "PUT", "/subscriptions/case.published", inbox_off).status_code == 422
    assert site.call(CLERK, "PUT", "/subscriptions/case.nothing", off).status_code == 404


def test_webhooks_are_kept_by_operators_of_the_department(site):
    assert site.call(CLERK, "POST", "/webhooks", GOOD_HOOK).status_code == 403
    made = site.call(OPERATOR, "POST", "/webhooks", GOOD_HOOK)
    assert made.status_code == 201
    secret, hook_id = made.json["secret"], made.json["id"]
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    seen = site.call(CLERK, "GET", f"/webhooks/{hook_id}")
    assert seen.status_code == 200
    assert "secret" not in seen.json
    assert site.call("user-anxi-operator", "GET", f"/webhooks/{hook_id}").status_code == 404
    assert items(site.call("user-anxi-operator", "GET", "/webhooks")) == []
    rotated = site.call(OPERATOR, "POST", f"/webhooks/{hook_id}/secret", {"version": 1})
    assert rotated.json["secret"] != secret
    assert rotated.json["old_secret_until"]
    stale = site.call(OPERATOR, "PATCH", f"/webhooks/{hook_id}", {"version": 1, "enabled": False})
    assert stale.json["slug"] == "version-conflict"
    off = site.call(OPERATOR, "PATCH", f"/webhooks/{hook_id}", {"version": 2, "enabled": False})
    assert off.json["enabled"] is False
    assert site.call(OPERATOR, "POST", f"/webhooks/{hook_id}/test").status_code == 409
    site.call(OPERATOR, "PATCH", f"/webhooks/{hook_id}", {"version": 3, "enabled": True})
    tried = site.call(OPERATOR, "POST", f"/webhooks/{hook_id}/test")
    assert tried.status_code == 202
    queued = items(site.call(OPERATOR, "GET", "/deliveries?channel=webhook"))
    assert [item["id"] for item in queued] == [tried.json["delivery_id"]]
    assert site.call(OPERATOR, "DELETE", f"/webhooks/{hook_id}").status_code == 204
    assert site.call(OPERATOR, "GET", f"/webhooks/{hook_id}").status_code == 404
    assert items(site.call(CLERK, "GET", "/inbox")) == []


WRONG_HOOKS = [
    ({"url": "http://hooks.example.com/"}, "/url"),
    ({"url": "https://127.1/"}, "/url"),
    ({"url": "https://[::ffff:10.0.0.1]/"}, "/url"),
    ({"url": "https://localhost/"}, "/url"),
    ({"url": "https://a:b@hooks.example.com/"}, "/url"),
    ({"url": "not a url"}, "/url"),
    ({"url": "https://[::1/"}, "/url"),
    ({"url": 7}, "/url"),
    ({"url": "https://hooks.example.com/" + "x" * 500}, "/url"),
    ({"name": ""}, "/name"),
    ({"name": "两\n行"}, "/name"),
    ({"event_types": ["case.invented"]}, "/event_types/0"),
    ({"event_types": ["CASE"]}, "/event_types/0"),
    ({"event_types": "case.published"}, "/event_types"),
    ({"department_id": ANXI}, "/department_id"),
]


def test_a_wrong_webhook_is_refused_by_field(site):
    for change, pointer in WRONG_HOOKS:
        answer = site.call(OPERATOR, "POST", "/webhooks", {**GOOD_HOOK, **change})
        assert answer.status_code == 422, change
        assert answer.mimetype == "application/problem+json"
        assert pointer in [field["pointer"] for field in answer.json["fields"]], change


def test_nobody_is_let_in_without_a_token(site):
    for path in ("/inbox", "/subscriptions", "/deliveries", "/webhooks"):
        assert site.client.get(API + path).status_code == 401


def test_signing_out_and_disabling_end_access_with_the_event(site):
    assert site.call(CLERK, "GET", "/inbox").status_code == 200
    data = {"user_id": CLERK, "session_id": "s1", "issued_before": None, "recorded_at": AT}
    site.learn(new_event("session.revoked", source="blacklist", subject="s1", sequence=1, data=data, at=AT))
    assert site.call(CLERK, "GET", "/inbox").status_code == 401
    site.learn(user_event(DECIDER, sequence=2, disabled=True, recorded_at=site.clock.now()))
    assert site.call(DECIDER, "GET", "/inbox").status_code == 401


def test_a_token_of_another_key_is_refused(site, tmp_path):
    other = KeyRing.load_or_create(tmp_path / "other.json")
    who = Principal(CLERK, CLERK, "x", HOUSING, "y", "130102", frozenset({"clerk"}), session_id="s")
    token, _ = issue_token(other, who, site.clock.system_now())
    answer = site.client.get(API + "/inbox", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


def test_the_inbox_page_shows_filters_and_acknowledges_in_bulk(site):
    site.hear(case_event(), duty_event())
    page = site.browse(CLERK, "/")
    assert page.status_code == 200
    assert "已公示：华景建设工程有限公司列入公共资源配置领域黑名单" in page.text
    ids = [item["id"] for item in items(site.call(CLERK, "GET", "/inbox"))]
    done = site.browse(CLERK, "/acknowledgements", {"id": ids, "next": "/notices/?show=unread"})
    assert (done.status_code, done.headers["Location"]) == (303, "/notices/?show=unread")
    assert "没有消息" in site.browse(CLERK, "/?show=unread").text
    away = site.browse(CLERK, "/acknowledgements", {"id": ids, "next": "https://evil.example/"})
    assert away.headers["Location"] == "/notices/"


PAGES = (
    "/",
    "/deliveries",
    "/subscriptions",
    "/webhooks",
    "/webhooks/new",
    "/robots",
    "/robots/new",
    "/docs",
    "/problems/channel-required",
)


def test_every_page_stands_empty_and_full(site):
    assert {path: site.browse(OPERATOR, path).status_code for path in PAGES} == dict.fromkeys(PAGES, 200)
    site.hear(case_event(subject_name="<script>alert(1)</script>"), delivery_event())
    site.call(OPERATOR, "POST", "/webhooks", GOOD_HOOK)
    for path in PAGES:
        page = site.browse(OPERATOR, path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text


def test_the_page_of_a_message_says_how_far_it_was_escalated(site):
    site.hear(duty_event())
    notice_id = items(site.call(CLERK, "GET", "/inbox"))[0]["id"]
    assert "已催办0次" in site.browse(CLERK, f"/messages/{notice_id}").text


def test_one_message_page(site):
    site.hear(case_event())
    notice_id = items(site.call(CLERK, "GET", "/inbox"))[0]["id"]
    page = site.browse(CLERK, f"/messages/{notice_id}")
    assert page.status_code == 200
    assert "/cases/" in page.text
    assert site.browse("user-anxi", f"/messages/{notice_id}").status_code == 404


def test_robots_are_kept_by_operators_of_the_department(site):
    assert site.call(CLERK, "POST", "/robots", GOOD_ROBOT).status_code == 403
    wrong = site.call(OPERATOR, "POST", "/robots", {**GOOD_ROBOT, "url": "https://evil.example/robot"})
    assert wrong.status_code == 422
    made = site.call(OPERATOR, "POST", "/robots", GOOD_ROBOT)
    assert made.status_code == 201
    assert made.json["signed"] is True
    robot = made.json["id"]
    for seen in (made, site.call(CLERK, "GET", "/robots")):
        assert "token-canary" not in seen.text
        assert "SECcanary" not in seen.text
    assert items(site.call("user-anxi-operator", "GET", "/robots")) == []
    assert site.call("user-anxi-operator", "POST", f"/robots/{robot}/test").status_code == 404
    assert site.call(OPERATOR, "POST", f"/robots/{robot}/test").status_code == 202
    off = {"version": 1, "enabled": False}
    assert site.call(OPERATOR, "PATCH", f"/robots/{robot}", off).json["enabled"] is False
    assert site.call(OPERATOR, "PATCH", f"/robots/{robot}", off).status_code == 409
    assert site.call(OPERATOR, "POST", f"/robots/{robot}/test").status_code == 409
    assert items(site.call(OPERATOR, "GET", "/deliveries?channel=dingtalk"))[0]["target"] == "工作群"
    assert site.call(OPERATOR, "DELETE", f"/robots/{robot}").status_code == 204
    assert items(site.call(OPERATOR, "GET", "/robots")) == []


def test_robots_are_managed_on_pages(site):
    form = {key: value for key, value in GOOD_ROBOT.items() if key != "event_types"}
    assert site.browse(OPERATOR, "/robots/new", {**form, "url": "https://evil.example/"}).status_code == 422
    bad = site.browse(OPERATOR, "/robots/new", {"name": "", "url": "", "channel": "telegram"})
    assert bad.status_code == 422
    assert "请选择平台" in bad.text
    assert site.browse(OPERATOR, "/robots/new", form).status_code == 303
    page = site.browse(OPERATOR, "/robots").text
    assert "工作群" in page
    assert "canary" not in page
    robot = items(site.call(OPERATOR, "GET", "/robots"))[0]["id"]
    assert site.browse(OPERATOR, f"/robots/{robot}/test", {}).status_code == 303
    off = {"version": "1", "enabled": "false"}
    assert site.browse(OPERATOR, f"/robots/{robot}/switch", off).status_code == 303
    assert "停用" in site.browse(CLERK, "/robots").text
    assert site.browse(OPERATOR, f"/robots/{robot}/removal", {}).status_code == 303


def test_an_officer_states_and_withdraws_a_phone_number(site):
    assert site.call(CLERK, "GET", "/phone").json == {"number": None}
    assert site.call(CLERK, "PUT", "/phone", {"number": "12345"}).status_code == 422
    assert site.call(CLERK, "PUT", "/phone", {"number": "13812345678"}).json == {"number": "138****5678"}
    assert site.call(DECIDER, "GET", "/phone").json == {"number": None}
    with site.db.read() as session:
        assert "13812345678" not in session.scalars(select(Phone)).one().sealed
    page = site.browse(CLERK, "/preferences").text
    assert "138****5678" in page
    assert "13812345678" not in page
    assert site.browse(CLERK, "/phone", {"number": ""}).status_code == 303
    assert site.call(CLERK, "GET", "/phone").json == {"number": None}


def test_webhooks_are_managed_on_pages(site):
    made = site.browse(OPERATOR, "/webhooks/new", {"name": "自有系统", "url": "https://hooks.example.com/x"})
    assert made.status_code == 200
    assert "whsec_" in made.text
    assert made.headers["Cache-Control"] == "no-store"
    hook = items(site.call(OPERATOR, "GET", "/webhooks"))[0]
    assert "whsec_" not in site.browse(OPERATOR, f"/webhooks/{hook['id']}").text
    assert "whsec_" in site.browse(OPERATOR, f"/webhooks/{hook['id']}/secret", {"version": "1"}).text
    tried = site.browse(OPERATOR, f"/webhooks/{hook['id']}/test", {})
    assert tried.headers["Location"] == f"/notices/deliveries?webhook={hook['id']}"
    site.hear(case_event())
    assert "华景建设" not in site.browse(OPERATOR, "/deliveries?webhook=another").text
    assert tried.headers["Location"] in site.browse(OPERATOR, f"/webhooks/{hook['id']}").text
    assert hook["name"] in site.browse(OPERATOR, tried.headers["Location"].removeprefix("/notices")).text
    switched = site.browse(OPERATOR, f"/webhooks/{hook['id']}/switch", {"version": "2", "enabled": "false"})
    assert switched.status_code == 303
    assert site.browse(OPERATOR, f"/webhooks/{hook['id']}/secret", {"version": "x"}).status_code == 422
    wrong = site.browse(OPERATOR, "/webhooks/new", {"name": "", "url": "https://10.0.0.1/"})
    assert wrong.status_code == 422
    assert "必填" in wrong.text
    assert site.browse(OPERATOR, f"/webhooks/{hook['id']}/removal", {}).status_code == 303
    assert site.browse(CLERK, "/webhooks/new").status_code == 403


def test_choosing_mails_on_the_page(site):
    assert site.browse(CLERK, "/subscriptions", {"event": ["case.served"]}).status_code == 303
    found = {item["event"]: item for item in items(site.call(CLERK, "GET", "/subscriptions"))}

    def mailed(event: str) -> bool:
        return next(c["enabled"] for c in found[event]["channels"] if c["channel"] == "email")

    assert mailed("case.served")
    assert not mailed("case.published")
    assert mailed("duty.overdue")


def test_a_form_from_another_site_is_refused(site):
    site.client.set_cookie(COOKIE, site.token(CLERK))
    answer = site.client.post("/notices/acknowledgements", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_documents_are_served(site):
    document = site.client.get("/notices/openapi.json").json
    assert f"{API}/inbox" in document["paths"]
    assert "notifier-deliveries-v1" in str(site.client.get("/notices/asyncapi.json").json)
    assert site.client.get("/notices/healthz").status_code == 200
