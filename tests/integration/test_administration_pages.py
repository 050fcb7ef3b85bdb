"""管理 in the browser: accounts by two administrators, departments, keys, and the auditor's trail."""

import csv
import io
import json
import re

import pytest

from services.blacklist.audit.usecases import chain_batch
from shared.identifiers import make_uscc
from tests.architecture.access_world import AT, HOME, open_world
from tests.unit.blacklist.case_office import PERSON_ID

ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
OWN = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
NEW = "Qiao-lai7-shan2-he9"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return open_world(tmp_path_factory.mktemp("administration"))


@pytest.fixture
def page(world):
    def asked(role, path, status=200, **form):
        method = "POST" if form else "GET"
        answer = world.call("blacklist", method, f"/admin{path}", world.people[role, HOME], form)
        assert answer.status_code == status, answer.text[:2000]
        return answer.headers["Location"] if status == 303 else answer.text

    return asked


def test_an_account_from_its_first_password_to_its_end(world, page):
    office = world.people["clerk", HOME].department_id
    given = {"username": "new-auditor", "display_name": "新审计员", "department_id": office}
    page("system-admin", "/users/new", 422, **{**given, "username": "新"})
    made = page("system-admin", "/users/new", **given)
    password = re.search(r"<code>([^<]+)</code>", made)[1].replace("&amp;", "&")
    place = re.search(rf"/users/{ID}/roles", made)[0]
    user = place.removesuffix("/roles")
    assert password not in page("system-admin", user)
    page("system-admin", place, 422, roles=["auditor", "clerk"], reason="兼任")
    assert page("system-admin", place, 303, roles=["auditor"], reason="到岗").endswith("?done=roles")
    waiting = page("security-admin", "/role-changes?state=proposed")
    decision = re.search(rf"/role-changes/{ID}/decision", waiting)[0]
    page("system-admin", decision, 409, approve="true")
    page("security-admin", decision, 303, approve="true")
    assert "新审计员" in page("auditor", "/users?role=auditor&name=审计")

    client = world.clients["blacklist"].application.test_client()
    signed = client.post("/sign-in", data={"username": "new-auditor", "password": password}, headers=OWN)
    assert signed.headers["Location"] == "/account/password"
    fresh = {"current_password": password, "new_password": NEW, "again": NEW}
    assert client.post("/account/password", data=fresh, headers=OWN).headers["Location"] == "/admin/audit"
    assert client.get("/sign-in", headers=OWN).headers["Location"] == "/admin/audit"
    assert client.get("/admin/audit", headers=OWN).status_code == 200

    page("security-admin", f"{user}/disable", 422, reason="")
    page("security-admin", f"{user}/disable", 303, reason="调离")
    assert client.get("/admin/audit", headers=OWN).status_code == 303, "signed out at once"
    assert "已停用" in page("auditor", user)
    page("system-admin", f"{user}/validity", 422, valid_until="2036-01-01", reason="延长")
    page("system-admin", f"{user}/enable", 303, x="")
    assert "<code>" in page("system-admin", f"{user}/password-reset", x="")


def test_a_key_is_shown_once_and_ends_when_revoked(world, page):
    office = world.people["clerk", HOME].department_id
    given = {"name": "业务系统", "department_id": office, "scopes": ["cases:read"]}
    page("security-admin", "/api-keys/new", 422, **{**given, "addresses": "127.0.0.1\nx"})
    made = page("security-admin", "/api-keys/new", **given, expires_at="2027-03-01")
    key = re.search(r"ApiKey (cbk[^<]+)<", made)[1]
    assert world.call("blacklist", "GET", "/api/v1/cases", None, key=key).status_code == 200
    listed = page("security-admin", "/api-keys")
    assert key not in listed
    row = listed.split("业务系统")[1]
    page("security-admin", re.search(rf"/api-keys/{ID}/revocation", row)[0], 303, x="")
    assert world.call("blacklist", "GET", "/api/v1/cases", None, key=key).status_code == 401
    assert "已吊销" in page("auditor", f"/api-keys?department={office}")
    assert "没有接口密钥" in page("auditor", "/api-keys?department=nobody")


def test_a_department_is_founded_renamed_and_handed_over(page):
    def founded(code, number):
        form = {"code": code, "name": f"{code} 局", "short_name": code, "kind": "housing", "region": HOME,
                "level": "county", "valid_from": "2026-01-01",
                "uscc": make_uscc("11130102", number)}  # fmt: skip
        page("system-admin", "/departments/new", 422, **{**form, "uscc": "1"})
        return re.search(rf"/departments/{ID}", page("system-admin", "/departments/new", 303, **form))[0]

    old, new = founded("old-office", 7001), founded("new-office", 7002)
    renamed = {"name": "旧局（更名）", "short_name": "旧局"}
    page("system-admin", f"{old}/rename", 303, **renamed)
    assert "不能撤回" in page("system-admin", f"{old}/transfer")
    given = {"successor_id": new.removeprefix("/departments/"), "on": "2027-11-23"}
    page("system-admin", f"{old}/transfer", 422, **given)
    page("system-admin", f"{old}/transfer", 303, **{**given, "on": "2026-11-01"})
    assert "旧局（更名）" in page("auditor", new)
    assert "旧局（更名）" not in page("auditor", "/departments")
    assert "旧局（更名）" in page("auditor", "/departments?past=true")


