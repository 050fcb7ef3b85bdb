"""The pages of disclosure, the calendar and a duty, as people without JavaScript use them."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.blacklist.app import PACKAGE, create_app
from services.blacklist.rules.queries.calendars import LiveCalendar
from services.blacklist.sample import load_sample_world
from services.blacklist.settings import read_settings
from services.blacklist.store import Deps
from shared.clock import FixedClock
from shared.crypto import KeyRing
from shared.db import migrate, open_database
from tests.integration.test_blacklist_walk import filing
from tests.integration.test_calendar_api import NOTICE
from tests.unit.blacklist.case_office import PERSON_ID


class Site:
    """The service, and a browser for each officer."""

    def __init__(self, app: Any, accounts: list[dict[str, Any]]) -> None:
        self.app, self.accounts = app, accounts

    def browser(self, role: str | None = None) -> FlaskClient:
        client: FlaskClient = self.app.test_client()
        if role:
            found = next(e for e in self.accounts if e["region"] == "130102" and e["roles"] == [role])
            form = {"username": found["username"], "password": found["password"]}
            assert client.post("/sign-in", data=form, headers=SAME).status_code == 303
        return client


SAME = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("site")
    clock = FixedClock(datetime(2026, 11, 2, 2, 0, tzinfo=UTC))
    settings = read_settings({"DATA_DIR": str(folder)})
    migrate(settings.common.db_url, PACKAGE)
    db = open_database(settings.common.db_url)
    deps = Deps(db, clock, KeyRing.load_or_create(settings.common.keys_file), LiveCalendar(db, 0), folder)
    load_sample_world(db, clock=clock, data_dir=folder)
    yield Site(create_app(settings, deps), json.loads((folder / "accounts.json").read_text()))
    db.close()


def page(client: FlaskClient, path: str, status: int = 200, **form: Any) -> str:
    answer = client.post(path, data=form, headers=SAME) if form else client.get(path, headers=SAME)
    assert answer.status_code == status, answer.text
    return answer.text


def sent(site: Site) -> tuple[str, str]:
    """(code, address at the desk) of a new request to the sample clerk's department."""
    clerk, anyone = site.browser("clerk"), site.browser()
    form = anyone.get("/disclosure-requests/new").text
    department = re.search(r'value="([0-9a-f-]{36})">石家庄市长安区住房和城乡建设局<', form)
    assert department
    receipt = page(
        anyone, "/disclosure-requests/new", 201, department_id=department[1],
        **{"applicant.type": "citizen", "applicant.name": "王小二", "applicant.id_type": "resident-id",
           "applicant.id_number": PERSON_ID, "applicant.phone": "13900000000"},
        wanted="2025年度违法行为记录<b>汇总</b>", delivery="online",
    )  # fmt: skip
    code = re.search(r"[2-9A-Z]{4}(?:-[2-9A-Z]{4}){3}", receipt)
    assert code
    assert "只显示这一次" in receipt
    place = re.search(r"/disclosure-desk/[0-9a-f-]{36}", page(clerk, "/disclosure-desk"))
    assert place
    return code[0], place[0]


def test_a_request_goes_from_form_to_letter(site: Site) -> None:
    code, desk = sent(site)
    anyone, clerk, decider = site.browser(), site.browser("clerk"), site.browser("decider")
    assert "办理中" in page(anyone, "/disclosure-requests", code=code)
    seen = page(clerk, desk)
    assert "13900000000" in seen
    assert "<b>汇总</b>" not in seen
    wrong = page(clerk, f"{desk}/draft", 422, answer_type="refused")
    assert "请写明理由" in wrong
    page(
        clerk,
        f"{desk}/draft",
        303,
        answer_type="refused",
        reason="涉及第三方商业秘密",
        exceptions="trade-secret",
    )
    saved = page(clerk, f"{desk}?done=draft")
    assert "答复已保存" in saved
    assert saved.count('class="govuk-tag ') == 1, "one tag says where it stands"
    assert "签发答复" in page(decider, desk)
    page(decider, f"{desk}/issue", 303, letter_number="长住建公开〔2026〕1号")
    letter = page(anyone, "/disclosure-requests", code=code)
    for words in ("答复书（不予公开）", "商业秘密", "第十五条", "行政复议", "已答复"):
        assert words in letter


