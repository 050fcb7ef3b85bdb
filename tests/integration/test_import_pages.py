"""Import, bulk and export by page: every state shows what to do next, and nothing needs JavaScript."""

import csv
import io
import re
from itertools import count

import pytest

from bench.import_cases import sheet
from services.blacklist.cases.domain.layout import all_layouts
from services.blacklist.cases.domain.sheet import read_sheet
from services.blacklist.cases.usecases.imports import Imports
from tests.integration.test_blacklist_pages import Site
from tests.integration.test_case_sheets import BLACK, OLD, written
from tests.unit.blacklist.case_office import PERSON_ID


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory):
    made = Site(tmp_path_factory.mktemp("imports"))
    yield made
    made.deps.db.close()


@pytest.fixture
def row():
    """A row no other test has, by its number."""
    return OLD | {"CF_WSH": f"示罚〔2016〕{next(SERIAL)}号"}


SERIAL = count(1)


def settle(site):
    loop = Imports(site.deps, "test")
    while loop.step():
        pass
    loop.close()


def upload(client, content, list_code="penalty-publication", name="a.csv", path="/imports"):
    data = {"list_code": list_code, "domain": "other", "file": (io.BytesIO(content), name)}
    if path != "/imports":
        data = {"file": data["file"]}
    return client.post(path, data=data, content_type="multipart/form-data")


def imported(site, client, content, **more):
    answer = upload(client, content, **more)
    assert answer.status_code == 303, answer.text
    settle(site)
    return answer.headers["Location"]


def figures(page):
    return [int(each) for each in re.findall(r'cb-board__number">(\d+)', page.text)]


def bulk(client, path, action, **inputs):
    import_id = path.rsplit("/", 1)[1]
    form = client.get(f"/cases/bulk?import={import_id}").text
    counts = dict(re.findall(r'name="(count\.\w+)" value="(\d+)"', form))
    return client.post("/cases/bulk", data={"import": import_id, "action": action, **counts, **inputs})


def test_a_working_import_shows_its_progress_without_scripts(site):
    clerk = site.client("clerk")
    path = upload(clerk, sheet(3, 0)).headers["Location"]
    page = clerk.get(path).text
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page
    assert "<progress" in page
    assert f'hx-get="{path}/progress"' in page
    assert "HX-Refresh" not in clerk.get(f"{path}/progress").headers
    settle(site)
    done = clerk.get(f"{path}/progress")
    assert done.headers["HX-Refresh"] == "true"
    assert "hx-get" not in done.text
    assert "http-equiv" not in clerk.get(path).text


def test_wrong_rows_are_shown_with_cell_value_and_remedy_and_mended(site, row):
    clerk = site.client("clerk")
    person = {"CF_XDR_MC": "李小明", "CF_XDR_SHXYM": "", "CF_XDR_SFZ": PERSON_ID[:-1] + "?", "CF_FR": ""}
    path = imported(site, clerk, written(row | person, row))
    page = clerk.get(f"{path}?rows=bad").text
    assert PERSON_ID[:12] not in page
    assert PERSON_ID[:4] + "*" * 14 in page
    assert "对照身份证件填写18位号码" in page
    content = clerk.get(f"{path}/errors.xlsx")
    assert content.headers["Cache-Control"] == "no-store"
    assert content.data[:2] == b"PK"
    fixed = {"原行号": "2", **row, **person, "CF_XDR_SFZ": PERSON_ID, "CF_WSH": "另1号"}
    missing = clerk.post(f"{path}/corrections", data={}, content_type="multipart/form-data")
    assert missing.status_code == 422
    assert "请选择改正后的表格" in missing.text
    child = imported(site, clerk, written(fixed), path=f"{path}/corrections")
    assert figures(clerk.get(child)) == [1, 1, 0]
    assert figures(clerk.get(path)) == [2, 2, 0, 0, 0, 0]
    assert "更正件" in clerk.get("/imports").text
    assert site.client("clerk", "350524").get(f"{path}/errors.xlsx").status_code == 404


def test_duplicates_are_decided_by_row_or_all_together(site, row):
    clerk = site.client("clerk")
    path = imported(site, clerk, written(row, row, row))
    assert "决定重复的 2 行" in clerk.get(path).text
    kept = clerk.post(f"{path}/decisions", data={"rows": "3", "decision": "keep", "shown": "held"})
    assert kept.headers["Location"] == f"{path}?rows=held&done=decided"
    clerk.post(f"{path}/decisions", data={"hint": "duplicate", "decision": "skip"})
    assert figures(clerk.get(path)) == [3, 1, 0, 0, 2, 0]
    refused = clerk.post(f"{path}/decisions", data={"decision": "keep"})
    assert refused.status_code == 422
    assert "二者选一" in refused.text


