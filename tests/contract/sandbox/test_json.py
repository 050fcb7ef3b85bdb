"""The JSON platforms: signatures, frame, fields, order of operations, idempotency, receipts."""

import json

import pytest

from shared.ids import new_id
from tests.contract.sandbox.conftest import PERSON, canonical, person

CITY = "credit-quanzhou"


def only(answer):
    assert answer.status_code == 200, answer.text
    (receipt,) = answer.json["receipts"]
    return receipt


def test_a_listing_from_new_to_withdrawn(bench):
    one = new_id()
    first = only(bench.send_json(CITY, canonical(listing_id=one)))
    assert (first["result"], first["code"]) == ("accepted", "")
    assert first["receipt_number"].startswith("CREDIT-QUANZHOU-")
    changed = canonical("变更", 2, one, facts="更正后的事实")
    assert only(bench.send_json(CITY, changed))["result"] == "accepted"
    (record,) = bench.records(CITY)
    assert (record["status"], record["version"]) == ("listed", 2)
    assert json.loads(record["raw"])["facts"] == "更正后的事实"
    assert only(bench.send_json(CITY, canonical("撤销", 3, one)))["result"] == "accepted"
    (record,) = bench.records(CITY)
    assert (record["status"], record["document_number"]) == ("withdrawn", "安住建罚〔2026〕1号")
    assert only(bench.send_json(CITY, canonical("新增", 4, one)))["result"] == "accepted"
    assert bench.records(CITY)[0]["status"] == "listed"
    assert len(bench.requests(CITY)) == 4


def test_the_same_key_gives_the_same_receipt_and_one_effect(bench):
    record = canonical()
    first, again = only(bench.send_json(CITY, record)), only(bench.send_json(CITY, record))
    assert first == again
    other = only(bench.send_json(CITY, {**record, "facts": "另一内容"}))
    assert (other["result"], other["code"]) == ("rejected", "CONFLICT")
    assert len(bench.records(CITY)) == 1


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ([("变更", 1)], "NOT_FOUND"),
        ([("撤销", 1)], "NOT_FOUND"),
        ([("新增", 1), ("新增", 2)], "EXISTS"),
        ([("新增", 3), ("变更", 2)], "VERSION"),
        ([("新增", 3), ("撤销", 2)], "VERSION"),
        ([("新增", 1), ("撤销", 2), ("撤销", 3)], "NOT_FOUND"),
        ([("新增", 1), ("撤销", 2), ("新增", 2)], "VERSION"),
    ],
)
def test_order_of_operations(bench, steps, code):
    one = new_id()
    *before, last = [only(bench.send_json(CITY, canonical(op, version, one))) for op, version in steps]
    assert all(receipt["result"] == "accepted" for receipt in before)
    assert (last["result"], last["code"]) == ("rejected", code)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("subject_name", "", "REQUIRED"),
        ("subject_name", "名" * 201, "LENGTH"),
        ("uscc", "91350524000000129X", "CHECKSUM"),
        ("uscc", "", "REQUIRED"),
        ("organ_uscc", "123", "CHECKSUM"),
        ("document_date", "2026-13-02", "DATE"),
        ("document_date", "2026/11/02", "DATE"),
        ("publicity_end", "2020-01-01", "DATE"),
        ("fine_wan", "2.5万", "FORMAT"),
        ("fine_wan", "-1", "FORMAT"),
        ("fine_wan", "1.1234567", "FORMAT"),
        ("penalty_category", "打招呼", "CODE"),
        ("domain", "space-travel", "CODE"),
        ("list_class", "worst", "CODE"),
        ("region", "999999", "CODE"),
        ("region", "130102", "CODE"),  # another province's
        ("status", "删除", "CODE"),
        ("version", "1", "FORMAT"),
        ("measures", "none", "FORMAT"),
        ("measures", [{"basis": "x"}], "REQUIRED"),
        ("facts", "有\x00控制符", "FORMAT"),
        ("occurred_at", "2026-11-03T02:00:00", "DATE"),
        ("org_code", "123456780", "CHECKSUM"),
        ("fine_wan", None, "FORMAT"),
        ("surprise", "x", "FORMAT"),
    ],
)
def test_each_field_is_checked(bench, field, value, code):
    receipt = only(bench.send_json(CITY, canonical(**{field: value})))
    assert (receipt["result"], receipt["field"], receipt["code"]) == ("rejected", field, code)
    assert receipt["message"]
    assert bench.records(CITY) == []


