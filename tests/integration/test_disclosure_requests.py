"""依申请公开 from receipt to answer: codes, clocks, correction, consultation, transfer, four eyes, limits."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from services.blacklist.audit.models import AuditEntry
from services.blacklist.disclosure import api as disclosure
from services.blacklist.disclosure.domain import (
    ACTIONS,
    answer_types,
    draft_problems,
    exception_grounds,
    normal_code,
)
from services.blacklist.disclosure.models import DisclosureRequest
from services.blacklist.disclosure.usecases.handling import EFFECTS
from services.blacklist.rules.queries import duties_of
from shared.clock import FixedClock
from shared.web.app import create_service_app, finish
from tests.unit.blacklist.case_office import (
    PERSON_ID,
    add_department,
    memory_database,
    officer,
    open_office,
)

START = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)


@pytest.fixture
def office(tmp_path):
    db = memory_database()
    made = open_office(db, tmp_path, FixedClock(START))
    made.other = add_department(db, kind="finance")
    made.people["finance"] = officer(made.other, "clerk")
    made.people["foreign"] = officer(add_department(db, region="350524"), "clerk")
    made.people["foreign-supervisor"] = officer(add_department(db, region="350524"), "supervisor")
    yield made
    db.close()


@pytest.fixture
def call(office):
    app = create_service_app(
        __name__, name="blacklist", title="t", prefix="", clock=office.clock, ready=dict,
        authenticate=lambda request: office.people.get(request.headers.get("X-Test-User", "")),
    )  # fmt: skip
    app.register_blueprint(disclosure.blueprint(office.deps))
    client = finish(app).test_client()

    def call(who, method, path, status=200, body=None, extra=None, **options):
        headers = {**({"X-Test-User": who} if who else {}), **(extra or {})}
        answer = client.open(f"/api/v1{path}", method=method, json=body, headers=headers, **options)
        assert answer.status_code == status, answer.text
        return answer.get_json() if answer.is_json else answer

    return call


def application(office, **changes):
    return {
        "department_id": office.department.id,
        "applicant": {
            "type": "citizen", "name": "王小二", "id_type": "resident-id", "id_number": PERSON_ID,
            "phone": "13900000000",
        },
        "wanted": "2025年度招标投标违法行为记录公告的汇总表",
    } | changes  # fmt: skip


def send(call, office, **changes):
    receipt = call(None, "POST", "/disclosure-requests", 201, application(office, **changes))
    with office.deps.db.read() as session:
        row = session.scalars(
            select(DisclosureRequest).where(DisclosureRequest.number == receipt["number"])
        ).one()
    return receipt, row


def act(call, who, row, action, status=200, **given):
    return call(who, "POST", f"/disclosure-requests/{row.id}/actions", status, {"action": action, **given})


def on(office, day):
    office.clock.set(datetime.fromisoformat(f"{day}T02:00:00+00:00"))


def test_every_action_has_an_effect():
    assert set(ACTIONS) == set(EFFECTS)


def test_a_receipt_opens_the_progress_page(call, office):
    receipt, row = send(call, office)
    assert receipt["number"] == "YSQ130102-2026-00001"
    assert (receipt["received_on"], receipt["due"]) == ("2026-11-02", "2026-11-30")
    shown = call(None, "GET", f"/disclosure-requests/{receipt['code'].lower().replace('-', ' ')}")
    assert (shown["state_name"], shown["due"], shown["id"]) == ("办理中", "2026-11-30", None)
    assert "applicant" not in shown
    assert "王小二" not in str(shown)
    for wrong in ("AAAA-BBBB-CCCC-DDDD", row.id, "x"):
        assert (
            call(None, "GET", f"/disclosure-requests/{wrong}", 404)["slug"] == "disclosure-request-not-found"
        )
    assert send(call, office)[0]["number"] == "YSQ130102-2026-00002"


def test_who_asks_is_sealed_and_reading_it_leaves_a_trace(call, office):
    _, row = send(call, office)
    assert "王小二" not in row.applicant_sealed
    assert PERSON_ID not in str(row.__dict__)
    seen = call("clerk", "GET", f"/disclosure-requests/{row.id}")
    assert (seen["applicant"]["name"], seen["applicant"]["phone"]) == ("王小二", "13900000000")
    with office.deps.db.read() as session:
        trail = list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert trail == ["disclosure.submit", "disclosure.read-applicant"]
    assert call("supervisor", "GET", f"/disclosure-requests/{row.id}")["number"] == row.number
    for who in ("foreign", "foreign-supervisor", "finance"):
        call(who, "GET", f"/disclosure-requests/{row.id}", 404)
        assert call(who, "GET", "/disclosure-requests")["items"] == []
    assert [each["id"] for each in call("clerk", "GET", "/disclosure-requests?state=open")["items"]] == [
        row.id
    ]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"id_number": None}, "/applicant/id_number"),
        ({"phone": None}, "/applicant/phone"),
        ({"type": "organization"}, "/applicant/uscc"),
        ({"email": "不是邮箱"}, "/applicant/email"),
    ],
)
def test_the_applicant_must_be_somebody_who_can_be_reached(call, office, changes, pointer):
    body = application(office)
    body["applicant"] = {k: v for k, v in (body["applicant"] | changes).items() if v is not None}
    refused = call(None, "POST", "/disclosure-requests", 422, body)
    assert pointer in [each["pointer"] for each in refused["fields"]]


def test_an_unknown_department_is_refused(call, office):
    body = application(office, department_id="00000000-0000-7000-8000-000000000000")
    assert call(None, "POST", "/disclosure-requests", 422, body)["fields"][0]["pointer"] == "/department_id"


def test_draft_and_issue_are_two_people_and_the_letter_says_it_all(call, office):
    receipt, row = send(call, office)
    gaps = act(call, "clerk", row, "draft", 422, answer_type="partial", content="汇总表(隐去个人信息)")
    assert {each["pointer"] for each in gaps["fields"]} == {"/reason", "/exceptions"}
    act(call, "decider", row, "issue", 409)
    act(
        call, "clerk", row, "draft", answer_type="partial", content="汇总表(隐去个人信息)",
        reason="涉及自然人的证件号码", exceptions=["personal-privacy"],
    )  # fmt: skip
    before = call(None, "GET", f"/disclosure-requests/{receipt['code']}")
    assert (before["letter"], [each["action"] for each in before["steps"]]) == (None, ["submit"])
    office.people["both"] = officer(office.department, "decider")
    done = act(call, "decider", row, "issue", letter_number="长住建公开〔2026〕1号")
    assert (done["state"], done["answer"]["name"], done["due"]) == ("answered", "部分公开", None)
    letter = call(None, "GET", f"/disclosure-requests/{receipt['code']}")["letter"]
    assert "第三十七条、第十五条" in letter
    for words in ("王小二", "长住建公开〔2026〕1号", "个人隐私", "行政复议", "2026年11月2日"):
        assert words in letter
    act(call, "clerk", row, "draft", 409, answer_type="granted", content="x")
    with office.deps.db.read() as session:
        assert duties_of(session, [row.id])[row.id][0].state_at(office.clock.now()) == "done"


def test_whoever_drafted_may_not_issue(call, office):
    _, row = send(call, office)
    double = officer(office.department, "clerk")
    office.people["double"] = type(double)(**{**double.__dict__, "roles": frozenset({"clerk", "decider"})})
    act(call, "double", row, "draft", answer_type="granted", content="见附件")
    assert act(call, "double", row, "issue", 403)["slug"] == "disclosure-four-eyes"
    shown = call("double", "GET", f"/disclosure-requests/{row.id}")["available_actions"]
    assert (
        next(each for each in shown if each["action"] == "issue")["reason"] == "拟写人不得签发本人拟写的答复"
    )
    act(call, "decider", row, "return_draft", reason="请补充获取途径")
    act(call, "decider", row, "issue", 409)


def test_correction_stops_the_clock_and_an_answer_to_it_starts_it_anew(call, office):
    receipt, row = send(call, office)
    asked = act(call, "clerk", row, "ask_correction", content="请写明项目名称", until="2026-11-20")
    assert (asked["state"], asked["duty_state"]) == ("correction", "paused")
    act(call, "decider", row, "abandon", 409, reason="早了")
    on(office, "2026-11-16")
    shown = call(
        None,
        "POST",
        f"/disclosure-requests/{receipt['code']}/supplement",
        200,
        {"content": "长安区学校改造项目"},
    )
    assert (shown["state"], shown["due"]) == ("received", "2026-12-14")
    assert "长安区学校改造项目" in shown["wanted"]
    call(None, "POST", f"/disclosure-requests/{receipt['code']}/supplement", 409, {"content": "再补"})
    late = act(call, "clerk", row, "ask_correction", 409, content="再问", until="2026-12-01")
    assert late["rule"] == "政府信息公开条例第三十条"


def test_an_unanswered_correction_is_given_up(call, office):
    receipt, row = send(call, office)
    act(call, "clerk", row, "ask_correction", content="请写明项目名称", until="2026-11-10")
    on(office, "2026-11-11")
    call(None, "POST", f"/disclosure-requests/{receipt['code']}/supplement", 409, {"content": "晚了"})
    given_up = act(call, "decider", row, "abandon", reason="逾期未补正")
    assert (given_up["state"], given_up["due"]) == ("abandoned", None)
    with office.deps.db.read() as session:
        assert duties_of(session, [row.id])[row.id][0].state_at(office.clock.now()) == "cancelled"


def test_consultation_does_not_count(call, office):
    _, row = send(call, office)
    act(call, "clerk", row, "consult", reason="向中标单位书面征求意见")
    on(office, "2026-11-16")
    resumed = act(call, "clerk", row, "end_consultation", content="第三方同意公开")
    assert resumed["due"] == "2026-12-14", "ten working days stood still"
    assert "第三方同意公开" not in call("clerk", "GET", f"/disclosure-requests/{row.id}")["steps"][0]["title"]


def test_an_extension_is_reasoned_and_bounded(call, office):
    receipt, row = send(call, office)
    act(call, "clerk", row, "extend", 403, working_days=5, reason="x")
    extended = act(call, "decider", row, "extend", working_days=15, reason="涉及多个项目,需要逐件核对")
    assert (extended["due"], extended["extended_wd"]) == ("2026-12-21", 15)
    assert (
        act(call, "decider", row, "extend", 409, working_days=6, reason="x")["slug"] == "duty-extension-limit"
    )
    act(call, "decider", row, "extend", 422, working_days=21, reason="x")
    assert "逐件核对" in call(None, "GET", f"/disclosure-requests/{receipt['code']}")["steps"][-1]["text"]
    on(office, "2026-12-22")
    assert (
        act(call, "decider", row, "extend", 409, working_days=1, reason="x")["slug"] == "disclosure-too-late"
    )


def test_a_transfer_takes_the_duty_along(call, office):
    receipt, row = send(call, office)
    moved = act(call, "decider", row, "transfer", department_id=office.other.id, reason="由财政局制作")
    assert moved["department"]["id"] == office.other.id
    call("decider", "GET", f"/disclosure-requests/{row.id}", 404)
    taken = call("finance", "GET", f"/disclosure-requests/{row.id}")
    assert taken["due"] == receipt["due"]
    with office.deps.db.read() as session:
        assert duties_of(session, [row.id])[row.id][0].department_id == office.other.id
    assert "转由" in call(None, "GET", f"/disclosure-requests/{receipt['code']}")["steps"][-1]["text"]


def test_an_applicant_may_take_it_back(call, office):
    receipt, _ = send(call, office)
    place = f"/disclosure-requests/{receipt['code']}/withdrawal"
    assert call(None, "POST", place)["state_name"] == "申请人已撤回"
    call(None, "POST", place, 409)


def test_one_address_may_send_only_so_many(call, office):
    for _ in range(10):
        send(call, office)
    refused = call(None, "POST", "/disclosure-requests", 429, application(office))
    assert refused["slug"] == "disclosure-too-many"
    other = {"environ_base": {"REMOTE_ADDR": "10.0.0.9"}}
    call(None, "POST", "/disclosure-requests", 201, application(office), **other)
    office.clock.advance(timedelta(hours=2))
    send(call, office)


def test_the_same_key_gives_the_same_receipt(call, office):
    again = {"extra": {"Idempotency-Key": "k-1"}}
    first = call(None, "POST", "/disclosure-requests", 201, application(office), **again)
    assert call(None, "POST", "/disclosure-requests", 201, application(office), **again) == first
    assert first["code"] == normal_code(first["code"])


@pytest.mark.parametrize("code", answer_types())
def test_each_kind_of_answer_can_be_written(call, office, code):
    receipt, row = send(call, office)
    needed = {"content": "内容", "reason": "理由", "exceptions": ["trade-secret"]}
    given = {name: needed[name] for name in answer_types()[code].needs}
    assert draft_problems(code, given.get("content"), given.get("reason"), given.get("exceptions", ())) == []
    act(call, "clerk", row, "draft", answer_type=code, **given)
    act(call, "decider", row, "issue")
    letter = call(None, "GET", f"/disclosure-requests/{receipt['code']}")["letter"]
    assert answer_types()[code].article in letter
    assert letter.endswith("2026年11月2日")


def test_the_law_is_told_to_anyone(call):
    codes = [each["code"] for each in call(None, "GET", "/disclosure-exceptions")["items"]]
    assert codes == list(exception_grounds())
    assert {"state-secret", "trade-secret", "personal-privacy", "other"} <= set(codes)
    assert len(call(None, "GET", "/disclosure-answer-types")["items"]) == len(answer_types())
