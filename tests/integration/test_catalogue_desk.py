"""Entries of the disclosure catalogue are added, changed and closed by two people, form to public page."""

from datetime import UTC, datetime

import pytest

from services.blacklist import web
from services.blacklist.disclosure import api as disclosure
from services.blacklist.openness.queries.catalogue import entry_for
from shared.clock import FixedClock
from shared.web.app import create_service_app, finish
from tests.unit.blacklist.case_office import add_department, memory_database, officer, open_office

START = datetime(2026, 11, 2, 2, tzinfo=UTC)
ENTRY = {
    "domain": "housing-security", "title": "公租房分配", "content": "对象、房源、结果", "organ": "housing",
    "time_limit": "自信息形成或者变更之日起10个工作日内", "method": "门户网站", "supervision": "政府办公室",
    "source": "国办发〔2017〕97号",
}  # fmt: skip
CHANGES, PAGE = "/api/v1/disclosure-catalogue/changes", "/catalogue-desk"


class Desk:
    """The whole service with officers of the housing department, another one and a supervisor."""

    def __init__(self, folder, db):
        self.office = open_office(db, folder, FixedClock(START))
        finance, office = add_department(db, kind="finance"), add_department(db, kind="government-office")
        self.people = self.office.people | {
            "finance": officer(finance, "clerk"),
            "coordinator": officer(office, "decider"),
            "supervisor": officer(office, "supervisor"),
        }
        self.clock = self.office.clock
        app = create_service_app(
            __name__, name="blacklist", title="t", prefix="", clock=self.clock, ready=dict,
            authenticate=lambda request: self.people.get(request.headers.get("X-Test-User", "")),
        )  # fmt: skip
        app.register_blueprint(disclosure.blueprint(self.office.deps))
        app.register_blueprint(web.blueprint(self.office.deps))
        self.client = finish(app).test_client()

    def call(self, who, method, path, status, body=None, form=None):
        given = {"data": form} if form is not None else {"json": body} if body is not None else {}
        headers = {
            "X-Test-User": who,
            "Accept": "application/json" if path.startswith("/api") else "text/html",
        }
        answer = self.client.open(path, method=method, headers=headers, **given)
        assert answer.status_code == status, answer.text
        return answer.get_json() if answer.is_json else answer.text

    def shown(self, **query):
        rows = self.client.get("/api/v1/disclosure-catalogue", query_string=query).get_json()["items"]
        return {row["code"]: row for row in rows if row["origin"] == "region"}


@pytest.fixture
def desk(tmp_path):
    db = memory_database()
    yield Desk(tmp_path, db)
    db.close()


def added(desk):
    made = desk.call(
        "clerk", "POST", CHANGES, 201, {"act": "add", "code": "R47", "entry": ENTRY, "reason": "新增"}
    )
    desk.call("decider", "POST", f"{CHANGES}/{made['id']}/confirm", 200)
    return made


def test_an_entry_is_in_the_catalogue_once_another_confirmed_it(desk):
    made = desk.call("clerk", "POST", CHANGES, 201, {"act": "add", "entry": ENTRY, "reason": "新增"})
    assert (made["state"], made["edition"], made["before"]) == ("proposed", 1, None)
    assert desk.shown() == {}
    confirmed = desk.call("decider", "POST", f"{CHANGES}/{made['id']}/confirm", 200)
    assert confirmed["state"] == "confirmed"
    row = desk.shown(region="130102")[made["code"]]
    assert [row["title"], row["basis"], row["time_limit"]] == [
        "公租房分配",
        ENTRY["source"],
        ENTRY["time_limit"],
    ]
    assert desk.call("decider", "POST", f"{CHANGES}/{made['id']}/confirm", 409)


def test_a_change_leaves_earlier_days_as_they_were_and_closing_ends_it(desk):
    added(desk)
    desk.clock.set(datetime(2026, 11, 10, 2, tzinfo=UTC))
    body = {"act": "change", "code": "R47", "entry": ENTRY | {"title": "保障性住房分配"}, "reason": "更名"}
    made = desk.call("clerk", "POST", CHANGES, 201, body)
    assert made["before"]["title"] == "公租房分配"
    assert desk.call("clerk", "POST", CHANGES, 409, body)["type"].endswith("catalogue-change-waiting")
    desk.call("coordinator", "POST", f"{CHANGES}/{made['id']}/confirm", 200)
    assert desk.shown()["R47"]["title"] == "保障性住房分配"
    assert desk.shown(on="2026-11-09")["R47"]["title"] == "公租房分配"
    assert desk.shown(on="2026-11-01") == {}
    closing = desk.call("supervisor", "POST", CHANGES, 201, {"act": "close", "code": "R47", "reason": "取消"})
    desk.call("supervisor", "POST", f"{CHANGES}/{closing['id']}/confirm", 403)
    desk.call("decider", "POST", f"{CHANGES}/{closing['id']}/confirm", 200)
    assert desk.shown() == {}
    assert desk.shown(on="2026-11-09")["R47"]["title"] == "公租房分配"
    with desk.office.deps.db.read() as session:
        assert entry_for(session, desk.office.department, "R47") is None


def test_others_entries_and_wrong_ones_are_refused(desk):
    body = {"act": "add", "entry": ENTRY, "reason": "新增"}
    desk.call("finance", "POST", CHANGES, 403, body)
    desk.call("clerk", "POST", CHANGES, 403, body | {"entry": ENTRY | {"organ": "*"}})
    for wrong in (
        body | {"entry": ENTRY | {"domain": "moon"}}, body | {"act": "close"}, {"act": "add", "reason": "x"},
        body | {"act": "change", "code": "nothing"}, body | {"code": "\u0000"},
    ):  # fmt: skip
        desk.call("clerk", "POST", CHANGES, 422, wrong)
    made = desk.call("clerk", "POST", CHANGES, 201, body)
    refused = desk.call("decider", "POST", f"{CHANGES}/{made['id']}/refuse", 200, {"reason": "依据不足"})
    assert (refused["state"], refused["answer"]) == ("refused", "依据不足")
    assert desk.shown() == {}


def test_the_desk_shows_what_waits_and_takes_it_to_the_public_page(desk):
    form = {f"entry.{name}": text for name, text in ENTRY.items()} | {"act": "add", "reason": "新增"}
    assert "请填写" in desk.call("clerk", "POST", PAGE, 422, form={"act": "add", "reason": "x"})
    desk.call("clerk", "POST", PAGE, 303, form=form)
    assert "确认生效" not in desk.call("clerk", "GET", PAGE, 200)
    waiting = desk.call("decider", "GET", PAGE, 200)
    assert "公租房分配" in waiting
    place = waiting.split('action="/catalogue-desk/')[1].split('"')[0]
    desk.call("decider", "POST", f"{PAGE}/{place}", 303, form={})
    assert "公租房分配" in desk.client.get("/disclosure-catalogue", headers={"Accept": "text/html"}).text
    code = next(iter(desk.shown()))
    assert 'value="公租房分配"' in desk.call("clerk", "GET", f"{PAGE}?code={code}", 200)
