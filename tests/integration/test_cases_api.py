"""The cases API through the test client: the contract's walk, refusals, bulk, attachments, imports."""

import io
import json
from datetime import UTC, datetime

import pytest
import xlsxwriter

from services.blacklist.cases import api as cases
from services.blacklist.cases.domain.content import missing_documents
from services.blacklist.cases.domain.layout import penalty_layout
from services.blacklist.cases.usecases.imports import Imports
from shared.clock import FixedClock
from shared.identifiers import make_uscc
from shared.web.access import Principal
from shared.web.app import create_service_app, finish
from tests.unit.blacklist.case_office import (
    PERSON_ID,
    add_department,
    filing,
    memory_database,
    officer,
    open_office,
)


@pytest.fixture
def office(tmp_path):
    clock = FixedClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    db = memory_database()
    made = open_office(db, tmp_path, clock)
    made.people["key"] = Principal(
        "k1", "key:a", "住建系统", made.department.id, made.department.name, "130102",
        frozenset(), frozenset({"cases:write"}), None, "k1",
    )  # fmt: skip
    made.people["foreign"] = officer(add_department(db, region="350524"), "clerk")
    yield made
    db.close()


@pytest.fixture
def client(office):
    app = create_service_app(
        __name__, name="blacklist", title="t", prefix="", clock=office.clock, ready=dict,
        authenticate=lambda request: office.people.get(request.headers.get("X-Test-User", "")),
    )  # fmt: skip
    app.register_blueprint(cases.blueprint(office.deps))
    return finish(app).test_client()


class Caller:
    def __init__(self, client):
        self.client = client

    def __call__(self, who, method, path, body=None, **options):
        headers = {"X-Test-User": who, **options.pop("headers", {})}
        return self.client.open(f"/api/v1{path}", method=method, json=body, headers=headers, **options)

    def upload(self, who, path, name, content, **form):
        data = {**form, "file": (io.BytesIO(content), name)}
        return self.client.post(f"/api/v1{path}", data=data, headers={"X-Test-User": who})


@pytest.fixture
def call(client):
    return Caller(client)


WALK = [
    ("clerk", {"action": "submit"}),
    ("reviewer", {"action": "approve_notice", "notice_number": "长住建告〔2026〕3号"}),
    ("clerk", {"action": "record_statement", "waived": True}),
    ("decider", {
        "action": "decide", "severity": "serious", "publicity_months": 12,
        "measures": [{"code": "ban-bidding", "basis": "招标投标法第五十四条",
                      "domain": "engineering-tendering", "region": "130102",
                      "from": "2026-11-23", "to": "2027-11-23", "organ": "o"}],
    }),
    ("clerk", {"action": "record_service", "method": "direct", "served_on": "2026-11-23"}),
    ("decider", {"action": "publish"}),
    ("decider", {"action": "revoke", "reason": "r", "document": {"number": "n", "date": "2026-11-20"}}),
]  # fmt: skip


def test_the_contracts_walk(call):
    case = call("clerk", "POST", "/cases", filing(), headers={"Idempotency-Key": "a-1"}).json
    assert case["state"] == "draft"
    for who, step in WALK:
        answer = call(who, "POST", f"/cases/{case['id']}/transitions", {**step, "version": case["version"]})
        assert answer.status_code == 200, answer.json
        case = answer.json
    assert case["state"] == "revoked"
    assert [step["action"] for step in case["steps"]] == ["file", *(step["action"] for _, step in WALK)]


def test_the_same_key_files_once(call):
    first = call("clerk", "POST", "/cases", filing(), headers={"Idempotency-Key": "k"})
    again = call("clerk", "POST", "/cases", filing(), headers={"Idempotency-Key": "k"})
    other = call(
        "clerk", "POST", "/cases", filing(region="130102", domain="tax"), headers={"Idempotency-Key": "k"}
    )
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert first.json["id"] == again.json["id"]
    assert len(call("clerk", "GET", "/cases").json["items"]) == 1


def test_department_keys_file_but_do_not_submit(call):
    case = call("key", "POST", "/cases", filing()).json
    assert call("key", "POST", f"/cases/{case['id']}/transitions",
                {"action": "submit", "version": 1}).status_code == 403  # fmt: skip
    assert call("clerk", "POST", f"/cases/{case['id']}/transitions",
                {"action": "submit", "version": 1}).status_code == 200  # fmt: skip


