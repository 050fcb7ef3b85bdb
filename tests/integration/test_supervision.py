"""Indicators, ledger, gaps, inspections and reports over HTTP, as the service is wired."""

import io
import json
from datetime import date, timedelta

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from services.blacklist.cases.models import Case
from services.blacklist.register.models import DeliveryStatus
from services.blacklist.rules.models import Duty
from services.blacklist.store import outbox
from services.blacklist.supervision.domain.sampling import draw, population_digest
from services.blacklist.supervision.models import GapWarning
from services.blacklist.supervision.usecases.gap_watch import GapWatch
from shared.contracts.shapes import refuse
from tests.integration.supervision_world import Region

CLERK, REVIEWER, DECIDER = "changan-clerk", "changan-reviewer", "changan-decider"
SUPERVISOR, AUDITOR, STRANGER = "changan-supervisor", "changan-auditor", "anxi-clerk"
ORGAN = "石家庄市长安区住房和城乡建设局"


@pytest.fixture
def region(new_region):
    made = new_region()
    yield made
    made.deps.db.close()


def of(items, department_id):
    return next(each for each in items if each["department_id"] == department_id)


def decision(number, day="2026-11-02"):
    return {"number": number, "date": day, "organ": ORGAN}


def acknowledge(region, case_id, *, hours=2, late=False, state="acknowledged"):
    """What the register keeps once credit-push reported a receipt."""
    with region.deps.db.write() as session:
        case = session.get_one(Case, case_id)
        session.add(
            DeliveryStatus(
                listing_id=case.listing_id, platform="credit-china", platform_name="信用中国",
                operation="list", state=state, version=1, sequence=1,
                at=case.published_at + timedelta(hours=hours), late=late,
            )
        )  # fmt: skip


def test_indicators_count_what_was_owed_done_and_pushed(region):
    on_time = region.published("长住建罚〔2026〕1号")
    late = region.published("长住建罚〔2026〕2号", date(2026, 10, 12))
    region.submitted("长住建罚〔2026〕3号", date(2026, 10, 12))  # due 2026-10-21, never published
    region.submitted("长住建罚〔2026〕4号")  # not due yet
    acknowledge(region, on_time)
    acknowledge(region, late, late=True, state="rejected")
    answer = region.call("GET", "/indicators?period=2026-Q4", SUPERVISOR)
    assert answer.status_code == 200, answer.text
    mine = of(answer.json["items"], region.housing())
    assert mine["published"] == 2
    assert mine["publication"] == {"part": 2, "whole": 3, "percent": "66.7"}
    assert mine["timeliness"]["part"] == 1
    assert mine["timely_7"]["whole"] == 3
    assert mine["push"]["success"] == {"part": 1, "whole": 2, "percent": "50.0"}
    assert (mine["push"]["late"], mine["push"]["median_hours"]) == (1, "2.00")
    assert mine["push"]["median_text"] == "2小时"
    assert mine["overdue"] == 1
    assert answer.json["total"]["publication"] == mine["publication"]


def test_behind_each_figure_stand_its_cases(region):
    region.published("长住建罚〔2026〕2号", date(2026, 10, 12))
    owed = region.submitted("长住建罚〔2026〕3号", date(2026, 10, 12))
    rows = region.call("GET", "/duties?period=2026-10&measure=timely_7", SUPERVISOR).json["items"]
    assert [row["late"] for row in rows] == [True, True]
    (overdue,) = region.call("GET", "/overdue", SUPERVISOR).json["items"]
    assert (overdue["case_id"], overdue["due"], overdue["days_late"]) == (owed, "2026-10-21", 13)
    first = region.call("GET", "/duties?period=2026-10&measure=publication&limit=1", SUPERVISOR).json
    second = region.call(
        "GET", f"/duties?period=2026-10&measure=publication&limit=1&cursor={first['next']}", SUPERVISOR
    ).json
    assert {first["items"][0]["id"], second["items"][0]["id"]} == {row["id"] for row in rows}
    assert second["next"] is None


def test_persons_are_masked_in_lists(region):
    case = region.submitted("长住建罚〔2026〕5号", date(2026, 10, 12))
    with region.deps.db.write() as session:
        row = session.get_one(Case, case)
        row.subject_type, row.subject_name, row.uscc = "individual", "欧阳测试", None
    (shown,) = region.call("GET", "/overdue", SUPERVISOR).json["items"]
    assert shown["subject_name"] == "欧阳**"


