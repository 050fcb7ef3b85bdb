"""Calendar years and duties over HTTP: read a notice, propose, confirm by a second person; pause, extend."""

from datetime import UTC, date, datetime

import pytest

from services.blacklist.rules import api as rules
from services.blacklist.rules.queries import duties_of
from services.blacklist.rules.usecases import create_duty
from shared.clock import FixedClock
from shared.web.app import create_service_app, finish
from tests.unit.blacklist.case_office import memory_database, officer, open_office

NOTICE = """关于2027年部分节假日安排的通知(本测试编写)
一、元旦：1月1日至3日放假，共3天。
二、春节：2月5日至11日放假调休，共7天。2月14日（星期日）上班。
三、清明节：4月3日至5日放假，共3天。
四、劳动节：5月1日至3日放假，共3天。
五、端午节：6月9日放假，共1天。
六、中秋节：9月15日放假，共1天。
七、国庆节：10月1日至7日放假调休，共7天。10月9日（星期六）上班。"""


@pytest.fixture
def office(tmp_path):
    db = memory_database()
    made = open_office(db, tmp_path, FixedClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC)))
    made.people["admin"] = officer(made.department, "system-admin")
    yield made
    db.close()


@pytest.fixture
def call(office):
    app = create_service_app(
        __name__, name="blacklist", title="t", prefix="", clock=office.clock, ready=dict,
        authenticate=lambda request: office.people.get(request.headers.get("X-Test-User", "")),
    )  # fmt: skip
    app.register_blueprint(rules.blueprint(office.deps))
    client = finish(app).test_client()

    def call(who, method, path, status=200, **body):
        headers = {"X-Test-User": who} if who else {}
        answer = client.open(f"/api/v1{path}", method=method, json=body or None, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.get_json()

    return call


def test_a_notice_becomes_a_year_by_two_people(call):
    reading = call("admin", "POST", "/calendar/readings", notice=NOTICE)
    assert (reading["year"], reading["doubts"], len(reading["holidays"])) == (2027, [], 7)
    proposal = call("admin", "POST", "/calendar/proposals", 201, notice=NOTICE, source="国务院办公厅通知")
    assert (proposal["state"], proposal["work"]) == ("proposed", ["2027-02-14", "2027-10-09"])
    assert "2027-02-06" not in proposal["rest"], "weekends rest anyway"
    place = f"/calendar/proposals/{proposal['id']}"
    assert call("admin", "POST", f"{place}/confirm", 403)["slug"] == "calendar-four-eyes"
    assert 2027 not in [each["year"] for each in call(None, "GET", "/calendar/years")["items"]]
    assert call("supervisor", "POST", f"{place}/confirm")["generation"] == 1
    assert (
        call("supervisor", "POST", f"{place}/reject", 409, reason="晚了")["slug"]
        == "calendar-proposal-settled"
    )
    newest = call(None, "GET", "/calendar/years")["items"][0]
    assert (newest["year"], newest["imported"], newest["source"]) == (2027, True, "国务院办公厅通知")
    assert [each["id"] for each in call("admin", "GET", "/calendar/proposals?state=confirmed")["items"]]


def test_days_by_hand_are_checked(call):
    wrong = call(
        "admin", "POST", "/calendar/proposals", 422, year=2027, rest=["2027-01-01"], work=["2027-02-15"],
        source="手工",
    )  # fmt: skip
    assert [each["pointer"] for each in wrong["fields"]] == ["/work"]
    assert call("admin", "POST", "/calendar/proposals", 422, year=2027, source="无")["fields"]
    assert call("admin", "POST", "/calendar/proposals", 422, notice="不是通知", source="无")["fields"]
    made = call("admin", "POST", "/calendar/proposals", 201, year=2027, rest=["2027-01-01"], source="手工")
    assert (
        call("supervisor", "POST", f"/calendar/proposals/{made['id']}/reject", reason="缺春节")["state"]
        == "rejected"
    )


@pytest.mark.parametrize("who", ["clerk", "reviewer", "decider", "auditor"])
def test_only_administrators_and_supervisors_keep_the_calendar(call, who):
    call(who, "POST", "/calendar/proposals", 403, notice=NOTICE, source="x")
    call(who, "GET", "/calendar/proposals", 403)
    call(None, "GET", "/calendar/proposals", 401)


def test_a_decider_pauses_resumes_and_extends(call, office):
    with office.deps.db.write() as session:
        create_duty(
            session, case_id="c1", department_id=office.department.id, kind="settle-repair", rule="list:x",
            rule_version="1", length_wd=10, start_on=date(2026, 11, 23), calendar=office.deps.calendar,
        )  # fmt: skip
    with office.deps.db.read() as session:
        duty = duties_of(session, ["c1"])["c1"][0]
    listed = call("clerk", "GET", "/duties?due_by=2026-12-31")["items"]
    assert [(each["id"], each["kind_name"], each["extend_left_wd"]) for each in listed] == [
        (duty.id, "作出修复决定", 10)
    ]
    assert call("clerk", "POST", f"/duties/{duty.id}/pause", 403, reason="等待当事人补正材料")
    assert call("decider", "POST", f"/duties/{duty.id}/pause", 409, reason="忙")["rule"]
    paused = call("decider", "POST", f"/duties/{duty.id}/pause", reason="等待当事人补正材料(营业执照)")
    assert (paused["state"], paused["pauses"][0]["until"]) == ("paused", None)
    office.clock.set(datetime(2026, 11, 25, 2, 0, tzinfo=UTC))
    assert call("decider", "POST", f"/duties/{duty.id}/resume")["due"] == "2026-12-09"
    extended = call("decider", "POST", f"/duties/{duty.id}/extend", working_days=5, reason="情况复杂")
    assert (extended["due"], extended["extend_left_wd"]) == ("2026-12-16", 5)
    call("decider", "POST", f"/duties/{duty.id}/extend", 409, working_days=6, reason="情况复杂")
    call("decider", "POST", "/duties/00000000-0000-7000-8000-000000000000/resume", 404)
