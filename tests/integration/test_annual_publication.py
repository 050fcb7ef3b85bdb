"""年度报告: owed from New Year, put forward by one, made public by another at an address that stays; and the
timeliness of items, interpretations and opinions in the indicators and the report.
"""

import io
from datetime import UTC, date, datetime

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from services.blacklist.identity.models import Department
from services.blacklist.identity.usecases import create_user
from services.blacklist.openness.usecases.filing import file_item
from services.blacklist.rules.models import Duty
from services.blacklist.rules.queries import duties_of
from services.blacklist.rules.usecases import DutyClock
from services.blacklist.sample import disclosure_items, load_open_items
from services.blacklist.supervision.models import AnnualReport
from services.blacklist.supervision.usecases.annual import AnnualDuties, announce
from shared.web.access import Principal

CLERK, DECIDER = "changan-clerk", "changan-decider"
ONE, TWO, STRANGER = "changan-supervisor", "changan-supervisor2", "anxi-clerk"
PLACE = "/api/v1/annual-reports"
PASSWORD = "Changan-2026-xyz!"


@pytest.fixture
def region(new_region):
    made = new_region()
    hire(made, TWO, "supervisor", made.department("130102-government-office"))
    yield made
    made.deps.db.close()


def hire(region, username, role, department_id):
    """One officer more, with a password of their own."""
    with region.deps.db.write() as session:
        create_user(
            session, actor=None, username=username, display_name="监督员乙", department_id=department_id,
            roles=[role], email=None, password=PASSWORD, must_change=False, at=region.clock.now(),
        )  # fmt: skip
    region.accounts[username] = {"username": username, "password": PASSWORD}


def on(region, day):
    region.clock.set(datetime(day.year, day.month, day.day, 2, tzinfo=UTC))
    region.tokens.clear()


def publish_items(region):
    with region.deps.db.write() as session:
        return load_open_items(session, region.deps)


def test_two_people_make_a_year_public_at_an_address_that_stays(region):
    assert publish_items(region) == 8
    refused = region.call("POST", "/annual-reports", ONE, {"year": 2026})
    assert (refused.status_code, refused.json["fields"][0]["pointer"]) == (422, "/year")
    on(region, date(2027, 1, 12))
    proposed = region.call("POST", "/annual-reports", ONE, {"year": 2026})
    assert (proposed.status_code, proposed.json["state"], proposed.json["due"]) == (
        201,
        "proposed",
        "2027-03-31",
    )
    assert region.call("GET", PLACE).json["items"] == []
    approval = f"/annual-reports/{proposed.json['id']}/approval"
    assert region.call("POST", approval, ONE).json["slug"] == "annual-report-four-eyes"
    assert region.call("POST", approval, DECIDER).json["slug"] == "annual-report-not-found"
    assert region.call("POST", approval, TWO).json["state"] == "published"
    shown = region.call("GET", f"{PLACE}/130102/2026").json
    assert shown["title"].endswith("石家庄市长安区2026年公共资源配置领域政府信息公开年度报告")
    assert (shown["version"], shown["published_on"], len(shown["sha256"])) == (1, "2027-01-12", 64)
    kinds = next(t for t in shown["report"]["tables"] if t["title"] == "按种类公开信息件数")
    assert kinds["rows"][-1] == ["合计", 4]
    page = region.client.get("/annual-reports/130102/2026")
    assert (page.status_code, "年度报告" in page.text) == (200, True)
    assert region.call("GET", f"{PLACE}/130102/2025").status_code == 404
    assert region.call("GET", f"{PLACE}/350524/2026").status_code == 404


def test_a_year_no_database_holds_is_simply_not_there(region):
    assert region.call("GET", f"{PLACE}/130102/64398071116151464380071936000").status_code == 404


def test_files_of_a_published_report_need_no_account(region):
    on(region, date(2027, 1, 12))
    made = region.call("POST", "/annual-reports", ONE, {"year": 2026}).json
    region.call("POST", f"/annual-reports/{made['id']}/approval", TWO)
    sheet = region.call("GET", f"{PLACE}/130102/2026.xlsx")
    assert CalamineWorkbook.from_filelike(io.BytesIO(sheet.data)).sheet_names[0] == "正文"
    assert region.call("GET", f"{PLACE}/130102/2026.pdf").data.startswith(b"%PDF")
    with pytest.raises(IntegrityError), region.deps.db.write() as session:
        session.execute(text("UPDATE annual_reports SET approved_by = drafted_by"))


def test_what_is_published_is_never_counted_anew(region):
    on(region, date(2027, 1, 12))
    made = region.call("POST", "/annual-reports", ONE, {"year": 2026}).json
    region.call("POST", f"/annual-reports/{made['id']}/approval", TWO)
    before = region.call("GET", f"{PLACE}/130102/2026").json
    again = region.call("POST", "/annual-reports", ONE, {"year": 2026}).json
    assert again["version"] == 1
    assert region.call("GET", f"{PLACE}/130102/2026").json == before
    back = region.call("POST", f"/annual-reports/{made['id']}/return", TWO, {"reason": "等补报"}).json
    assert (back["state"], back["returned_reason"]) == ("published", "等补报")
    assert region.call("POST", f"/annual-reports/{made['id']}/approval", TWO).status_code == 409
    region.call("POST", "/annual-reports", ONE, {"year": 2026})
    region.call("POST", f"/annual-reports/{made['id']}/approval", TWO)
    assert region.call("GET", f"{PLACE}/130102/2026").json["version"] == 2