@pytest.mark.parametrize(
    "path", ["/indicators", "/overdue", "/assessment", "/annual-report", "/gaps", "/decisions"]
)
def test_a_department_sees_its_own_and_overseers_their_region(region, path):
    housing, other = region.housing(), region.department("130102-finance")
    assert region.call("GET", path).status_code == 401
    assert region.call("GET", path, "changan-operator").status_code == 403
    assert region.call("GET", f"{path}?department_id={other}", CLERK).status_code == 404
    assert region.call("GET", f"{path}?department_id={housing}", STRANGER).status_code == 404
    for who in (SUPERVISOR, AUDITOR):
        assert region.call("GET", f"{path}?department_id={housing}", who).status_code == 200
    refused = region.call("GET", f"{path}?region=350524", SUPERVISOR)
    assert refused.status_code == 422
    assert refused.json["fields"][0]["pointer"] == "/region"
    own = region.call("GET", "/indicators", CLERK).json["items"]
    assert [each["department_id"] for each in own] == [housing]
    assert len(region.call("GET", "/indicators", AUDITOR).json["items"]) > 5


def test_the_ledger_tells_concealed_from_late_and_explained(region):
    region.published("长住建罚〔2026〕12号")
    region.published("长住建罚〔2026〕11号", date(2026, 10, 12))
    rows = [decision("长住建罚[2026]12号"), decision("长住建罚〔2026〕11号", "2026-10-12")]
    rows += [decision("长住建罚〔2026〕10号", "2026-10-09"), decision("长住建罚〔2026〕9号", "2026-10-09")]
    answer = region.call("POST", "/decisions", CLERK, {"decisions": rows})
    assert [each["result"] for each in answer.json["items"]] == ["added"] * 4
    again = region.call(
        "POST", "/decisions", CLERK, {"decisions": [rows[0], decision("长住建罚〔2026〕11号")]}
    )
    assert [each["result"] for each in again.json["items"]] == ["known", "differs"]
    explained = {"number": "长住建罚〔2026〕9号", "reason_code": "not-public", "reason": "涉及商业秘密"}
    assert region.call("POST", "/explanations", CLERK, explained).status_code == 201
    assert region.call("POST", "/explanations", CLERK, explained).status_code == 409
    listed = region.call("GET", "/decisions?period=2026", SUPERVISOR).json["items"]
    assert {each["number"][-4:]: each["status"] for each in listed} == {
        "]12号": "on-time", "〕11号": "late", "〕10号": "concealed", "6〕9号": "explained",
    }  # fmt: skip
    ledger = of(region.call("GET", "/indicators?period=2026", SUPERVISOR).json["items"], region.housing())[
        "ledger"
    ]
    assert ledger["concealment"] == {"part": 1, "whole": 3, "percent": "33.3"}
    assert ledger["compliance"] == {"part": 2, "whole": 4, "percent": "50.0"}
    (hidden,) = region.call("GET", "/decisions?status=concealed", SUPERVISOR).json["items"]
    assert hidden["due_on"] == "2026-10-19", "10月10日是调休工作日"
    fixed = {"date": "2026-11-02", "organ": ORGAN, "reason": "日期登记有误"}
    assert (
        region.call("POST", f"/decisions/{hidden['id']}/correction", CLERK, fixed).json["result"]
        == "corrected"
    )
    assert region.call("GET", "/decisions?status=concealed", SUPERVISOR).json["items"] == []
    assert region.call("POST", f"/decisions/{hidden['id']}/correction", STRANGER, fixed).status_code == 404


def test_twelve_and_fourteen_without_thirteen_is_warned_of(region):
    region.published("长住建罚〔2026〕12号")
    region.published("长住建罚〔2026〕14号")
    (gap,) = region.call("GET", "/gaps?year=2026", SUPERVISOR).json["items"]
    assert (gap["title"], gap["kind"], gap["department_id"]) == (
        "长住建罚〔2026〕13号",
        "missing",
        region.housing(),
    )
    said = {"number": "长住建罚〔2026〕13号", "reason_code": "withdrawn-number", "reason": "文号作废"}
    assert region.call("POST", "/explanations", DECIDER, said).status_code == 201
    assert region.call("GET", "/gaps?year=2026", SUPERVISOR).json["items"] == []


