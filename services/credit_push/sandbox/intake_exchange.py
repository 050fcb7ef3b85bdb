"""Exchange database way in: the platform sweeps feedback rows without result and puts refused changes back.

The stand-in's own ledger is committed first, the exchange database second: a kill between repeats the sweep,
which finds the same receipt.
"""

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from services.credit_push.sandbox.desk import Desk, book, moment
from services.credit_push.sandbox.exchange_tables import ExchangeTables, Place
from services.credit_push.sandbox.faults import CRASHED_SECONDS, HANG_SECONDS, LATE_SECONDS, SLOW_SECONDS
from services.credit_push.sandbox.ledger import (
    CORRECT,
    LIST,
    WITHDRAW,
    Receipt,
    Submission,
    content_digest,
    find_only,
    find_receipt,
    find_record,
    receipt_from,
    submit,
)

MOST_ROWS = 500
RESWEEP_SECONDS = 10.0  # a dropped result is told by a later sweep, if that is not struck too
GARBAGE = {"JSJG": "?#", "HZH": "\ufffd"}
_OPERATIONS = {"insert": LIST, "update": CORRECT, "delete": WITHDRAW}
_ROW_FAULTS = ("reject", "lose_record", "slow", "timeout", "garbage", "drop_receipt", "delayed_receipt")
_DELAYS = {"slow": SLOW_SECONDS, "timeout": HANG_SECONDS, "delayed_receipt": LATE_SECONDS}
_NAMES = {
    "penalty_2018": ("CF_XDR_MC", "CF_WSH"),
    "blacklist_org": ("JGQC", "RDWH"),
    "blacklist_person": ("FZRXM", "RDWH"),
    "trade_listing": ("SubjectName", "DocumentNumber"),
}
Row = dict[str, Any]


@dataclass
class _Waiting:
    """A feedback row as submitted at one time, with the faults drawn for it and when to answer."""

    row: Row
    struck: frozenset[str]
    due: float
    garbled: bool = False
    taken: bool = False  # judged already: the result was dropped or garbled


class ExchangeSweep:
    """Sweeps one platform's exchange database; a loop."""

    def __init__(self, desk: Desk, tables: ExchangeTables) -> None:
        self.name = f"sandbox-{tables.platform.id}"
        self._desk, self._tables = desk, tables
        self._seen: dict[str, int] = {}  # table → greatest rowid at the end of the last sweep
        self._waiting: dict[tuple[str, str], _Waiting] = {}
        self._crashed_until = 0.0
        tables.forget_garbage()

    def step(self) -> bool:
        """Take what is pending, answer what is due."""
        if time.monotonic() < self._crashed_until:
            return False
        for row in self._tables.pending(MOST_ROWS):
            self._note(row)
        ripe = [entry for entry in self._waiting.values() if time.monotonic() >= entry.due]
        if not ripe:
            return False
        if "error500" in self._desk.faults.strike(self._tables.platform.id, ("error500",)):
            self._crashed_until = time.monotonic() + CRASHED_SECONDS
            return False
        self._sweep(ripe)
        return True

    def _note(self, row: Row) -> None:
        """Draw the row's faults, once per submission (key and time)."""
        mark = (row["JLBS"], row["TJSJ"])
        if mark not in self._waiting:
            struck = self._desk.faults.strike(self._tables.platform.id, _ROW_FAULTS)
            delay = max((_DELAYS[kind] for kind in struck if kind in _DELAYS), default=0.0)
            self._waiting[mark] = _Waiting(row, struck, time.monotonic() + delay)

    def _sweep(self, ripe: Sequence[_Waiting]) -> None:
        with self._tables.engine.begin() as cx:
            sweep = _Sweep(self._tables, cx, self._seen)
            for entry in ripe:
                self._take(sweep, entry)
            self._seen = {name: self._tables.last(cx, name) for name in self._tables.tables}

    def _take(self, sweep: "_Sweep", entry: _Waiting) -> None:
        receipt = self._judge(sweep, entry)
        entry.taken = True
        if "drop_receipt" in entry.struck:
            again = self._desk.faults.strike(self._tables.platform.id, ("drop_receipt",))
            entry.struck, entry.due = (
                entry.struck - {"drop_receipt"} | again,
                time.monotonic() + RESWEEP_SECONDS,
            )
            return
        if "garbage" in entry.struck and not entry.garbled:
            entry.garbled, entry.due = True, time.monotonic() + LATE_SECONDS
            self._tables.answer(sweep.cx, entry.row["JLBS"], GARBAGE)
            return
        self._tables.answer(sweep.cx, entry.row["JLBS"], self._result(receipt))
        del self._waiting[(entry.row["JLBS"], entry.row["TJSJ"])]

    def _result(self, receipt: Receipt) -> dict[str, str]:
        return {
            "JSJG": receipt.result,
            "HZH": receipt.receipt_number,
            "CWZD": receipt.field,
            "CWDM": receipt.code,
            "CWXX": receipt.message,
            "HZSJ": self._desk.clock.now().isoformat(),
        }

    def _judge(self, sweep: "_Sweep", entry: _Waiting) -> Receipt:
        """Take the row into our ledger, and put the table back where it was refused (or is to be lost)."""
        row, platform = entry.row, self._tables.platform
        with self._desk.store.read() as own:
            known = find_receipt(own, platform.id, row["JLBS"])
            held = find_record(own, platform.id, str(row["JLH"])) or sweep.from_elsewhere(own, row)
        before = json.loads(held["content"]) if held is not None and held["status"] == "listed" else None
        if known is not None:
            receipt = receipt_from(known)
        else:
            submission, reason = sweep.submission(row, before, held["listing_id"] if held else "")
            receipt = (
                self._submit(submission, entry)
                if submission
                else Receipt(row["JLBS"], "rejected", "", "NRZY", "NOT_FOUND", reason)
            )
        lost = known is None and "lose_record" in entry.struck
        if (receipt.result == "rejected" and not entry.taken) or lost:
            sweep.put_back(row, before)
        return receipt

    def _submit(self, submission: Submission, entry: _Waiting) -> Receipt:
        platform, struck = self._tables.platform, entry.struck
        with self._desk.store.write() as own:
            now = moment(self._desk)
            receipt = submit(
                own, platform, submission, now, reject="reject" in struck, lose="lose_record" in struck
            )
            told = json.dumps(receipt.document(), ensure_ascii=False)
            line = f"TABLE {entry.row['BM']}"
            book(own, platform.id, now.at, "exchange_db", line, submission.raw, receipt.result, told)
        return receipt