def test_unknown_headings_are_named_in_a_form_and_remembered(site, row):
    clerk = site.client("clerk")
    own = {("处罚对象" if key == "CF_XDR_MC" else key): value for key, value in row.items()}
    path = imported(site, clerk, written(own))
    page = clerk.get(path).text
    assert "缺少列：行政相对人名称" in page
    assert re.search(r'<details[^>]* id="headings" open>', page)
    index = re.search(r'<select class="govuk-select" id="c(\d+)"', page)[1]
    sent = clerk.post(f"{path}/headings", data={"layout": "penalty-2015", f"c{index}": "CF_XDR_MC"})
    assert sent.status_code == 303
    settle(site)
    assert figures(clerk.get(path))[:2] == [1, 1]
    again = imported(site, clerk, written(own | {"CF_WSH": "又1号"}))
    assert figures(clerk.get(again))[:2] == [1, 1]
    assert 'value="CF_XDR_MC" selected' in clerk.get(again).text, "what is remembered is offered"
    assert clerk.post(f"{path}/headings", data={"layout": "none"}).status_code == 422


@pytest.mark.parametrize("layout", all_layouts(), ids=lambda layout: layout.code)
def test_every_layout_has_a_blank_sheet(site, layout):
    clerk = site.client("clerk")
    assert layout.source in clerk.get("/imports").text
    sheet_text = clerk.get(f"/imports/blank.csv?layout={layout.code}").data.decode("utf-8-sig")
    (headings,) = csv.reader(io.StringIO(sheet_text))
    assert [layout.column(heading) for heading in headings] == list(layout.columns)
    book = clerk.get(f"/imports/blank.xlsx?layout={layout.code}").data
    (headings,) = read_sheet("空白表.xlsx", book)
    assert [layout.column(heading) for heading in headings] == list(layout.columns)


def test_a_penalty_of_another_organ_is_remarked_on_in_the_preview(site, row):
    clerk = site.client("clerk")
    own = {"CF_XZJG": "长安区住房和城乡建设局"}
    page = clerk.get(imported(site, clerk, written(row | {"CF_WSH": "他1号", "CF_XZJG": "市城管局"}))).text
    assert "“市城管局”不是本部门" in page
    assert 'data-label="说明"' in page, "reasons stay beside their rows on a narrow screen"
    assert figures(clerk.get(imported(site, clerk, written(row | own))))[1] == 1


def test_old_layout_penalties_are_public_after_two_peoples_bulk_acts(site, row):
    clerk, reviewer, decider = (site.client(role) for role in ("clerk", "reviewer", "decider"))
    rows = [row | {"CF_WSH": f"示旧{serial}号"} for serial in range(20)]
    person = {"CF_XDR_MC": "李小明", "CF_XDR_SHXYM": "", "CF_XDR_SFZ": PERSON_ID, "CF_FR": ""}
    path = imported(site, clerk, written(*rows, row | person))
    clerk.post(f"{path}/confirm")
    settle(site)
    assert f"/cases/bulk?action=submit&amp;import={path.rsplit('/', 1)[1]}" in clerk.get(path).text
    for client, action in ((clerk, "submit"), (reviewer, "confirm_decision"), (decider, "publish")):
        answer = bulk(client, path, action)
        assert answer.status_code == 200, answer.text
        assert figures(answer) == [21, 0, 0], answer.text
    public = site.client().get("/?q=石门旧表有限公司").text
    assert "石门旧表有限公司" in public
    assert PERSON_ID not in public
    assert "没有可以批量办理的案件" in reviewer.get(f"/cases/bulk?import={path.rsplit('/', 1)[1]}").text


def test_a_bulk_act_refuses_what_changed_meanwhile_and_says_why_a_case_stands(site, row):
    clerk, reviewer = site.client("clerk"), site.client("reviewer")
    path = imported(site, clerk, written(row, row | {"CF_WSH": "示罚二号"}))
    clerk.post(f"{path}/confirm")
    settle(site)
    import_id = path.rsplit("/", 1)[1]
    stale = clerk.post("/cases/bulk", data={"import": import_id, "action": "submit", "count.submit": "9"})
    assert stale.status_code == 409
    assert "现在可以办理的有2件" in stale.text
    assert clerk.post("/cases/bulk", data={"import": import_id}).status_code == 422
    assert figures(bulk(clerk, path, "submit")) == [2, 0, 0]
    without = bulk(reviewer, path, "return_for_revision")
    assert without.status_code == 422
    assert "理由和依据：必填" in without.text
    assert figures(bulk(reviewer, path, "return_for_revision", reason="证据不足")) == [2, 0, 0]
    assert site.client("auditor").get("/cases/bulk").status_code == 403
    away = site.client("reviewer", "350524").get(f"/cases/bulk?import={import_id}")
    assert "没有可以批量办理的案件" in away.text


def test_an_export_needs_its_purpose(site):
    clerk = site.client("clerk")
    assert "没有可以导出的案件" in clerk.get("/cases/export?q=没有这个").text
    path = imported(site, clerk, written(BLACK), list_code="public-resource-blacklist")
    clerk.post(f"{path}/confirm")
    settle(site)
    import_id = path.rsplit("/", 1)[1]
    assert f'href="/cases/export?import={import_id}"' in clerk.get(f"/cases?import={import_id}").text
    refused = clerk.post("/cases/export", data={"format": "csv"})
    assert refused.status_code == 422
    assert "用途" in refused.text
    made = clerk.post("/cases/export", data={"purpose": "年度核对", "format": "csv", "import": import_id})
    rows = list(csv.reader(io.StringIO(made.data.decode("utf-8-sig"))))
    assert len(rows) == 3
    assert "年度核对" in rows[0][0]
    assert made.headers["Content-Disposition"] == "attachment; filename=cases.csv"
