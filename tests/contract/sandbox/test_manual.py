"""The platform a person serves: sheet up, feedback down, letters for withdrawal."""

import csv
import io

import pytest

from shared.identifiers import make_uscc
from tests.contract.sandbox.conftest import to_xlsx

OFFICE = "procure-hebei"
LABELS = [
    "操作", "企业名称", "统一社会信用代码", "企业地址", "严重违法失信行为的具体情形", "处罚结果", "处罚依据",
    "处罚日期", "公布截止日期", "执法单位", "决定书文号", "业务流水号",
]  # fmt: skip


def row(key, operation="新增", number="冀财采罚〔2026〕1号", name="河北某某商贸有限公司", **changes):
    cells = [
        operation,
        name,
        make_uscc("91130102", 9),
        "",
        "提供虚假材料谋取中标",
        "罚款",
        "《政府采购法》第七十七条",
    ]
    cells += ["2026-11-02", "", "河北省财政厅", number, key]
    for position, value in changes.items():
        cells[LABELS.index(position)] = value
    return cells


def upload(bench, *rows, labels=LABELS):
    return send(bench, to_xlsx([labels, *rows]))


def send(bench, body):
    return bench.client.post(f"/platforms/{OFFICE}/upload", data={"sheet": (io.BytesIO(body), "s.xlsx")})


def feedback(bench, answer):
    told = bench.client.get(f"/platforms/{OFFICE}/feedback/{answer.json['batch_number']}")
    assert told.status_code == 200, told.text
    return list(csv.DictReader(io.StringIO(told.data.decode("utf-8-sig"), newline="")))


def letter(bench, number="函1", document="冀财采罚〔2026〕1号", name="河北某某商贸有限公司"):
    body = {"number": number, "document_number": document, "subject_name": name}
    return bench.client.post(f"/platforms/{OFFICE}/letters", json=body)


def test_upload_and_feedback(bench):
    told = feedback(bench, upload(bench, row("k1"), row("k2", 处罚日期="昨天")))
    assert [(one["idempotency_key"], one["result"], one["code"]) for one in told] == [
        ("k1", "accepted", ""),
        ("k2", "rejected", "DATE"),
    ]
    (record,) = bench.records(OFFICE)
    assert (record["document_number"], record["status"]) == ("冀财采罚〔2026〕1号", "listed")


def test_the_same_sheet_twice(bench):
    body = to_xlsx([LABELS, row("k1")])  # a file says in its bytes when it was made
    first, second = send(bench, body), send(bench, body)
    assert first.json == second.json
    assert feedback(bench, first) == feedback(bench, second)
    assert len(bench.records(OFFICE)) == 1


def test_correction(bench):
    upload(bench, row("k1"))
    told = feedback(bench, upload(bench, row("k2", "变更", 处罚结果="罚款并禁止参加政府采购")))
    assert told[0]["result"] == "accepted"
    told = feedback(bench, upload(bench, row("k3", "变更", number="没有的号")))
    assert told[0]["code"] == "NOT_FOUND"


def test_wrong_sheets(bench):
    assert upload(bench, row("k1"), labels=[*LABELS[:-1], "流水"]).status_code == 422
    assert upload(bench).status_code == 422
    assert bench.client.post(f"/platforms/{OFFICE}/upload", data={}).status_code == 422
    bad = {"sheet": (io.BytesIO(b"not a workbook"), "s.xlsx")}
    assert bench.client.post(f"/platforms/{OFFICE}/upload", data=bad).status_code == 422
    assert bench.client.get(f"/platforms/{OFFICE}/feedback/none").status_code == 404


def test_letters(bench):
    upload(bench, row("k1"))
    told = letter(bench).json
    assert told["result"] == "accepted"
    assert told["reply_number"].startswith("HBF")
    assert letter(bench).json == told  # the same letter again: the same reply
    assert letter(bench, document="另一号").status_code == 409
    assert bench.records(OFFICE)[0]["status"] == "withdrawn"
    assert letter(bench, number="函2").json["result"] == "rejected"


@pytest.mark.parametrize(
    "body", [{}, {"number": "1"}, {"number": "", "document_number": "a", "subject_name": "b"}, []]
)
def test_bad_letters(bench, body):
    assert bench.client.post(f"/platforms/{OFFICE}/letters", json=body).status_code == 422


def test_late_and_lost_feedback(bench):
    bench.fault(OFFICE, "delayed_receipt", count=1)
    batch = upload(bench, row("k1")).json["batch_number"]
    assert bench.client.get(f"/platforms/{OFFICE}/feedback/{batch}").status_code == 404
    bench.fault(OFFICE, "drop_receipt", count=1)
    lost = upload(bench, row("k2", number="二号")).json["batch_number"]
    assert bench.client.get(f"/platforms/{OFFICE}/feedback/{lost}").status_code == 404
    assert feedback(bench, upload(bench, row("k2", number="二号")))[0]["result"] == "accepted"