def test_the_report_is_owed_by_the_day_the_law_names(region):
    """From New Year; near fourteen days before 31 March; late on 1 April; announced under its own number."""
    loop, watch = AnnualDuties(region.deps), DutyClock(region.deps.db, region.clock, announce)
    on(region, date(2027, 1, 1))
    loop.step()
    loop.step()
    with region.deps.db.read() as session:
        rows = session.scalars(select(AnnualReport).order_by(AnnualReport.region)).all()
    assert {"130102", "350524", "210000"} <= {row.region for row in rows}
    assert {row.year for row in rows} == {2026}
    ours = next(row for row in rows if row.region == "130102")

    def duty():
        while watch.step():
            pass
        with region.deps.db.read() as session:
            found = session.scalars(select(Duty).where(Duty.case_id == ours.id)).one()
        return found.state_at(region.clock.now())

    for day, state in (
        (date(2027, 1, 2), "open"),
        (date(2027, 3, 18), "due-soon"),
        (date(2027, 3, 31), "due-soon"),
        (date(2027, 4, 1), "overdue"),
    ):
        on(region, day)
        assert duty() == state, day
    with region.deps.db.read() as session:
        assert session.get(AnnualReport, ours.id).sequence == 2


def test_a_system_that_starts_after_the_day_owes_nothing_for_the_year_before(region):
    on(region, date(2026, 11, 3))
    AnnualDuties(region.deps).step()
    with region.deps.db.read() as session:
        assert session.scalars(select(AnnualReport)).all() == []


def test_items_count_among_publications_with_what_stands_behind_them(region):
    publish_items(region)
    on(region, date(2026, 12, 31))
    found = region.call("GET", "/indicators?period=2026", ONE).json
    housing = next(each for each in found["items"] if each["department_id"] == region.housing())
    assert housing["items"] == {"part": 3, "whole": 3, "percent": "100.0"}
    assert housing["interpretations"] == {"part": 1, "whole": 1, "percent": "100.0"}
    assert housing["timely_20"]["whole"] == 3
    behind = region.call(
        "GET", f"/duties?measure=items&period=2026&department_id={region.housing()}", ONE
    ).json
    assert len(behind["items"]) == 3
    assert all(each["item_id"] and each["list_name"] == "主动公开信息" for each in behind["items"])
    assert behind["items"][0]["document_number"].startswith("GK130102-2026-")


def test_an_opinion_answered_late_by_minutes_is_late(region):
    given = {
        "title": "x", "summary": "y", "source": "z", "level": "major",
        "reported_at": "2026-11-03T08:00:00+08:00",
    }  # fmt: skip
    made = region.call("POST", "/api/v1/opinions", CLERK, given)
    assert made.status_code == 201, made.text
    region.clock.set(datetime(2026, 11, 3, 5, 0, 1, tzinfo=UTC))
    watch = DutyClock(region.deps.db, region.clock, announce)
    while watch.step():
        pass
    rows = region.call("GET", "/overdue", ONE).json["items"]
    assert [(each["kind"], each["subject_name"], each["days_late"]) for each in rows] == [
        ("opinion-information", "x", 0)
    ]
    assert rows[0]["late"]
    assert rows[0]["due_at"].startswith("2026-11-03T05:00:00")
    on(region, date(2026, 11, 20))
    found = region.call("GET", "/indicators?period=2026-11", ONE).json
    assert found["total"]["opinions"] == {"part": 0, "whole": 2, "percent": "0.0"}


def test_a_stranger_neither_puts_forward_nor_sees_it_before(region):
    on(region, date(2027, 1, 12))
    made = region.call("POST", "/annual-reports", ONE, {"year": 2026}).json
    assert region.call("POST", "/annual-reports", STRANGER, {"year": 2026}).status_code == 403
    assert made["id"] not in region.call("GET", "/annual-reports", STRANGER).text
    assert made["id"] in region.call("GET", "/annual-reports", TWO).text


KINDS = {"R24-licences": "licence", "R28-policy": "policy-document", "R54-approval": "approval"}
NOT_ITEMS = {"R1-blacklist", "R24-penalties", "R29-opinion"}
"""Entries whose information is listings, or whose items answer an opinion."""


def test_every_entry_of_the_catalogue_takes_items_of_the_department_that_answers_for_it(region):
    """R40-R42, R46-R57: whoever holds the information publishes it, each entry with its time."""
    with region.deps.db.write() as session:
        for entry in disclosure_items():
            if entry.code in NOT_ITEMS:
                continue
            wanted = select(Department).where(
                Department.region == entry.region, Department.valid_to.is_(None),
                Department.kind == (entry.organ if entry.organ != "*" else "finance"),
            )  # fmt: skip
            home = session.scalars(wanted.order_by(Department.code)).first()
            assert home is not None, f"nobody answers for {entry.code} in {entry.region}"
            who = Principal("u1", "u", "经办", home.id, home.name, home.region, frozenset({"clerk"}))
            given = {
                "catalogue_code": entry.code, "kind": KINDS.get(entry.code, "result"), "title": entry.title,
                "body": "样例", "formed_on": date(2026, 11, 2), "attribute": "proactive",
            }  # fmt: skip
            made = file_item(session, region.deps, given, actor=who, at=region.clock.now())
            duty = duties_of(session, [made.id])[made.id][0]
            days = region.deps.calendar.working_days_between(date(2026, 11, 2), duty.due_on)
            assert days == made.term["working_days"] <= 20