def test_a_department_hears_of_a_gap_once_and_it_closes_when_explained(region):
    watch = GapWatch(region.deps, "test")

    def look():
        region.pass_days(1)
        while watch.step():
            pass
        with region.deps.db.read() as session:
            events = [bytes(value) for value in session.scalars(select(outbox.c.value))]
        told = [json.loads(each) for each in events if b"warning_id" in each]
        return [each for each in told if each["department_id"] == region.housing()]

    def entered(*serials):
        rows = [decision(f"长住建罚〔2026〕{each}号") for each in serials]
        assert region.call("POST", "/decisions", CLERK, {"decisions": rows}).status_code == 200

    def explain(serial):
        said = {"number": f"长住建罚〔2026〕{serial}号", "reason_code": "withdrawn-number", "reason": "作废"}
        assert region.call("POST", "/explanations", DECIDER, said).status_code == 201

    entered(12, 16)
    (told,) = look()
    assert (told["numbers"], told["gaps"], told["year"]) == ("长住建罚〔2026〕13—15号", 1, 2026)
    assert refuse("gap.found", told) is None
    explain(14)
    assert len(look()) == 1, "13 and 15 are left of what was told"
    entered(19)
    assert [each["numbers"] for each in look()][1:] == ["长住建罚〔2026〕17—18号"]
    for serial in (13, 15, 17):
        explain(serial)
    assert len(look()) == 2
    with region.deps.db.read() as session:
        rows = session.scalars(select(GapWarning).order_by(GapWarning.first)).all()
        assert [row.closed_at is None for row in rows] == [False, True], "18 is still missing"


def test_a_case_under_way_is_no_gap_until_it_is_late(region):
    region.published("长住建罚〔2026〕12号")
    region.submitted("长住建罚〔2026〕13号")
    region.published("长住建罚〔2026〕14号")
    assert region.call("GET", "/gaps", SUPERVISOR).json["items"] == []
    region.pass_days(30)
    (gap,) = region.call("GET", "/gaps", SUPERVISOR).json["items"]
    assert (gap["first"], gap["kind"]) == (13, "unpublished")


def test_a_sheet_is_previewed_then_entered(region):
    text = (
        f"文号,决定日期,决定机关\n长住建罚〔2026〕1号,2026-11-02,{ORGAN}\n"
        f"长住建罚〔2026〕2号,2027-01-01,{ORGAN}\n"
    )
    sheet = {"file": (io.BytesIO(text.encode("utf-8-sig")), "台账.csv")}
    headers = {"Authorization": f"Bearer {region.token(CLERK)}"}
    seen = region.client.post("/api/v1/supervision/ledger-imports", data=sheet, headers=headers)
    assert seen.status_code == 201, seen.text
    assert (seen.json["good"], seen.json["bad"]) == (1, 1)
    assert seen.json["rows"][1]["errors"][0]["cell"] == "B3"
    place = f"/ledger-imports/{seen.json['id']}"
    assert region.call("GET", "/decisions", CLERK).json["items"] == []
    assert region.call("GET", place, STRANGER).status_code == 404
    assert region.call("POST", f"{place}/confirm", CLERK).json["added"] == 1
    assert region.call("POST", f"{place}/confirm", CLERK).status_code == 409
    assert len(region.call("GET", "/decisions", CLERK).json["items"]) == 1
    bad = {"file": (io.BytesIO(b"a,b\n1,2\n"), "x.csv")}
    refused = region.client.post("/api/v1/supervision/ledger-imports", data=bad, headers=headers)
    assert refused.status_code == 422
    assert "缺少列" in refused.json["detail"]


def test_a_zero_return_stands_only_where_nothing_was_decided(region):
    asked = {"period": "2026-10"}
    assert region.call("POST", "/zero-returns", CLERK, asked).status_code == 403
    assert region.call("POST", "/zero-returns", DECIDER, {"period": "2026-11"}).status_code == 409
    signed = region.call("POST", "/zero-returns", DECIDER, asked)
    assert signed.status_code == 201, signed.text
    assert region.call("POST", "/zero-returns", DECIDER, asked).status_code == 409
    region.call("POST", "/decisions", CLERK, {"decisions": [decision("长住建罚〔2026〕7号", "2026-09-02")]})
    refused = region.call("POST", "/zero-returns", DECIDER, {"period": "2026-09"})
    assert refused.json["slug"] == "zero-return-contradicted"
    region.call("POST", "/decisions", CLERK, {"decisions": [decision("长住建罚〔2026〕8号", "2026-10-09")]})
    (shown,) = region.call("GET", "/zero-returns", SUPERVISOR).json["items"]
    assert shown["contradicted"] is True