def test_other_departments_see_nothing(call):
    case = call("clerk", "POST", "/cases", filing()).json
    assert call("foreign", "GET", f"/cases/{case['id']}").status_code == 404
    assert (
        call("foreign", "PATCH", f"/cases/{case['id']}", {"version": 1, "domain": "tax"}).status_code == 404
    )
    assert call("foreign", "POST", f"/cases/{case['id']}/transitions",
                {"action": "withdraw", "version": 1, "reason": "r"}).status_code == 404  # fmt: skip
    assert call("foreign", "GET", "/cases").json["items"] == []
    assert call("supervisor", "GET", f"/cases/{case['id']}").status_code == 200
    assert call("", "GET", "/cases").status_code == 401


@pytest.mark.parametrize(("change", "pointer"), [
    ({"state": "published"}, "/state"),
    ({"department_id": "x"}, "/department_id"),
    ({"region": "999999"}, "/region"),
    ({"region": "350524"}, "/region"),
({"domain": "fishing"}, "/domain"),
    ({"list_code": "no-such-list"}, "/list_code"),
    ({"subject": {"uscc": "911301020000000000"}}, "/subject/uscc"),
    ({"document": {"date": "2027-01-01"}}, "/document/date"),
    ({"document": {"fine_wan": "-1"}}, "/document/fine_wan"),
    ({"document": {"fine_wan": "1.1234567"}}, "/document/fine_wan"),
    ({"disclosure": {"attribute": "secret"}}, "/disclosure/attribute"),
])  # fmt: skip
def test_bad_filings_name_the_field(call, change, pointer):
    body = filing()
    for name, value in change.items():
        body[name] = {**body[name], **value} if isinstance(value, dict) else value
    answer = call("clerk", "POST", "/cases", body)
    assert answer.status_code == 422
    assert pointer in {field["pointer"] for field in answer.json["fields"]}


def test_inputs_of_another_action_are_refused(call):
    case = call("clerk", "POST", "/cases", filing()).json
    answer = call("clerk", "POST", f"/cases/{case['id']}/transitions",
                  {"action": "submit", "version": 1, "severity": "serious"})  # fmt: skip
    assert (answer.status_code, answer.json["fields"][0]["pointer"]) == (422, "/severity")
    answer = call("clerk", "POST", f"/cases/{case['id']}/transitions", {"action": "withdraw", "version": 1})
    assert (answer.status_code, answer.json["fields"][0]["pointer"]) == (422, "/reason")


def test_stale_version_is_a_conflict(call):
    case = call("clerk", "POST", "/cases", filing()).json
    call("clerk", "POST", f"/cases/{case['id']}/transitions", {"action": "submit", "version": 1})
    answer = call("clerk", "POST", f"/cases/{case['id']}/transitions",
                  {"action": "withdraw", "version": 1, "reason": "r"})  # fmt: skip
    assert (answer.status_code, answer.json["slug"], answer.json["current_version"]) == (
        409,
        "stale-version",
        2,
    )


def test_bulk_answers_row_by_row(call, office):
    office.people["both"] = Principal(**{
        **office.people["clerk"].__dict__, "roles": frozenset({"clerk", "reviewer"}),
    })  # fmt: skip
    mine = call("both", "POST", "/cases", filing()).json
    theirs = call("clerk2", "POST", "/cases", filing()).json
    items = [{"id": each["id"], "version": 1} for each in (mine, theirs)]
    done = call("clerk", "POST", "/cases/transitions", {"action": "submit", "items": items}).json
    assert (done["done"], done["refused"]) == (2, 0)
    items = [{"id": row["id"], "version": row["version"]} for row in done["items"]]
    items.append({"id": "0190a000-0000-7000-8000-000000000000", "version": 1})
    rows = call("both", "POST", "/cases/transitions",
                {"action": "approve_notice", "notice_number": "n", "items": items}).json["items"]  # fmt: skip
    assert [row["ok"] for row in rows] == [False, True, False]
    assert [rows[0]["problem"]["slug"], rows[2]["problem"]["slug"]] == ["four-eyes", "case-not-found"]
    assert call("clerk", "GET", f"/cases/{mine['id']}").json["state"] == "under_review"


def test_lists_page_and_filter(call):
    for number in range(5):
        call("clerk", "POST", "/cases", filing(document={"number": f"号〔2026〕{number}"}))
    first = call("clerk", "GET", "/cases?limit=2&state=draft&list=public-resource-blacklist").json
    second = call("clerk", "GET", f"/cases?limit=2&cursor={first['next']}").json
    assert len({row["id"] for row in first["items"] + second["items"]}) == 4
    assert call("clerk", "GET", "/cases?q=〔2026〕3").json["items"][0]["document"]["number"] == "号〔2026〕3"
    assert call("clerk", "GET", "/cases?state=nonsense").status_code == 422


