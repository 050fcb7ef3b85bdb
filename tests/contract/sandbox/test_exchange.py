"""Exchange databases: rows without id, a feedback table, refused changes put back."""

import hashlib
import json

import pytest
from sqlalchemy import select

from services.credit_push.sandbox import intake_exchange
from services.credit_push.sandbox.app import open_desk
from services.credit_push.sandbox.exchange_tables import ExchangeTables
from services.credit_push.sandbox.intake_exchange import ExchangeSweep
from services.credit_push.sandbox.platforms import PLATFORMS
from services.credit_push.sandbox.settings import read_sandbox
from shared.ids import new_id
from shared.loops import drain
from tests.contract.sandbox.conftest import blacklist, penalty
from tests.harness.wait import until

PROVINCE = PLATFORMS["credit-liaoning"]


def digest(row):
    body = json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()


class Sender:
    """Our side of the exchange: content row and feedback row in one transaction."""

    def __init__(self, url, desk):
        self.desk = desk
        self.tables = ExchangeTables(PROVINCE, url)
        self.sweep = ExchangeSweep(desk, self.tables)
        self.engine = self.tables.engine
        self.clock = 0

    def send(self, kind, row, listing_id, version, former=None, table="frblack", key=None):
        key = key or f"x:{listing_id}:{version}:{kind}"
        content = self.tables.tables[table]
        with self.engine.begin() as cx:
            if kind != "insert":
                cx.execute(content.delete().filter_by(**(former or row)))
            if kind != "delete":
                cx.execute(content.insert().values(**row))
            self.submit(cx, key, table, kind, row, listing_id, version)
        drain([self.sweep])
        return self.result(key)

    def submit(self, cx, key, table, kind, row, listing_id, version):
        self.clock += 1
        values = {
            "PCH": "b1", "JLBS": key, "BM": table, "CZ": kind, "NRZY": digest(row), "BBH": str(version),
            "JLH": listing_id, "TJSJ": f"2026-11-23T08:00:{self.clock:06d}",
        }  # fmt: skip
        cx.execute(self.tables.feedback.insert().values(**values))

    def result(self, key):
        with self.engine.begin() as cx:
            return dict(cx.execute(select(self.tables.feedback).filter_by(JLBS=key)).mappings().one())

    def forget_results(self, kind="insert", **values):
        with self.engine.begin() as cx:
            cx.execute(self.tables.feedback.update().filter_by(CZ=kind).values(**{"JSJG": None, **values}))

    def rows(self, table="frblack"):
        with self.engine.begin() as cx:
            return [dict(row) for row in cx.execute(select(self.tables.tables[table])).mappings()]

    def statuses(self):
        with self.desk.store.read() as cx:
            return [tuple(row) for row in cx.execute("SELECT status, document_number FROM records")]


@pytest.fixture
def sender(tmp_path, any_db_url):
    desk = open_desk(read_sandbox({"DATA_DIR": str(tmp_path)}))
    made = Sender(any_db_url, desk)
    yield made
    made.engine.dispose()
    desk.store.close()


def test_list_change_withdraw(sender):
    one, row = new_id(), blacklist()
    told = sender.send("insert", row, one, 1)
    assert told["JSJG"] == "accepted"
    assert told["HZH"].startswith("CREDIT-LIAONING-")
    assert told["HZSJ"]
    changed = blacklist(ZYSXSS="更正")
    assert sender.send("update", changed, one, 2, former=row)["JSJG"] == "accepted"
    assert sender.rows() == [changed]
    assert sender.send("delete", changed, one, 3)["JSJG"] == "accepted"
    assert sender.rows() == []
    assert sender.statuses() == [("withdrawn", row["RDWH"])]


def test_penalties_and_persons_have_their_tables(sender):
    person = penalty(CF_XDR_LB="自然人", CF_XDR_SHXYM="", CF_XDR_MC="张三", CF_XDR_ZJHM="210102198001010014")
    assert sender.send("insert", penalty(), new_id(), 1, table="frxzcf")["JSJG"] == "accepted"
    told = sender.send("insert", person, new_id(), 1, table="zrrxzcf")
    assert told["CWZD"] in (None, "", "CF_XDR_ZJHM")


def test_a_refused_insert_leaves_the_table(sender):
    told = sender.send("insert", blacklist(TYSHXYDM="91210102000000129X"), new_id(), 1)
    assert (told["JSJG"], told["CWZD"], told["CWDM"]) == ("rejected", "TYSHXYDM", "CHECKSUM")
    assert sender.rows() == []


def test_refused_changes_are_put_back(sender):
    one, row = new_id(), blacklist()
    sender.send("insert", row, one, 5)
    assert sender.send("update", blacklist(ZYSXSS="更正"), one, 4, former=row)["CWDM"] == "VERSION"
    assert sender.rows() == [row]
    assert sender.send("delete", row, one, 3)["CWDM"] == "VERSION"
    assert sender.rows() == [row]


