"""The pages over HTTP on a small world: who may open what, what works, and what must never show."""

import csv
import io
import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from services.blacklist.app import create_app
from services.blacklist.cases.domain.layout import penalty_layout
from services.blacklist.sample import load_sample_world
from services.blacklist.settings import read_settings
from services.blacklist.store import Base, Deps
from shared.calendar import builtin_calendar
from shared.clock import FixedClock
from shared.crypto import KeyRing
from shared.db import open_database
from shared.identifiers import make_resident_id

NUMBER = make_resident_id("130102", date(1980, 1, 2), 77)
OWN = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


class Site:
    """The application, its clock, and a browser-like client for each account."""

    def __init__(self, folder: Path) -> None:
        settings = read_settings({"DATA_DIR": str(folder)})
        self.clock = FixedClock(datetime(2026, 11, 3, 2, tzinfo=UTC))
        db = open_database(settings.common.db_url)
        self.deps = Deps(db, self.clock, KeyRing.create(folder / "keys.json"), builtin_calendar(), folder)
        Base.metadata.create_all(db.engine)
        load_sample_world(db, clock=self.clock, data_dir=folder)
        self.app = create_app(settings, self.deps)
        self.accounts = json.loads((folder / "accounts.json").read_text("utf-8"))

    def client(self, role: str | None = None, region: str = "130102") -> FlaskClient:
        client = self.app.test_client()
        client.environ_base.update({f"HTTP_{k.upper().replace('-', '_')}": v for k, v in OWN.items()})
        if role:
            account = next(a for a in self.accounts if a["roles"] == [role] and a["region"] == region)
            signed = client.post("/sign-in", data={name: account[name] for name in ("username", "password")})
            assert signed.status_code == 303, signed.text
        return client


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory):
    made = Site(tmp_path_factory.mktemp("site"))
    yield made
    made.deps.db.close()


def person(**changes: str) -> dict[str, str]:
    return {
        "list_code": "public-resource-blacklist",
        "domain": "housing-security",
        "region": "130102",
        "subject.type": "individual",
        "subject.name": "欧阳某某",
        "subject.id_type": "resident-id",
        "subject.id_number": NUMBER,
        "misconduct.category": "骗取保障性住房",
        "misconduct.facts": "隐瞒房产骗取公租房资格。",
        "document.kind": "administrative-decision",
        "document.number": "长住建处〔2026〕1号",
        "document.organ": "长安区住房和城乡建设局",
        "document.date": "2026-11-02",
        "document.basis": "《公共租赁住房管理办法》第三十五条",
        "document.content": "取消资格。",
        "disclosure.attribute": "proactive",
    } | changes


@pytest.fixture(scope="module")
def case(site: Site) -> str:
    """A person's case taken to publication through the forms; its address."""
    clerk, reviewer, decider = (site.client(role) for role in ("clerk", "reviewer", "decider"))
    filed = clerk.post("/cases/new", data=person())
    assert filed.status_code == 303, filed.text
    place = filed.headers["Location"].split("?")[0]
    steps = (
        (clerk, "submit", {}),
        (reviewer, "approve_notice", {"notice_number": "长住建告〔2026〕1号"}),
        (clerk, "record_statement", {"waived": "true", "hearing_waived": "true"}),
        (decider, "decide", {"severity": "general", "publicity_months": "12"}),
        (clerk, "record_service", {"method": "direct", "served_on": "2026-11-03"}),
        (decider, "publish", {}),
    )
    for who, action, inputs in steps:
        version = re.search(r'name="version" value="(\d+)"', who.get(f"{place}/actions/{action}").text)[1]
        done = who.post(f"{place}/actions/{action}", data={"version": version, **inputs})
        assert done.status_code == 303, done.text
    return place


def listing_of(site: Site, case: str) -> str:
    return re.search(r'href="(/listings/[^"]+)"', site.client("clerk").get(case).text)[1]


def test_a_persons_number_is_on_no_page(site: Site, case: str):
    clerk = site.client("clerk")
    pages = [clerk.get(path).text for path in (case, f"{case}/actions/withdraw", "/cases", "/cases?q=欧阳")]
    pages += [site.client().get(path).text for path in ("/", "/?q=欧阳", listing_of(site, case))]
    assert all(NUMBER not in page for page in pages)
    assert NUMBER[:4] + "*" in pages[0]