def drawn(region, **changes):
    body = {"title": "2026年四季度公开情况抽查", "period": "2026", "size": 2, "seed": "2026-11-03"} | changes
    answer = region.call("POST", "/inspections", SUPERVISOR, body)
    assert answer.status_code == 201, answer.text
    return answer.json


def test_an_inspection_from_the_draw_to_the_circular(region):
    cases = {region.published(f"长住建罚〔2026〕{n}号") for n in (1, 2, 3)}
    region.call("POST", "/decisions", CLERK, {"decisions": [decision("长住建罚〔2026〕9号")]})
    made = drawn(region)
    assert (made["population"], len(made["items"])) == (4, 2)
    entered = region.call("GET", "/decisions", CLERK).json["items"][0]["id"]
    assert made["population_digest"] == population_digest([*cases, entered])
    chosen = [each["case_id"] or each["decision_id"] for each in made["items"]]
    assert chosen == draw([*cases, entered], 2, "2026-11-03")
    first, second = (f"/inspections/{made['id']}/items/{each['id']}" for each in made["items"])
    finding = {
        "category": "timeliness", "finding": "公开时间与文书不一致", "requirement": "核对并更正",
        "order_number": "长公开督〔2026〕1号", "working_days": 5,
    }  # fmt: skip
    assert region.call("POST", f"{first}/finding", CLERK, finding).status_code == 403
    ordered = region.call("POST", f"{first}/finding", SUPERVISOR, finding).json
    assert (ordered["state"], ordered["due_on"]) == ("rectifying", "2026-11-10")
    circular = {"number": "长公开通〔2026〕1号", "opinion": "限期整改"}
    place = f"/inspections/{made['id']}/circular"
    assert region.call("POST", place, SUPERVISOR, circular).json["slug"] == "circular-too-early"
    assert region.call("POST", f"{second}/pass", SUPERVISOR, {}).json["state"] == "sound"
    done = {"rectification": "已经更正"}
    assert region.call("POST", f"{first}/rectification", STRANGER, done).status_code == 404
    assert region.call("POST", f"{first}/rectification", CLERK, done).json["state"] == "rectified"
    back = {"accepted": False, "opinion": "证明材料不足", "working_days": 3}
    assert region.call("POST", f"{first}/closure", SUPERVISOR, back).json["state"] == "rectifying"
    region.call("POST", f"{first}/rectification", CLERK, done)
    closed = region.call("POST", f"{first}/closure", SUPERVISOR, {"accepted": True, "opinion": "予以销号"})
    assert closed.json["state"] == "closed"
    assert region.call("POST", f"{first}/closure", SUPERVISOR, back).status_code == 409
    assert region.call("POST", place, SUPERVISOR, circular).json["circular_number"] == circular["number"]
    assert region.call("GET", f"/inspections/{made['id']}", STRANGER).status_code == 404
    assert len(region.call("GET", f"/inspections/{made['id']}", CLERK).json["items"]) == 2


def test_a_finding_on_a_case_is_a_duty_until_it_is_rectified(region):
    case = region.published("长住建罚〔2026〕1号")
    made = drawn(region, size=1)
    item = f"/inspections/{made['id']}/items/{made['items'][0]['id']}"
    finding = {
        "category": "disclosure", "finding": "x", "requirement": "y", "order_number": "督〔2026〕1号",
        "working_days": 5,
    }  # fmt: skip
    region.call("POST", f"{item}/finding", SUPERVISOR, finding)
    region.pass_days(20)
    (late,) = region.call("GET", "/overdue", SUPERVISOR).json["items"]
    assert (late["kind"], late["case_id"]) == ("rectify", case)
    region.call("POST", f"{item}/rectification", CLERK, {"rectification": "已整改"})
    assert region.call("GET", "/overdue", SUPERVISOR).json["items"] == []
    with region.deps.db.read() as session:
        assert session.scalars(select(Duty.done_at).where(Duty.kind == "rectify")).one() is not None
    figures = of(region.call("GET", "/indicators", SUPERVISOR).json["items"], region.housing())
    assert figures["rectification"] == {"part": 0, "whole": 1, "percent": "0.0"}
    sheet = of(region.call("GET", "/assessment", SUPERVISOR).json["items"], region.housing())
    assert [each["count"] for each in sheet["losses"]] == [0, 1]


def test_nothing_to_draw_is_said(region):
    body = {"title": "抽查", "period": "2020", "size": 5}
    assert region.call("POST", "/inspections", SUPERVISOR, body).json["slug"] == "nothing-to-draw"