def test_the_auditor_reads_filters_and_proves_the_trail(world, page):
    auditor = world.people["system-admin", HOME]
    given = {"name": "查", "department_id": auditor.department_id, "scopes": ["cases:read"]}
    page("security-admin", "/api-keys/new", **given)
    with world.deps.db.write() as session:
        chain_batch(session)
    day = AT.date().isoformat()
    found = page("auditor", f"/audit?action=api-key.issued&actor=security-admin-{HOME}&from={day}&to={day}")
    assert "发放接口密钥</td>" in found
    assert "cases:read" in found
    assert f'href="/admin/users/{world.people["security-admin", HOME].user_id}"' in found
    assert found.count("发放接口密钥</td>") == page("auditor", "/audit?action=接口密钥").count(
        "发放接口密钥</td>"
    )
    thing = re.search(rf"object_id=({ID})", found)[1]
    assert thing in page("auditor", f"/audit?object_type=api-key&object_id={thing}")
    for nothing in ("to=2026-11-01", "actor=nobody", "object_type=case&action=api-key.issued"):
        assert "没有符合条件的审计记录" in page("auditor", f"/audit?{nothing}"), nothing
    assert "govuk-error-message" in page("auditor", "/audit?from=x", 422)
    place = f"/api/v1/audit?object_type=api-key&object_id={thing}&from={day}&to={day}"
    told = world.call("blacklist", "GET", place, world.people["auditor", HOME]).json
    assert [item["object_id"] for item in told["items"]] == [thing]
    assert "审计链完整" in page("auditor", "/audit/chain")


def test_the_trail_is_taken_out_with_a_purpose_that_is_in_the_trail(world, page):
    given = {"action": "audit.export", "from": "2026-11-01", "to": "2026-12-31"}
    assert "至多 20000 条" in page("auditor", "/audit/export?action=user.created")
    page("auditor", "/audit/export", 422, **given)
    page("auditor", "/audit/export", 422, **given, purpose="年度检查", format="pdf")
    page("clerk", "/audit/export", 403, **given, purpose="年度检查")
    turned = {"from": "2026-12-31", "to": "2026-11-01"}
    assert "不能早于开始日期" in page("auditor", "/audit/export", 422, **turned, purpose="检查", format="csv")
    assert "年度检查" in page("auditor", "/audit/export", purpose="年度检查", format="csv", **given)
    with world.deps.db.write() as session:
        chain_batch(session)
    lines = list(
        csv.reader(io.StringIO(page("auditor", "/audit/export", purpose="=1+1", format="csv", **given)))
    )
    assert lines[1][:3] == ["时间", "事项", "事项代码"]
    (first,) = lines[2:]
    assert (first[1], first[7], first[11].isdigit(), len(first[12])) == ("导出审计记录", "导出", True, 64)
    assert json.loads(first[9]) == {
        "purpose": "年度检查", "form": "csv", "rows": 0, "sha256": json.loads(first[9])["sha256"],
        "filter": {"action": "audit.export", "since": "2026-11-01", "until": "2026-12-31"},
    }  # fmt: skip
    auditor = world.people["auditor", HOME]
    told = world.call(
        "blacklist", "POST", "/api/v1/audit/export", auditor, {"purpose": "核对", "format": "json"} | given
    )
    assert [each["action_name"] for each in told.json["entries"]] == ["导出审计记录"] * 2
    about = {"purpose": f"核对{PERSON_ID}", "format": "csv"} | given
    assert PERSON_ID not in world.call("blacklist", "POST", "/api/v1/audit/export", auditor, about).text
    turned |= {"purpose": "核对"}
    refused = world.call("blacklist", "POST", "/api/v1/audit/export", auditor, turned)
    assert (refused.status_code, refused.json["fields"][0]["pointer"]) == (422, "/to")
    sheet = world.call("blacklist", "POST", "/api/v1/audit/export", auditor, {"purpose": "核对"} | given)
    assert sheet.data[:2] == b"PK"
    assert sheet.headers["Content-Disposition"] == "attachment; filename=audit.xlsx"


def test_more_than_a_file_takes_is_refused_before_it_is_read(world, page, monkeypatch):
    monkeypatch.setattr("services.blacklist.audit.exporting.MOST", 0)
    refused = page("auditor", "/audit/export", 422, purpose="全部", format="json")
    assert "请缩小时间范围后分批导出" in refused