def test_a_person_is_not_found_by_name_but_by_proof(site: Site, case: str):
    public = site.client()
    assert "欧阳" not in public.get("/?q=欧阳某某").text.split("<main")[1].replace('value="欧阳某某"', "")
    page = public.get(listing_of(site, case))
    assert "欧阳某某" not in page.text
    assert "欧阳**" in page.text
    assert page.headers["X-Robots-Tag"] == "noindex"
    found = public.post("/persons", data={"name": "欧阳某某", "id_number": NUMBER})
    assert "骗取" in found.text or "公示至" in found.text
    assert found.headers["Cache-Control"].startswith("no-store")
    assert NUMBER not in found.text
    missed = public.post(
        "/persons", data={"name": "欧阳某某", "id_number": make_resident_id("130102", date(1980, 1, 2), 78)}
    )
    assert "没有与所填姓名和证件号码同时相符" in missed.text
    assert public.post("/persons", data={"name": "欧阳某某"}).status_code == 422


def test_refused_filing_never_shows_the_number_again(site: Site):
    refused = site.client("clerk").post("/cases/new", data=person(**{"document.date": "2099-01-01"}))
    assert refused.status_code == 422
    assert "文书日期：" in refused.text
    assert NUMBER not in refused.text


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        (None, "/cases", 303),
        (None, "/imports", 303),
        ("clerk", "/cases", 200),
        ("clerk", "/imports", 200),
        ("clerk", "/cases/new", 200),
        ("reviewer", "/cases/new", 403),
        ("supervisor", "/cases", 200),
        ("auditor", "/cases", 200),
        ("auditor", "/imports", 403),
        ("system-admin", "/cases", 403),
        ("operator", "/cases", 403),
        ("operator", "/account/password", 200),
    ],
)
def test_who_may_open_what(site: Site, role: str | None, path: str, status: int):
    assert site.client(role).get(path).status_code == status


def test_another_departments_case_does_not_exist(site: Site, case: str):
    for role in ("clerk", "reviewer", "decider"):
        stranger = site.client(role, "350524")
        assert stranger.get(case).status_code == 404
        assert (
            stranger.post(f"{case}/actions/withdraw", data={"version": "1", "reason": "x"}).status_code == 404
        )
        assert "欧阳" not in stranger.get("/cases").text
    assert site.client("supervisor").get(case).status_code == 200


def test_the_filer_cannot_review_by_hand_made_request(site: Site):
    clerk = site.client("clerk")
    filed = clerk.post("/cases/new", data=person(**{"document.number": "长住建处〔2026〕2号"}))
    place = filed.headers["Location"].split("?")[0]
    clerk.post(f"{place}/actions/submit", data={"version": "1"})
    refused = clerk.post(f"{place}/actions/approve_notice", data={"version": "2", "notice_number": "x"})
    assert refused.status_code == 403
    stale = clerk.post(f"{place}/actions/withdraw", data={"version": "1", "reason": "重复录入"})
    assert stale.status_code == 409
    assert "更新" in stale.text
    assert site.client("clerk").get(f"{place}/actions/nonsense").status_code == 404
    unopened = site.client("clerk").get(f"{place}/actions/publish")
    assert unopened.status_code == 404
    offered = site.client("reviewer").get(place).text
    assert offered.index("actions/approve_notice") < offered.index("actions/return_for_revision")
    assert f'href="{place}"' in unopened.text
    bare = {"document.kind": "", "document.number": "", "document.date": ""}
    lacking = clerk.post("/cases/new", data=person(**bare)).headers["Location"].split("?")[0]
    refused = clerk.post(f"{lacking}/actions/submit", data={"version": "1"}).text
    assert "作出认定所依据的处罚决定、判决等文书" in refused
    assert f'href="{lacking}/edit"' in refused


def test_a_draft_is_changed_and_optional_fields_can_be_emptied(site: Site):
    clerk = site.client("clerk")
    number = "长住建处〔2026〕3号"
    place = clerk.post(
        "/cases/new", data=person(**{"document.number": number, "misconduct.occurred_on": "2026-10-01"})
    )
    case = place.headers["Location"].split("?")[0]
    form = clerk.get(f"{case}/edit").text
    assert 'value="2026-10-01"' in form
    assert NUMBER not in form
    data = person(
        **{"version": "1", "document.number": number, "misconduct.occurred_on": "", "subject.id_number": ""}
    )
    saved = clerk.post(f"{case}/edit", data=data)
    assert saved.status_code == 303, saved.text
    page = clerk.get(case).text
    assert "2026年10月1日" not in page
    assert NUMBER[:4] + "*" in page, "a number left blank stays"


