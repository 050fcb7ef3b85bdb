"""The contract's handles: records, requests, faults, clock; ledgers; pages."""

import hashlib
import json
from datetime import datetime, timedelta

import pytest

from services.credit_push.sandbox.app import build_sandbox
from services.credit_push.sandbox.settings import ProductionRefused, read_sandbox
from shared.clock import SystemClock
from shared.ids import new_id
from tests.contract.sandbox.conftest import PERSON, Bench, canonical, person, trade

CITY = "credit-quanzhou"
ADVANCES = [("P30D", 30), ("P2W", 14), ("P1DT12H", 1.5), ("PT24H", 1)]


@pytest.mark.parametrize(("text", "days"), ADVANCES)
def test_clock_moves_business_time_only(bench, text, days):
    clock = SystemClock(bench.folder / "clock.json")
    told = bench.client.post("/clock", json={"advance": text})
    assert told.json["offset_seconds"] == days * 86_400
    ahead = clock.now() - clock.system_now()
    assert abs(ahead - timedelta(days=days)) < timedelta(seconds=1)
    assert bench.client.get("/clock").json["offset_seconds"] == days * 86_400


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "30D", "-P1D", "P1Y", "P1M", "P99999999D", "P999999999999999999D", 30, None]
)
def test_clock_refuses_what_it_cannot_add(bench, text):
    assert bench.client.post("/clock", json={"advance": text}).status_code == 422
    assert bench.client.get("/clock").json["offset_seconds"] == 0


def test_business_time_stamps_what_arrives(bench):
    bench.client.post("/clock", json={"advance": "P10D"})
    bench.send_json(CITY, canonical())
    received = datetime.fromisoformat(bench.records(CITY)[0]["received_at"])
    assert received - SystemClock().now() > timedelta(days=9)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "explode"},
        {"kind": "slow", "platform": "nobody"},
        {"kind": "slow", "rate": 2},
        {"kind": "slow", "rate": True},
        {"kind": "slow", "count": 0},
        {"kind": "slow", "count": 1.5},
        {"kind": "slow", "seconds": -1},
        {"kind": "slow", "colour": "red"},
        {},
    ],
)
def test_faults_are_checked(bench, wrong):
    assert bench.client.post("/faults", json=wrong).status_code == 422
    assert bench.client.get("/faults").json == {"faults": []}


def test_fault_count_rate_and_time(bench):
    bench.fault(CITY, "reject", count=2)
    results = [bench.send_json(CITY, canonical()).json["receipts"][0]["result"] for _ in range(3)]
    assert results == ["rejected", "rejected", "accepted"]
    bench.fault(CITY, "reject", rate=0)
    bench.fault("credit-china", "reject")
    bench.fault(CITY, "reject", seconds=0.000001)
    assert bench.send_json(CITY, canonical()).json["receipts"][0]["result"] == "accepted"
    assert bench.client.delete("/faults").json["cleared"] == 4
    assert bench.client.get("/faults").json == {"faults": []}


def test_faults_for_all_platforms_and_after_a_restart(bench):
    assert bench.client.post("/faults", json={"kind": "reject", "count": 3}).status_code == 201
    bench.send_json(CITY, canonical())
    bench.sandbox.desk.store.close()
    again = Bench(build_sandbox(bench.sandbox.desk.settings), bench.folder)
    (fault,) = again.client.get("/faults").json["faults"]
    assert (fault["platform"], fault["count"], fault["struck"]) == ("*", 2, 1)
    assert again.requests(CITY)


def test_outages(bench):
    bench.fault(CITY, "error500", count=1)
    assert bench.send_json(CITY, canonical()).status_code == 500
    assert bench.records(CITY) == []
    record = canonical()
    bench.fault(CITY, "timeout", count=1)
    assert bench.send_json(CITY, record).status_code == 504
    assert len(bench.records(CITY)) == 1  # the work was done: the sender must ask
    bench.fault(CITY, "slow", count=1)
    assert bench.send_json(CITY, record).json["receipts"][0]["result"] == "accepted"
    assert len(bench.records(CITY)) == 1
    bench.fault(CITY, "error500")
    assert bench.client.get(f"/platforms/{CITY}").status_code == 200  # its page stays up


def test_bad_answers(bench):
    bench.fault(CITY, "garbage", count=1)
    answer = bench.send_json(CITY, canonical())
    assert (answer.status_code, answer.is_json) == (200, False)
    bench.fault(CITY, "drop_receipt", count=1)
    assert bench.send_json(CITY, canonical()).json["receipts"] == []
    bench.fault(CITY, "duplicate_receipt", count=1)
    first, second = bench.send_json(CITY, canonical()).json["receipts"]
    assert first == second
    bench.fault(CITY, "delayed_receipt", count=1)
    record = canonical(key="late:1")
    assert bench.send_json(CITY, record).json["receipts"][0]["result"] == "pending"
    assert bench.get(f"/platforms/{CITY}/records/late:1").json["result"] == "pending"
    assert len(bench.records(CITY)) == 4


def test_losing_a_record(bench):
    bench.fault(CITY, "lose_record", count=1)
    one = new_id()
    assert bench.send_json(CITY, canonical(listing_id=one)).json["receipts"][0]["result"] == "accepted"
    assert bench.records(CITY) == []
    again = canonical(listing_id=one, key="again")
    assert bench.send_json(CITY, again).json["receipts"][0]["result"] == "accepted"
    bench.fault(CITY, "lose_record", count=1)
    assert bench.send_json(CITY, canonical("撤销", 2, one)).json["receipts"][0]["result"] == "accepted"
    assert bench.records(CITY)[0]["status"] == "listed"