def test_attachments_are_sealed_and_hashed(call, office):
    case = call("clerk", "POST", "/cases", filing()).json
    content = b"%PDF-1.7 " + PERSON_ID.encode()
    path = f"/cases/{case['id']}/attachments"
    made = call.upload("clerk", path, "决定书.pdf", content, kind="penalty-decision")
    assert made.status_code == 201
    assert len(made.json["sha256"]) == 64
    for stored in (office.deps.data_dir / "attachments").rglob("*"):
        assert stored.is_dir() or PERSON_ID.encode() not in stored.read_bytes()
    got = call("reviewer", "GET", f"{path}/{made.json['id']}")
    assert got.data == content
    assert call("foreign", "GET", f"{path}/{made.json['id']}").status_code == 404
    for name, body in (("a.exe", b"MZ"), ("a.pdf", b"MZ"), ("a.pdf", b"")):
        assert call.upload("clerk", path, name, body, kind="evidence").status_code == 422
    refused = call.upload("clerk", path, "a.pdf", content, kind="nonsense")
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json["fields"]] == ["/kind"]
    assert "penalty-decision（行政处罚决定书）" in refused.json["fields"][0]["message"]


def test_a_missing_document_is_named_in_chinese():
    said = list(missing_documents(("penalty-decision",), {"evidence"}))
    assert said == [("/attachments/penalty-decision", "上传名单要求的材料：行政处罚决定书")]
    assert not list(missing_documents(("penalty-decision",), {"penalty-decision"}))


def sheet(rows, labels=True):
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet()
    columns = penalty_layout().columns[:30]
    for index, column in enumerate(columns):
        page.write_string(0, index, column.label if labels else column.code)
    for number, row in enumerate(rows, 1):
        for index, column in enumerate(columns):
            if row.get(column.code) is not None:
                page.write_string(number, index, row[column.code])
    book.close()
    return out.getvalue()


def sheet_row(serial, **changes):
    return {
        "CF_XDR_MC": f"石门样例{serial}有限公司", "CF_XDR_LB": "法人及非法人组织",
        "CF_XDR_SHXYM": make_uscc("91130102", serial), "CF_FRDB": "张三",
        "CF_WSH": f"长住建罚〔2026〕{serial}号",
        "CF_WFXW": "串通投标", "CF_SY": "与他人串通投标", "CF_YJ": "《招标投标法》", "CF_CFLB": "罚款",
        "CF_NR": "罚款1万元",
        "CF_NR_FK": "1", "CF_JDRQ": "2026/11/2", "CF_CFJG": "石家庄市长安区住房和城乡建设局", **changes,
    }  # fmt: skip


def settle(office):
    loop = Imports(office.deps, "test")
    while loop.step():
        pass


@pytest.mark.parametrize("labels", [True, False])
def test_import_previews_then_files_what_is_confirmed(call, office, labels):
    person = {"CF_XDR_LB": "自然人", "CF_XDR_SHXYM": None, "CF_FRDB": None, "CF_XDR_ZJLX": "身份证"}
    rows = [
        sheet_row(1), sheet_row(2, CF_XDR_SHXYM="911301020000000000"), sheet_row(3, CF_JDRQ="昨天"),
        sheet_row(4, CF_XDR_ZJHM=PERSON_ID, CF_XDR_MC="李小明", **person), sheet_row(1),
    ]  # fmt: skip
    made = call.upload(
        "clerk", "/imports", "双公示.xlsx", sheet(rows, labels), domain="engineering-tendering"
    )
    assert made.status_code == 201, made.json
    path = f"/imports/{made.json['id']}"
    assert call("clerk", "POST", f"{path}/confirm").status_code == 409
    settle(office)
    preview = call("clerk", "GET", path).json
    assert (preview["state"], preview["total_rows"], preview["good_rows"], preview["bad_rows"]) == (
        "preview",
        5,
        2,
        2,
    )
    assert {row["errors"][0]["cell"] for row in preview["items"] if row["errors"]} == {"C3", "W4"}
    assert (preview["held_rows"], preview["items"][4]["hint"]) == (1, "duplicate")
    assert all(error["remedy"] and error["value"] for row in preview["items"] for error in row["errors"])
    assert {error["column"] for row in preview["items"] for error in row["errors"]} == {
        "行政相对人代码_1（统一社会信用代码）",
        "处罚决定日期",
    }
    assert PERSON_ID not in json.dumps(preview)
    assert call("clerk", "GET", "/cases").json["items"] == []
    assert call("foreign", "GET", path).status_code == 404
    assert call("clerk", "POST", f"{path}/confirm").status_code == 202
    settle(office)
    assert call("clerk", "POST", f"{path}/confirm").status_code == 202
    settle(office)
    done = call("clerk", "GET", f"{path}?rows=filed").json
    assert (done["state"], done["filed_rows"], len(done["items"])) == ("done", 2, 2)
    cases_now = call("clerk", "GET", f"/cases?import={done['id']}").json["items"]
    assert {case["state"] for case in cases_now} == {"draft"}
    again = call.upload("clerk", "/imports", "again.xlsx", sheet(rows[:1]))
    settle(office)
    assert call("clerk", "GET", f"/imports/{again.json['id']}").json["held_rows"] == 1