def test_an_applicant_adds_what_is_asked_for_and_takes_it_back(site: Site) -> None:
    code, desk = sent(site)
    anyone, clerk = site.browser(), site.browser("clerk")
    page(clerk, f"{desk}/ask_correction", 303, content="请写明年份", until="2026-11-20")
    assert "提交补正" in page(anyone, "/disclosure-requests", code=code)
    assert "收到补正" in page(anyone, "/disclosure-requests", code=code, act="supplement", content="2025年")
    assert "申请人已撤回" in page(anyone, "/disclosure-requests", code=code, act="withdraw")
    page(anyone, "/disclosure-requests", 404, code="ABCD-ABCD-ABCD-ABCD")


def test_a_wrong_form_is_shown_again_without_the_number(site: Site) -> None:
    again = page(
        site.browser(), "/disclosure-requests/new", 422,
        **{"applicant.name": "王小二", "applicant.type": "citizen", "applicant.id_number": PERSON_ID},
    )  # fmt: skip
    assert "请改正以下内容" in again
    assert "王小二" in again
    assert PERSON_ID not in again


def test_the_catalogue_can_be_read_and_printed(site: Site) -> None:
    shown = page(site.browser(), "/disclosure-catalogue?region=350524")
    for words in ("责任主体", "监督渠道", "林业产权交易", "安溪县林业局", "国家秘密", "region=350524"):
        assert words in shown
    assert "没有符合条件的事项" in page(site.browser(), "/disclosure-catalogue?region=abc")


def test_the_desk_is_for_officers(site: Site) -> None:
    _, desk = sent(site)
    assert site.browser().get("/disclosure-desk", headers=SAME).status_code == 303
    assert page(site.browser("supervisor"), desk)
    page(site.browser("operator"), "/disclosure-desk", 403)
    page(site.browser("supervisor"), f"{desk}/extend", 403, working_days="5", reason="x")


def test_the_preview_hangs_on_the_case(site: Site) -> None:
    clerk = site.browser("clerk")
    made = clerk.post("/api/v1/cases", json=filing(), headers=SAME)
    case_id = made.get_json()["id"]
    assert f"/cases/{case_id}/public-preview" in page(clerk, f"/cases/{case_id}")
    shown = page(clerk, f"/cases/{case_id}/public-preview")
    for words in ("公示预览", "统一社会信用代码", "按今天公示推算", "依法公示"):
        assert words in shown


def test_a_calendar_is_read_proposed_and_confirmed(site: Site) -> None:
    admin, supervisor = site.browser("system-admin"), site.browser("supervisor")
    read = page(admin, "/admin/calendar", notice=NOTICE, act="read", source="")
    assert "2027-02-14" in read
    assert "还没有提出过" in read
    page(admin, "/admin/calendar", 422, notice=NOTICE, act="propose", source="")
    for odd in ({"rest.x": "1"}, {"notice.x": "1"}, {"year": "x", "notice": NOTICE}):
        page(admin, "/admin/calendar", 422, **{"act": "propose", "source": "通知", **odd})
    page(admin, "/admin/calendar", 303, notice=NOTICE, act="propose", source="国务院办公厅通知")
    assert "待另一人确认" in page(admin, "/admin/calendar?done=proposed")
    waiting = page(supervisor, "/admin/calendar")
    place = re.search(r"/admin/calendar/[0-9a-f-]{36}/confirm", waiting)
    assert place
    assert place[0] not in page(admin, "/admin/calendar"), "not by the proposer"
    assert supervisor.post(place[0], headers=SAME).status_code == 303
    assert "已生效" in page(admin, "/admin/calendar")
    days = supervisor.get("/api/v1/calendar/due?start=2027-09-30&working_days=1").get_json()
    assert (days["due"], days["provisional"]) == ("2027-10-08", False)
    page(site.browser("clerk"), "/admin/calendar", 403)


def test_a_duty_can_be_looked_at_and_extended(site: Site) -> None:
    _, desk = sent(site)
    clerk, decider = site.browser("clerk"), site.browser("decider")
    found = decider.get("/api/v1/duties?limit=200", headers=SAME).get_json()["items"]
    duty = next(each for each in found if each["case_id"] == desk.rsplit("/", 1)[1])
    place = f"/duties/{duty['id']}"
    assert "答复政府信息公开申请" in page(clerk, place)
    page(decider, f"{place}/pause", 409, reason="太忙")
    page(decider, f"{place}/extend", 303, working_days="5", reason="需要汇总")
    assert "延长 5 个工作日：需要汇总" in page(clerk, place)
    page(clerk, f"{place}/extend", 403, working_days="5", reason="x")
    page(decider, f"{place}/nothing", 404, x="1")