def test_unknown_platforms(bench):
    assert bench.client.get("/records?platform=none").status_code == 404
    assert bench.client.get("/requests?platform=none").status_code == 404
    assert bench.client.get("/platforms/none").status_code == 404
    assert bench.client.get("/records").json == {"records": []}


def told_digest(record):
    left = ("idempotency_key", "status", "version", "reason_code", "reason", "occurred_at")
    content = {name: value for name, value in record.items() if name not in left}
    body = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()


def test_ledger_and_its_digest(bench):
    records = [canonical() for _ in range(30)]
    bench.send_json(CITY, *records)
    gone = records.pop()
    bench.send_json(CITY, canonical("撤销", 2, gone["listing_id"]))
    lines = {}
    for record in records:
        bucket = int(hashlib.sha256(record["listing_id"].encode()).hexdigest()[:8], 16) % 8
        lines.setdefault(bucket, []).append(f"{record['listing_id']}\t1\t{told_digest(record)}")
    told = bench.get(f"/platforms/{CITY}/ledger/digest?buckets=8").json
    assert told["count"] == 29
    assert told["buckets"] == {
        str(bucket): {
            "count": len(texts),
            "sha256": hashlib.sha256("\n".join(sorted(texts)).encode()).hexdigest(),
        }
        for bucket, texts in lines.items()
    }
    bucket = min(lines)
    rows = bench.get(f"/platforms/{CITY}/ledger?bucket={bucket}&buckets=8").json["rows"]
    assert sorted(f"{r['listing_id']}\t{r['version']}\t{r['content_digest']}" for r in rows) == sorted(
        lines[bucket]
    )
    paged, after = [], ""
    while after is not None:
        page = bench.get(f"/platforms/{CITY}/ledger?after={after}&limit=10").json
        paged, after = paged + page["rows"], page["next"]
    assert {row["listing_id"] for row in paged} == {record["listing_id"] for record in records}
    assert len(paged) == 29


@pytest.mark.parametrize("query", ["buckets=0", "buckets=x", "buckets=8&bucket=8", "limit=0", "limit=-1"])
def test_ledger_refuses_odd_questions(bench, query):
    assert bench.get(f"/platforms/{CITY}/ledger?{query}").status_code == 422
    assert bench.client.get(f"/platforms/{CITY}/ledger").status_code == 401


def test_pages_are_chinese_and_show_no_identity_number(bench):
    bench.send_json(CITY, person())
    bench.send_json(CITY, person(id_type="passport", id_number="E12345678", subject_name="李四"))
    changes = {"SubjectType": "自然人", "SubjectName": "张三", "SubjectCode": "E98765432"}
    bench.send_xml("trade-quanzhou", trade(new_id(), **changes))
    bench.fault(CITY, "slow", rate=0.5)
    start = bench.client.get("/").text
    assert "收到了什么" in start
    assert "张三" in start
    assert "缓慢" in start
    for platform in (CITY, "trade-quanzhou", "procure-hebei", "credit-fujian"):
        page = bench.client.get(f"/platforms/{platform}").text
        assert '<html lang="zh-CN">' in page
        for number in (PERSON, "E12345678", "E98765432"):
            assert number not in page
    assert PERSON in bench.client.get(f"/records?platform={CITY}").text


def test_production_refuses(tmp_path):
    with pytest.raises(ProductionRefused):
        read_sandbox({"ENVIRONMENT": "production", "DATA_DIR": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "platform",
    [
        "credit-quanzhou",
        "trade-quanzhou",
        "credit-hebei",
        "procure-hebei",
        "credit-liaoning",
        "trade-shijiazhuang",
    ],
)
def test_seeded_records_pass_the_platforms_own_checks(bench, platform):
    told = bench.client.post("/seed", json={"platform": platform, "count": 5, "seed": 3})
    assert (told.status_code, told.json) == (201, {"platform": platform, "filed": 5, "refused": []})
    bench.client.post("/seed", json={"platform": platform, "count": 5, "seed": 3})
    assert len(bench.client.get(f"/records?platform={platform}").json["records"]) == 5


def test_the_pages_have_handles(bench):
    assert (
        bench.client.post("/handles/credit-quanzhou/faults", data={"kind": "slow", "rate": "0.3"}).status_code
        == 303
    )
    assert bench.client.get("/faults").json["faults"][0]["rate"] == 0.3
    assert (
        bench.client.post("/handles/credit-quanzhou/faults", data={"kind": "x", "rate": "y"}).status_code
        == 422
    )
    assert bench.client.post("/handles/credit-quanzhou/well").status_code == 303
    assert bench.client.get("/faults").json["faults"] == []
    assert bench.client.post("/handles/credit-quanzhou/seed", data={"count": "2"}).status_code == 303
    page = bench.client.get("/platforms/credit-quanzhou").text
    assert "示例企业第10001号有限公司" in page
    assert "统一社会信用代码" in page
    for bad in ({}, {"platform": "credit-quanzhou", "count": 0}, {"platform": "credit-fujian"}):
        assert bench.client.post("/seed", json=bad).status_code == 422


def test_a_fault_with_a_seed_strikes_the_same_draws(bench):
    told = {"platform": "credit-quanzhou", "kind": "error500", "rate": 0.5, "seed": 7}
    seen = []
    for _again in range(2):
        assert bench.client.post("/faults", json=told).status_code == 201
        asked = [bench.client.get("/platforms/credit-quanzhou/records/x").status_code for _ in range(12)]
        seen.append([status == 500 for status in asked])
        bench.client.delete("/faults")
    assert seen[0] == seen[1]
    assert set(seen[0]) == {True, False}
    assert bench.client.post("/faults", json=told | {"seed": "x"}).status_code == 422