def test_what_does_not_match_is_not_found(sender):
    assert sender.send("delete", blacklist(), new_id(), 2)["CWDM"] == "NOT_FOUND"
    one, row = new_id(), blacklist()
    sender.send("insert", row, one, 1)
    with sender.engine.begin() as cx:
        sender.submit(cx, "k-absent", "frblack", "insert", blacklist(RDWH="没有写入"), new_id(), 1)
        sender.submit(cx, "k-still-there", "frblack", "delete", row, one, 2)
        sender.submit(cx, "k-wrong-table", "frred", "insert", row, one, 2)
    drain([sender.sweep])
    for key in ("k-absent", "k-still-there", "k-wrong-table"):
        assert (sender.result(key)["JSJG"], sender.result(key)["CWDM"]) == ("rejected", "NOT_FOUND")
    assert sender.rows() == [row]


def test_many_at_once_and_reused_places(sender):
    ids = [new_id() for _ in range(40)]
    for number, one in enumerate(ids):
        assert sender.send("insert", blacklist(RDWH=f"号{number}"), one, 1)["JSJG"] == "accepted"
    assert sender.send("delete", blacklist(RDWH="号39"), ids[39], 2)["JSJG"] == "accepted"
    assert sender.send("insert", blacklist(RDWH="新号"), new_id(), 1)["JSJG"] == "accepted"


def test_a_kill_between_the_two_commits_repeats_harmlessly(sender):
    one, row = new_id(), blacklist()
    sender.send("insert", row, one, 1)
    sender.forget_results()
    restarted = ExchangeSweep(sender.desk, sender.tables)
    drain([restarted])
    assert sender.result(f"x:{one}:1:insert")["JSJG"] == "accepted"
    assert sender.rows() == [row]
    sender.send("delete", row, one, 2)
    sender.forget_results("delete")
    drain([ExchangeSweep(sender.desk, sender.tables)])
    assert sender.result(f"x:{one}:2:delete")["JSJG"] == "accepted"
    assert sender.rows() == []


def test_losing_rows(sender):
    one, row = new_id(), blacklist()
    sender.desk.faults.set("credit-liaoning", "lose_record", 1.0, 1, None)
    assert sender.send("insert", row, one, 1)["JSJG"] == "accepted"
    assert sender.rows() == []
    assert sender.send("insert", row, one, 1, key="again")["JSJG"] == "accepted"
    sender.desk.faults.set("credit-liaoning", "lose_record", 1.0, 1, None)
    assert sender.send("delete", row, one, 2)["JSJG"] == "accepted"
    assert sender.rows() == [row]


@pytest.mark.parametrize("kind", ["slow", "timeout", "delayed_receipt", "garbage", "error500"])
def test_late_answers(sender, kind, monkeypatch):
    monkeypatch.setattr(
        intake_exchange, "_DELAYS", dict.fromkeys(("slow", "timeout", "delayed_receipt"), 0.05)
    )
    monkeypatch.setattr(intake_exchange, "LATE_SECONDS", 0.05)
    monkeypatch.setattr(intake_exchange, "CRASHED_SECONDS", 0.05)
    sender.desk.faults.set("credit-liaoning", kind, 1.0, 1, None)
    one = new_id()
    assert sender.send("insert", blacklist(), one, 1)["JSJG"] in (None, "?#")

    def answered():
        drain([sender.sweep])
        return sender.result(f"x:{one}:1:insert")["JSJG"] == "accepted"

    until(answered)


def test_a_dropped_receipt_comes_when_submitted_again_or_swept_later(sender, monkeypatch):
    monkeypatch.setattr(intake_exchange, "RESWEEP_SECONDS", 3600)
    one, row = new_id(), blacklist()
    sender.desk.faults.set("credit-liaoning", "drop_receipt", 1.0, 1, None)
    assert sender.send("insert", row, one, 1)["JSJG"] is None
    assert sender.statuses() == [("listed", row["RDWH"])]
    sender.forget_results(TJSJ="2026-11-23T09:00:00")
    drain([sender.sweep])
    assert sender.result(f"x:{one}:1:insert")["JSJG"] == "accepted"
    monkeypatch.setattr(intake_exchange, "RESWEEP_SECONDS", 0.05)
    sender.desk.faults.set("credit-liaoning", "drop_receipt", 1.0, 1, None)
    two = new_id()
    assert sender.send("insert", blacklist(RDWH="二号"), two, 1)["JSJG"] is None

    def answered():
        drain([sender.sweep])
        return sender.result(f"x:{two}:1:insert")["JSJG"] == "accepted"

    until(answered)


def test_reject_on_demand(sender):
    sender.desk.faults.set("credit-liaoning", "reject", 1.0, 1, None)
    assert sender.send("insert", blacklist(), new_id(), 1)["CWDM"] == "FAULT"
    assert sender.rows() == []