def test_a_missing_field_is_not_an_empty_one(bench):
    record = canonical()
    del record["content"]
    assert only(bench.send_json(CITY, record))["field"] == "content"
    assert only(bench.send_json(CITY, canonical(content="")))["result"] == "accepted"


def test_withdrawal_needs_a_reason(bench):
    one = new_id()
    bench.send_json(CITY, canonical(listing_id=one))
    receipt = only(bench.send_json(CITY, canonical("撤销", 2, one, reason_code="")))
    assert (receipt["field"], receipt["code"]) == ("reason_code", "REQUIRED")


@pytest.mark.parametrize(
    ("number", "code"),
    [("", "REQUIRED"), (PERSON[:-1] + "A", "FORMAT"), (PERSON[:10] + "99999999", "CHECKSUM")],
)
def test_persons_need_a_right_number(bench, number, code):
    receipt = only(bench.send_json(CITY, person(id_number=number)))
    assert (receipt["field"], receipt["code"]) == ("id_number", code)


def test_persons_are_taken_and_other_papers_too(bench):
    papers = person(id_type="passport", id_number="E12345678")
    assert only(bench.send_json(CITY, person()))["result"] == "accepted"
    assert only(bench.send_json(CITY, papers))["result"] == "accepted"


def test_rows_of_a_batch_stand_for_themselves(bench):
    answer = bench.send_json(CITY, canonical(), canonical(facts=""), canonical())
    assert [receipt["result"] for receipt in answer.json["receipts"]] == ["accepted", "rejected", "accepted"]


def test_signatures(bench):
    body = b"{}"
    path = f"/platforms/{CITY}/records"
    assert bench.client.post(path, data=body, content_type="application/json").status_code == 401
    assert bench.call("POST", path, body, "application/json", key_of="credit-china").status_code == 401
    nonce = "n" * 32
    assert bench.call("POST", path, body, "application/json", nonce=nonce).status_code == 422
    answer = bench.call("POST", path, body, "application/json", nonce=nonce)
    assert (answer.status_code, answer.json["slug"]) == (401, "SIGNATURE")
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 422),
        (b'{"head": {}, "records": []}', "application/json", 422),
        (b'{"head": 1, "records": 2}', "application/json", 422),
        (b"{}", "text/plain", 415),
    ],
)
def test_bad_frames(bench, body, content_type, status):
    assert bench.call("POST", f"/platforms/{CITY}/records", body, content_type).status_code == status


@pytest.mark.parametrize("head", [{"count": 2}, {"batch_id": ""}, {"extra": 1}])
def test_bad_heads(bench, head):
    assert bench.send_json(CITY, canonical(), **head).status_code == 422


def test_too_many_rows(bench):
    assert bench.send_json(CITY, *([canonical()] * 501)).status_code == 413


def test_asking_for_a_receipt(bench):
    record = canonical(key="credit-quanzhou:one:1:list")
    key = record["idempotency_key"]
    path = f"/platforms/{CITY}/records/{key}"
    assert bench.call("GET", path).status_code == 404
    told = only(bench.send_json(CITY, record))
    assert bench.call("GET", path).json == told


def test_only_platforms_of_this_kind_take_json(bench):
    assert bench.send_json("trade-quanzhou", canonical()).status_code == 404
    assert bench.send_json("credit-fujian", canonical()).status_code == 404


def test_tender_platform_takes_only_its_domain_and_region(bench):
    place = {"region": "130102"}
    bench.send_json("tender-shijiazhuang", canonical(**place), canonical(**place, domain="health"))
    key_rows = bench.records("tender-shijiazhuang")
    assert len(key_rows) == 1