def test_import_takes_csv_and_refuses_what_is_no_sheet(call, office):
    columns = [column for column in penalty_layout().columns if column.code in sheet_row(1)]
    lines = [",".join(f'"{column.label}"' for column in columns)]
    lines.append(",".join(f'"{sheet_row(9)[column.code]}"' for column in columns))
    made = call.upload("clerk", "/imports", "a.csv", "\n".join(lines).encode("gb18030"))
    settle(office)
    assert call("clerk", "GET", f"/imports/{made.json['id']}").json["good_rows"] == 1
    for content in (b"PK\x03\x04 broken", b"not a workbook"):
        made = call.upload("clerk", "/imports", "b.xlsx", content)
        settle(office)
        failed = call("clerk", "GET", f"/imports/{made.json['id']}").json
        assert (failed["state"], bool(failed["problem"])) == ("failed", True)
    assert call.upload("clerk", "/imports", "c.exe", b"MZ").status_code == 422
    assert call.upload("clerk", "/imports", "c.csv", b"").status_code == 422


def test_an_imports_rows_are_decided_on_mended_and_exported_by_program(call, office):
    rows = [sheet_row(21), sheet_row(21), sheet_row(22, CF_JDRQ="昨天")]
    path = f"/imports/{call.upload('clerk', '/imports', 'a.xlsx', sheet(rows)).json['id']}"
    settle(office)
    assert call("clerk", "GET", f"{path}?rows=held").json["items"][0]["row"] == 3
    kept = call("clerk", "POST", f"{path}/decisions", {"decision": "keep", "rows": [3]})
    assert (kept.json["good_rows"], kept.json["held_rows"]) == (2, 0)
    assert call("clerk", "POST", f"{path}/decisions", {"decision": "keep"}).status_code == 422
    assert call("foreign", "POST", f"{path}/decisions", {"decision": "skip", "rows": [3]}).status_code == 404
    found = call("clerk", "GET", f"{path}/errors.xlsx")
    assert (found.status_code, found.data[:2]) == (200, b"PK")
    assert call("foreign", "GET", f"{path}/errors.xlsx").status_code == 404
    mended = ["原行号", *sheet_row(22)], ["4", *sheet_row(22).values()]
    content = "\n".join(",".join(f'"{cell}"' for cell in line) for line in mended).encode()
    child = call.upload("clerk", f"{path}/corrections", "a.csv", content)
    assert child.status_code == 201, child.json
    settle(office)
    labels = call("clerk", "GET", f"/imports/{child.json['id']}").json
    assert (labels["state"], labels["corrects"]) == ("failed", path.rsplit("/", 1)[1])
    by_label = [column.label for column in penalty_layout().columns if column.code in sheet_row(22)]
    cells = [
        sheet_row(22)[column.code] for column in penalty_layout().columns if column.code in sheet_row(22)
    ]
    lines = ["原行号", *by_label], ["4", *cells]
    content = "\n".join(",".join(f'"{cell}"' for cell in line) for line in lines).encode()
    child = call.upload("clerk", f"{path}/corrections", "a.csv", content)
    settle(office)
    assert call("clerk", "GET", f"/imports/{child.json['id']}").json["good_rows"] == 1
    assert call("clerk", "GET", path).json["good_rows"] == 3
    assert call("clerk", "GET", f"{path}/errors.xlsx").json["slug"] == "no-wrong-rows"
    assert call("clerk", "POST", f"{path}/confirm").status_code == 202
    settle(office)
    export = call("reviewer", "POST", "/cases/export", {"purpose": "核对", "format": "csv"})
    assert len(export.data.decode("utf-8-sig").splitlines()) == 5
    assert call("reviewer", "POST", "/cases/export", {"format": "csv"}).status_code == 422
    taught = {"layout": "penalty-2015", "columns": {"处罚对象": "CF_XDR_MC"}}
    assert call("clerk", "PUT", "/imports/mapping", taught).json["items"][0]["layout"] == "penalty-2015"
    assert call("clerk", "PUT", "/imports/mapping", {"layout": "x", "columns": {}}).status_code == 422
    assert {each["code"] for each in call("clerk", "GET", "/imports/layouts").json["items"]} >= {
        "blacklist-org"
    }