@dataclass
class _Sweep:
    """One pass over the tables: rows by content, each table read at most once in each way."""

    tables: ExchangeTables
    cx: Connection
    seen: dict[str, int]
    fresh: dict[str, dict[str, list[Place]]] = field(default_factory=dict)
    whole: dict[str, dict[str, list[Place]]] = field(default_factory=dict)

    def find(self, name: str, digest: str) -> list[Place]:
        """Rows of a table with this content: among the new ones first, then everywhere."""
        if name not in self.fresh:
            self.fresh[name] = self.tables.rows(self.cx, name, self.seen.get(name, 0))
        return self.fresh[name].get(digest) or self.everywhere(name, digest)

    def everywhere(self, name: str, digest: str) -> list[Place]:
        """Rows of a table with this content, wherever they lie."""
        if name not in self.whole:
            self.whole[name] = self.tables.rows(self.cx, name)
        return self.whole[name].get(digest, [])

    def from_elsewhere(self, own: sqlite3.Connection, row: Row) -> sqlite3.Row | None:
        """The record that another system filed and this one changes now, known by its content or number."""
        name = row["BM"]
        if row["CZ"] == "insert" or name not in self.tables.tables:
            return None
        if row["CZ"] == "delete":
            return find_only(own, self.tables.platform.id, "digest", row["NRZY"])
        places, (subject, number) = self.find(name, row["NRZY"]), _NAMES[self.tables.layouts[name]]
        if not places:
            return None
        content = places[0].content
        return find_only(own, self.tables.platform.id, "match_key", f"{content[number]}\n{content[subject]}")

    def submission(self, row: Row, before: Row | None, listing_id: str = "") -> tuple[Submission | None, str]:
        """What a feedback row hands in, checked against the tables; None and a reason if it does not fit."""
        name, operation = row["BM"], _OPERATIONS.get(row["CZ"])
        if name not in self.tables.tables or operation is None:
            return None, "表名或操作不在约定之内"
        content, reason = self._content(row, before)
        if content is None:
            return None, reason
        layout = self.tables.layouts[name]
        subject, number = _NAMES[layout]
        return Submission(
            key=row["JLBS"],
            operation=operation,
            layout=layout,
            content=content,
            subject_name=content[subject],
            document_number=content[number],
            raw=json.dumps({"table": name, "operation": row["CZ"], "row": content}, ensure_ascii=False),
            batch_id=row["PCH"],
            listing_id=listing_id or row["JLH"],
            version=int(row["BBH"]) if str(row["BBH"] or "").isdecimal() else None,
        ), ""

    def _content(self, row: Row, before: Row | None) -> tuple[Row | None, str]:
        name, digest = row["BM"], row["NRZY"]
        if row["CZ"] != "delete":
            places = self.find(name, digest)
            return (places[0].content, "") if places else (None, "表中没有与内容摘要相符的行")
        if before is None or content_digest(self.tables.layouts[name], before) != digest:
            return None, "平台没有内容相符的记录"
        if self.everywhere(name, digest):
            return None, "要撤销的行仍在表中"
        return before, ""

    def put_back(self, row: Row, before: Row | None) -> None:
        """Undo a change in the table: as it was before it was handed in."""
        name = row["BM"]
        if name not in self.tables.tables:
            return
        if row["CZ"] in {"insert", "update"}:
            for place in self.find(name, row["NRZY"])[-1:]:
                self.tables.remove(self.cx, name, place)
                self._forget(name, row["NRZY"], place)
        if row["CZ"] in {"update", "delete"} and before is not None and self._absent(name, before):
            self.tables.put(self.cx, name, before)

    def _absent(self, name: str, content: Row) -> bool:
        return not self.everywhere(name, content_digest(self.tables.layouts[name], content))

    def _forget(self, name: str, digest: str, place: Place) -> None:
        for cache in (self.fresh, self.whole):
            if name in cache:
                cache[name][digest] = [p for p in cache[name].get(digest, []) if p.at != place.at]
