"""The pages of supervision: who may open which, what the forms do, and what they print."""

import io
import re

import pytest

from tests.integration.test_letters_typesetting import pdf_text
from tests.integration.test_supervision import CLERK, DECIDER, ORGAN, STRANGER, SUPERVISOR, acknowledge, drawn

PAGES = ("", "/overdue", "/duties?measure=timely_7", "/ledger", "/inspections", "/assessment", "/annual")


@pytest.fixture
def region(new_region):
    made = new_region()
    yield made
    made.deps.db.close()


def browser(region, username=None):
    client = region.app.test_client()
    client.environ_base.update({"HTTP_ACCEPT": "text/html", "HTTP_SEC_FETCH_SITE": "same-origin"})
    if username is not None:
        given = {name: region.accounts[username][name] for name in ("username", "password")}
        assert client.post("/sign-in", data=given).status_code == 303
    return client


def test_every_page_opens_on_an_empty_and_on_a_busy_region(region):
    overseer, clerk = browser(region, SUPERVISOR), browser(region, CLERK)
    for path in PAGES:
        assert overseer.get(f"/supervision{path}").status_code == 200, path
    acknowledge(region, region.published("长住建罚〔2026〕12号"))
    region.published("长住建罚〔2026〕14号")
    region.submitted("长住建罚〔2026〕15号")
    region.pass_days(20)
    overseer, clerk = browser(region, SUPERVISOR), browser(region, CLERK)
    for path in PAGES:
        for client in (overseer, clerk):
            page = client.get(f"/supervision{path}")
            assert page.status_code == 200, path
            assert "style=" not in page.text, path
    board = overseer.get("/supervision").text
    assert "<svg" in board
    assert ORGAN in board
    assert "长住建罚〔2026〕13号" in overseer.get("/supervision/ledger").text
    assert "石门测试建设有限公司" in overseer.get("/supervision/overdue").text
    one = overseer.get(f"/supervision/assessment?department_id={region.housing()}").text
    assert "分值为假定" in one


def test_strangers_and_the_public_are_kept_out(region):
    assert browser(region).get("/supervision").headers["Location"].startswith("/sign-in")
    assert browser(region, "changan-operator").get("/supervision").status_code == 403
    other = browser(region, STRANGER)
    assert ORGAN not in other.get("/supervision").text
    assert other.get(f"/supervision?department_id={region.housing()}").status_code == 404
    assert "监督" in other.get("/supervision").text


def test_the_ledger_by_forms(region):
    clerk, decider = browser(region, CLERK), browser(region, DECIDER)
    row = {"number": "长住建罚〔2026〕1号", "date": "2026-11-02", "organ": ORGAN, "kind": "penalty-decision"}
    assert clerk.post("/supervision/ledger", data=row).status_code == 303
    assert "长住建罚〔2026〕1号" in clerk.get("/supervision/ledger").text
    wrong = clerk.post("/supervision/ledger", data={**row, "date": "2027-01-01"})
    assert wrong.status_code == 422
    assert "决定日期不能晚于今天" in wrong.text
    assert decider.post("/supervision/ledger", data=row).status_code == 403
    assert decider.post("/supervision/zero-returns", data={"period": "2026-10"}).status_code == 303
    assert decider.post("/supervision/zero-returns", data={"period": "2026-10"}).status_code == 409
    said = {"number": "长住建罚〔2026〕1号", "reason_code": "not-public", "reason": "涉及国家秘密"}
    assert clerk.post("/supervision/explanations", data=said).status_code == 303
    assert "涉及国家秘密" in clerk.get("/supervision/ledger").text


def test_a_sheet_by_forms(region):
    clerk = browser(region, CLERK)
    text = f"文号,决定日期,决定机关\n长住建罚〔2026〕1号,2026-11-02,{ORGAN}\n,2026-11-02,{ORGAN}\n"
    sheet = {"file": (io.BytesIO(text.encode()), "台账.csv")}
    sent = clerk.post("/supervision/ledger-imports", data=sheet, content_type="multipart/form-data")
    assert sent.status_code == 303, sent.text
    place = sent.headers["Location"]
    assert "A3" in clerk.get(place).text
    assert clerk.post(f"{place}/confirm").status_code == 303
    assert "已登记" in clerk.get(place).text
    empty = clerk.post("/supervision/ledger-imports", data={}, content_type="multipart/form-data")
    assert empty.status_code == 422


def test_an_inspection_by_forms_with_its_papers(region):
    region.published("长住建罚〔2026〕1号")
    overseer, clerk = browser(region, SUPERVISOR), browser(region, CLERK)
    made = overseer.post("/supervision/inspections", data={"title": "抽查", "period": "2026", "size": "1"})
    assert made.status_code == 303, made.text
    place = made.headers["Location"]
    item = re.search(rf'action="({place}/items/[^/]+)/finding"', overseer.get(place).text)[1]
    assert overseer.get(f"{item}/order").status_code == 404
    refused = overseer.post(f"{item}/finding", data={"category": "disclosure"})
    assert refused.status_code == 422
    finding = {
        "category": "disclosure", "finding": "内容不完整", "requirement": "补充公开",
        "order_number": "督〔2026〕1号",
        "working_days": "5",
    }  # fmt: skip
    assert overseer.post(f"{item}/finding", data=finding).status_code == 303
    order = clerk.get(f"{item}/order").text
    assert "内容不完整" in order
    assert "2026年11月10日" in order
    assert clerk.post(f"{item}/rectification", data={"rectification": "已补充"}).status_code == 303
    closing = {"accepted": "true", "opinion": "同意", "working_days": "5"}
    assert overseer.post(f"{item}/closure", data=closing).status_code == 303
    assert (
        overseer.post(
            f"{place}/circular", data={"number": "通〔2026〕1号", "opinion": "引以为戒"}
        ).status_code
        == 303
    )
    assert "引以为戒" in clerk.get(f"{place}/circular").text
    for paper, words in (
        (f"{item}/order", ("督〔2026〕1号", "内容不完整", "补充公开")),
        (f"{place}/circular", ("通〔2026〕1号", "引以为戒")),
    ):
        file = clerk.get(f"{paper}?format=pdf")
        assert (file.status_code, file.mimetype) == (200, "application/pdf")
        text = "".join(pdf_text(file.data).split())
        assert all(each in text for each in words), text
    assert browser(region, STRANGER).get(place).status_code == 404


def test_the_annual_report_as_pdf(region):
    region.published("长住建罚〔2026〕12号")
    answer = region.call("GET", "/annual-report.pdf?year=2026", SUPERVISOR)
    assert answer.status_code == 200, answer.text
    assert answer.data.startswith(b"%PDF-")
    assert answer.mimetype == "application/pdf"


def test_samples_of_others_stay_out_of_sight(region):
    region.published("长住建罚〔2026〕1号")
    made = drawn(region, size=1)
    page = browser(region, CLERK).get(f"/supervision/inspections/{made['id']}").text
    assert "登记检查结果" not in page
