"""Packets: manifest, sheet, feedback, ledger; repeated and broken ones."""

import csv
import io

import pytest

from services.credit_push.sandbox import intake_packet
from shared.ids import new_id
from tests.contract.sandbox.conftest import PacketLine, blacklist, penalty, read_feedback, write_packet
from tests.harness.wait import until

CITY = "credit-shijiazhuang"


@pytest.fixture
def ways(bench):
    root = bench.folder / "sandbox" / "packets"
    return lambda platform, way: root / platform / way


def send(bench, ways, lines, platform=CITY, **more):
    batch = write_packet(ways(platform, "in"), lines, **more)
    bench.settle()
    assert list(ways(platform, "in").iterdir()) == []
    return read_feedback(ways(platform, "out"), batch)


def test_list_correct_withdraw(bench, ways):
    one = PacketLine(penalty())
    (told,) = send(bench, ways, [one])
    assert (told["line"], told["idempotency_key"], told["result"]) == ("1", one.key, "accepted")
    assert told["receipt_number"]
    (record,) = bench.records(CITY)
    assert (record["document_number"], record["status"]) == ("长住建罚〔2026〕12号", "listed")
    send(bench, ways, [PacketLine(penalty(CF_SY="更正"), "correct", "", one.listing_id, 2)])
    send(bench, ways, [PacketLine(penalty(CF_SY="更正"), "withdraw", "", one.listing_id, 3)])
    assert bench.records(CITY)[0]["status"] == "withdrawn"
    assert [entry["transport"] for entry in bench.requests(CITY)] == ["packet"] * 3


def test_csv_and_blacklist_sheets(bench, ways):
    (told,) = send(bench, ways, [PacketLine(blacklist())], "credit-hebei", layout="blacklist_org", kind="csv")
    assert told["result"] == "accepted"
    assert bench.records("credit-hebei")[0]["subject_name"] == "沈阳某某有限公司"


def test_rows_stand_for_themselves(bench, ways):
    lines = [PacketLine(penalty()), PacketLine(penalty(CF_CFLB="口头")), PacketLine(penalty(CF_NR_FK="2千"))]
    told = send(bench, ways, lines)
    assert [(row["result"], row["field"], row["code"]) for row in told] == [
        ("accepted", "", ""),
        ("rejected", "CF_CFLB", "CODE"),
        ("rejected", "CF_NR_FK", "FORMAT"),
    ]


def test_the_same_rows_in_another_packet(bench, ways):
    lines = [PacketLine(penalty()), PacketLine(penalty(CF_WSH="另一号"))]
    assert send(bench, ways, lines) == send(bench, ways, lines)
    assert len(bench.records(CITY)) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "0" * 64},
        {"count": 2},
        {"format": "canonical"},
        {"batch_id": "x"},
        {"rows": []},
        {"more": 1},
        {"sender": ""},
    ],
)
def test_a_wrong_manifest_refuses_the_packet(bench, ways, changes):
    told = send(bench, ways, [PacketLine(penalty())], **changes)
    assert {(row["result"], row["field"]) for row in told} == {("rejected", "manifest")}
    assert bench.records(CITY) == []


def test_operation_of_sheet_and_manifest_must_agree(bench, ways):
    line = PacketLine(penalty())
    entry = {"line": 1, "idempotency_key": "k", "operation": "withdraw", "listing_id": new_id(), "version": 1}
    (told,) = send(bench, ways, [line], rows=[entry])
    assert told["field"] == "manifest"


def test_unreadable_sheet_and_missing_manifest(bench, ways):
    folder = ways(CITY, "in")
    (folder / "lone.ok").write_bytes(b"")
    bench.settle()
    (told,) = read_feedback(ways(CITY, "out"), "lone")
    assert (told["line"], told["result"]) == ("0", "rejected")


def test_a_packet_without_its_mark_waits(bench, ways):
    batch = write_packet(ways(CITY, "in"), [PacketLine(penalty())])
    (ways(CITY, "in") / f"{batch}.ok").unlink()
    bench.settle()
    assert bench.requests(CITY) == []


def test_ledger(bench, ways):
    send(bench, ways, [PacketLine(penalty()), PacketLine(penalty(CF_WSH="另一号"))])
    (ways(CITY, "in") / "run1.ledger-request").write_bytes(b"")
    bench.settle()
    assert (ways(CITY, "out") / "run1.ledger.ok").exists()
    text = (ways(CITY, "out") / "run1.ledger.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert sorted(row["document_number"] for row in rows) == sorted(["长住建罚〔2026〕12号", "另一号"])
    assert all(len(row["content_digest"]) == 64 for row in rows)


@pytest.mark.parametrize("kind", ["error500", "slow", "timeout"])
def test_outages_hold_a_ledger_request_back(bench, ways, monkeypatch, kind):
    for name in ("CRASHED_SECONDS", "SLOW_SECONDS", "TIMEOUT_SECONDS"):
        monkeypatch.setattr(intake_packet, name, 0.2)
    bench.fault(CITY, kind, count=1)
    (ways(CITY, "in") / "run1.ledger-request").write_bytes(b"")
    bench.settle()
    assert list(ways(CITY, "out").iterdir()) == []
    until(lambda: bench.settle() or (ways(CITY, "out") / "run1.ledger.ok").exists())
    assert list(ways(CITY, "in").iterdir()) == []


def test_faults(bench, ways, monkeypatch):
    monkeypatch.setattr(intake_packet, "CRASHED_SECONDS", 0.02)
    monkeypatch.setattr(intake_packet, "SLOW_SECONDS", 0.02)
    monkeypatch.setattr(intake_packet, "LATE_SECONDS", 0.02)
    monkeypatch.setattr(intake_packet, "TIMEOUT_SECONDS", 0.02)
    bench.fault(CITY, "duplicate_receipt", count=1)
    assert len(send(bench, ways, [PacketLine(penalty())])) == 2
    bench.fault(CITY, "drop_receipt", count=1)
    dropped = PacketLine(penalty(CF_WSH="丢"))
    assert send(bench, ways, [dropped]) is None
    assert send(bench, ways, [dropped])[0]["result"] == "accepted"
    bench.fault(CITY, "lose_record", count=1)
    assert send(bench, ways, [PacketLine(penalty(CF_WSH="失"))])[0]["result"] == "accepted"
    assert {record["document_number"] for record in bench.records(CITY)} == {"长住建罚〔2026〕12号", "丢"}
    bench.fault(CITY, "reject", count=1)
    assert send(bench, ways, [PacketLine(penalty(CF_WSH="退"))])[0]["code"] == "FAULT"
    for kind in ("error500", "slow", "timeout", "garbage"):
        bench.fault(CITY, kind, count=1)
        batch = write_packet(ways(CITY, "in"), [PacketLine(penalty(CF_WSH=kind))])
        (told,) = until(lambda batch=batch: right_feedback(bench, ways, batch))
        assert told["result"] == "accepted"


def right_feedback(bench, ways, batch):
    bench.settle()
    try:
        return read_feedback(ways(CITY, "out"), batch)
    except UnicodeDecodeError:
        return None