def test_requests_from_other_sites_are_refused(site: Site):
    clerk = site.client("clerk")
    crossing = clerk.post("/cases/new", data=person(), headers={"Sec-Fetch-Site": "cross-site"})
    assert crossing.status_code == 403
    assert (
        site.client().post("/sign-in", data={}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    )


def test_an_empty_filing_names_every_field_it_misses(site: Site):
    answer = site.client("clerk").post("/cases/new", data={})
    assert answer.status_code == 422
    named = re.findall(r'href="#[^"]+">([^<]*必填[^<]*)</a>', answer.text)
    assert {each.partition("：")[0] for each in named} == {
        "名单", "领域", "行政区划代码", "名称或姓名", "主体类型",
    }  # fmt: skip


def test_the_blank_sheet_has_the_columns_an_import_reads(site: Site):
    clerk = site.client("clerk")
    assert 'href="/imports/blank.csv"' in clerk.get("/imports").text
    (headings,) = csv.reader(io.StringIO(clerk.get("/imports/blank.csv").data.decode("utf-8-sig")))
    layout = penalty_layout()
    assert [layout.column(heading) for heading in headings] == list(layout.columns)


def test_attachments_come_back_as_files(site: Site):
    from io import BytesIO

    clerk = site.client("clerk")
    case = (
        clerk.post("/cases/new", data=person(**{"document.number": "附1号"}))
        .headers["Location"]
        .split("?")[0]
    )

    def send(name: str, content: bytes):
        data = {"kind": "evidence", "file": (BytesIO(content), name)}
        return clerk.post(f"{case}/attachments", data=data, content_type="multipart/form-data")

    assert send("证据<b>.pdf", b"%PDF-1.7 x").status_code == 303
    refused = send("a.exe", b"MZ")
    assert refused.status_code == 422
    assert "文件：" in refused.text
    page = clerk.get(case).text
    assert "证据&lt;b&gt;.pdf" in page
    link = re.search(rf'href="({case}/attachments/[^"]+)"', page)[1]
    file = clerk.get(link)
    assert file.data == b"%PDF-1.7 x"
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert site.client("clerk", "350524").get(link).status_code == 404


def test_the_session_is_renewed_on_the_way_and_ends_when_idle(tmp_path: Path):
    site = Site(tmp_path)
    clerk = site.client("clerk")
    before = clerk.get_cookie("credit_session").value
    site.clock.advance(timedelta(minutes=6))
    renewing = clerk.get("/cases?state=draft")
    assert renewing.status_code == 303
    assert renewing.headers["Location"] == "/session/refresh?next=%2Fcases%3Fstate%3Ddraft"
    back = clerk.get(renewing.headers["Location"])
    assert back.headers["Location"] == "/cases?state=draft"
    assert clerk.get_cookie("credit_session").value != before
    assert clerk.get("/cases?state=draft").status_code == 200
    site.clock.advance(timedelta(minutes=20))
    assert clerk.get(clerk.get("/cases").headers["Location"]).headers["Location"] == "/cases", (
        "expired, not idle"
    )
    site.clock.advance(timedelta(minutes=40))
    gone = clerk.get(clerk.get("/cases").headers["Location"])
    assert gone.headers["Location"] == "/sign-in?next=%2Fcases"
    assert clerk.get_cookie("credit_session") is None
    site.deps.db.close()


def test_signing_out_ends_the_session_everywhere(site: Site):
    clerk = site.client("clerk")
    token = clerk.get_cookie("credit_session").value
    assert clerk.post("/sign-out").status_code == 303
    other = site.app.test_client()
    assert other.get("/api/v1/cases", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_the_cookie_is_out_of_scripts_reach(site: Site):
    account = next(a for a in site.accounts if a["roles"] == ["clerk"])
    data = {name: account[name] for name in ("username", "password")} | {"next": "//evil.example"}
    signed = site.app.test_client().post("/sign-in", data=data)
    cookie = signed.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "evil" not in signed.headers["Location"]


def test_the_closed_list_of_measures_and_the_publicity_of_single_domains_are_public(site):
    page = site.client().get("/lists").get_data(as_text=True)
    assert "今日施行的是2025年版" in page
    assert page.count("全国失信惩戒措施基础清单（20") == 4
    one = site.client().get("/lists/penalty-publication").get_data(as_text=True)
    assert "个别领域的公示期" in one
    assert "安全生产、产品质量" in one
    assert "最多延长 12 个月" in site.client().get("/lists/wage-arrears").get_data(as_text=True)