def test_the_annual_report_says_what_was_counted(region):
    region.published("长住建罚〔2026〕12号")
    region.published("长住建罚〔2026〕14号", date(2026, 10, 12))
    report = region.call("GET", "/annual-report?year=2026", SUPERVISOR).json
    assert report["title"].endswith("2026年公共资源配置领域政府信息公开年度报告")
    assert not report["complete"]
    assert [section["heading"][0] for section in report["sections"]] == list("一二三四五六")
    text = "".join(paragraph for section in report["sections"] for paragraph in section["paragraphs"])
    assert "全年公示信用信息2件" in text
    assert "应当公开2件，按期公开1件，占50.0%" in text
    assert "文号不连续且未说明1个" in text
    table = report["tables"][0]
    assert table["rows"][-1][0] == "合计"
    assert {len(row) for row in table["rows"]} == {len(table["head"])}
    assert {point["name"]: point["value"] for point in report["series"]}["11月"] == 2
    own = region.call("GET", "/annual-report?year=2026", CLERK).json
    assert own["place"] == ORGAN


@pytest.mark.parametrize("path", ["/annual-report.xlsx", "/assessment.xlsx"])
def test_reports_come_as_workbooks(region, path):
    region.published("长住建罚〔2026〕12号")
    answer = region.call("GET", f"{path}?year=2026", SUPERVISOR)
    assert answer.status_code == 200
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    sheets = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    assert any(ORGAN in row for rows in sheets.values() for row in rows)
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.tables("services.blacklist")
def test_both_databases_count_alike(tmp_path, any_db_url):
    region = Region(tmp_path, any_db_url)
    acknowledge(region, region.published("长住建罚〔2026〕12号"))
    region.submitted("长住建罚〔2026〕13号", date(2026, 10, 12))
    region.published("长住建罚〔2026〕14号", date(2026, 10, 12))
    region.call("POST", "/decisions", CLERK, {"decisions": [decision("长住建罚〔2026〕12号")] * 2})
    region.call("POST", "/zero-returns", DECIDER, {"period": "2026-09"})
    made = drawn(region, size=1)
    item = f"/inspections/{made['id']}/items/{made['items'][0]['id']}"
    assert region.call("POST", f"{item}/pass", SUPERVISOR, {"opinion": "无"}).status_code == 200
    total = region.call("GET", "/indicators?period=2026-Q4", SUPERVISOR).json["total"]
    assert total["publication"] == {"part": 2, "whole": 3, "percent": "66.7"}
    assert total["push"]["median_hours"] == "2.00"
    assert total["ledger"]["counts"]["on-time"] == 1
    (gap,) = region.call("GET", "/gaps?year=2026", SUPERVISOR).json["items"]
    assert gap["kind"] == "unpublished"
    for path in ("/overdue", "/assessment", "/annual-report", "/zero-returns", "/inspections", "/decisions"):
        assert region.call("GET", path, SUPERVISOR).status_code == 200, path
    region.deps.db.close()


def test_what_an_inspection_found_is_put_right_by_the_successor(region):
    case = region.published("长住建罚〔2026〕1号")
    region.call("POST", "/decisions", CLERK, {"decisions": [decision("长住建罚〔2026〕1号")]})
    made = drawn(region, size=1)
    item = f"/inspections/{made['id']}/items/{made['items'][0]['id']}"
    finding = {
        "category": "disclosure", "finding": "x", "requirement": "y", "order_number": "督〔2026〕1号",
        "working_days": 5,
    }  # fmt: skip
    region.call("POST", f"{item}/finding", SUPERVISOR, finding)
    after = region.department("130102-finance")
    handover = {"successor_id": after, "on": "2026-11-03"}
    place = f"/api/v1/departments/{region.housing()}/transfer"
    moved = region.call("POST", place, "changan-system-admin", handover)
    assert moved.status_code == 200, moved.text
    region.tokens.clear()
    assert region.who(CLERK).department_id == after
    told = region.call("POST", f"{item}/rectification", CLERK, {"rectification": "已整改"})
    assert (told.status_code, told.json["department_id"]) == (200, after)
    entry = of(region.call("GET", "/decisions", CLERK).json["items"], after)
    assert (entry["status"], entry["case_id"]) == ("on-time", case), "the number followed its publication"
    with region.deps.db.read() as session:
        duty = session.scalars(select(Duty).where(Duty.kind == "rectify")).one()
        assert (duty.department_id, duty.done_at is not None) == (after, True)
