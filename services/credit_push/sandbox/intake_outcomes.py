"""What became of requests comes in as packets and as rows of the exchange database: taken once by its key.

Our own book is committed first, the feedback after it: a kill between repeats it, and finds the same receipt.
"""

import hashlib
import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.credit_push.sandbox.answers import Refused
from services.credit_push.sandbox.bodies import STRUCTURED, read_body
from services.credit_push.sandbox.desk import Desk, book, moment
from services.credit_push.sandbox.exchange_tables import OUTCOME_COLUMNS, ExchangeTables
from services.credit_push.sandbox.faults import CRASHED_SECONDS, HANG_SECONDS, LATE_SECONDS, SLOW_SECONDS
from services.credit_push.sandbox.ledger import Moment, Receipt
from services.credit_push.sandbox.outcomes import checked, take_outcome
from services.credit_push.sandbox.packets import BadPacket
from services.credit_push.sandbox.platforms import Platform
from services.credit_push.sandbox.sheets import BadSheet, read_sheet

PREFIX = "answers-"
"""How packets of outcomes begin."""
_MANIFEST = {"batch_id", "sender", "format", "file", "count", "sha256", "created_at", "rows"}
_HEAD = ("batch_id", "sender", "format", "count", "created_at")
_ROW = {"line", "idempotency_key", "ticket"}
_FAULTS = ("slow", "timeout", "garbage", "drop_receipt", "delayed_receipt")
_DELAYS = {"slow": SLOW_SECONDS, "timeout": HANG_SECONDS, "delayed_receipt": LATE_SECONDS}
MOST_ROWS = 200
RESWEEP_SECONDS = 10.0


@dataclass(frozen=True)
class OutcomePacket:
    """An opened packet; `refused` and `text` as of one with records."""

    rows: list[dict[str, Any]]
    text: str
    refused: list[tuple[int, Receipt]] = field(default_factory=list)


def open_outcomes(platform: Platform, folder: Path, batch: str) -> OutcomePacket:
    """Read and compare the packet's files; BadPacket if they do not fit together."""
    manifest = _read_manifest(folder / f"{batch}.manifest.json", batch)
    path = folder / str(manifest["file"])
    if path.name != f"{batch}.{platform.file}" or not path.is_file():
        raise BadPacket(f"清单 file 应为 {batch}.{platform.file} 且文件存在", manifest)
    body = path.read_bytes()
    if hashlib.sha256(body).hexdigest() != manifest["sha256"]:
        raise BadPacket("文件校验和与清单不符", manifest)
    try:
        rows = (_records if platform.file in STRUCTURED else _cells)(body, platform.file, manifest)
    except BadSheet as error:
        raise BadPacket(str(error), manifest) from error
    told = [{"idempotency_key": row["idempotency_key"], "ticket": row["ticket"]} for row in rows]
    if [{name: row[name] for name in _ROW - {"line"}} for row in manifest["rows"]] != told:
        raise BadPacket("清单各行与文件不符", manifest)
    return OutcomePacket(rows, json.dumps([manifest, rows], ensure_ascii=False))


def _read_manifest(path: Path, batch: str) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BadPacket("缺少清单或清单不是合法的 JSON") from error
    if not isinstance(manifest, dict) or set(manifest) != _MANIFEST:
        raise BadPacket("清单字段不符", manifest if isinstance(manifest, dict) else None)
    rows = manifest["rows"]
    if not isinstance(rows, list) or any(not isinstance(row, dict) or set(row) != _ROW for row in rows):
        raise BadPacket("清单 rows 字段不符", manifest)
    if [row["line"] for row in rows] != list(range(1, len(rows) + 1)) or manifest["count"] != len(rows):
        raise BadPacket("清单行号或行数不符", manifest)
    if manifest["batch_id"] != batch or not manifest["sender"] or manifest["format"] != "outcomes":
        raise BadPacket("清单批次号、报送单位或格式不符", manifest)
    return manifest


def _cells(body: bytes, kind: str, manifest: dict[str, Any]) -> list[dict[str, Any]]:
    cells = read_sheet(body, kind)
    if len(cells) < 3 or cells[1] != list(OUTCOME_COLUMNS) or not all(cells[0]):
        raise BadPacket("表头与格式不符：第一行为中文名称，第二行为字段代码", manifest)
    if any(len(row) != len(OUTCOME_COLUMNS) for row in cells[2:]):
        raise BadPacket("行的列数不符", manifest)
    return [dict(zip(OUTCOME_COLUMNS.values(), row, strict=True)) for row in cells[2:]]


def _records(body: bytes, kind: str, manifest: dict[str, Any]) -> list[dict[str, Any]]:
    head, records = read_body(body, kind)
    if {name: str(value) for name, value in head.items()} != {name: str(manifest[name]) for name in _HEAD}:
        raise BadPacket("文件的 head 与清单不符", manifest)
    if any(list(record) != list(OUTCOME_COLUMNS) for record in records):
        raise BadPacket("记录的字段不符", manifest)
    return [{OUTCOME_COLUMNS[code]: value for code, value in record.items()} for record in records]


def take_outcomes(
    cx: sqlite3.Connection,
    platform: Platform,
    rows: Sequence[dict[str, Any]],
    now: Moment,
) -> list[Receipt]:
    """Take one after the other, in the caller's transaction."""
    return [_judge(cx, platform, row, now) for row in rows]


def _judge(cx: sqlite3.Connection, platform: Platform, row: dict[str, Any], now: Moment) -> Receipt:
    key = str(row["idempotency_key"])
    try:
        return Receipt(key, "accepted", take_outcome(cx, platform, checked(row), now.at), "", "", "")
    except Refused as refused:
        return Receipt(key, "rejected", "", "", refused.slug.upper().replace("-", "_"), refused.title)


@dataclass
class _Waiting:
    row: dict[str, str]
    struck: frozenset[str]
    due: float


class OutcomeSweep:
    """Takes the rows of one platform's table that have no result yet; a loop."""

    def __init__(self, desk: Desk, tables: ExchangeTables) -> None:
        self.name = f"sandbox-outcomes-{tables.platform.id}"
        self._desk, self._tables = desk, tables
        self._waiting: dict[tuple[str, str], _Waiting] = {}
        self._crashed_until = 0.0

    def step(self) -> bool:
        """Answer what is due."""
        if time.monotonic() < self._crashed_until:
            return False
        for row in self._tables.open_outcomes(MOST_ROWS):
            self._note(row)
        ripe = [mark for mark, one in self._waiting.items() if time.monotonic() >= one.due]
        if not ripe:
            return False
        if "error500" in self._desk.faults.strike(self._tables.platform.id, ("error500",)):
            self._crashed_until = time.monotonic() + CRASHED_SECONDS
            return False
        for mark in ripe:
            self._answer(mark)
        return True

    def _note(self, row: dict[str, str]) -> None:
        """Draw the row's faults, once per submission (key and time)."""
        mark = (row["YWLSH"], row["TJSJ"])
        if mark not in self._waiting:
            struck = frozenset(self._desk.faults.strike(self._tables.platform.id, _FAULTS))
            delay = max((_DELAYS[kind] for kind in struck if kind in _DELAYS), default=0.0)
            self._waiting[mark] = _Waiting(row, struck, time.monotonic() + delay)

    def _answer(self, mark: tuple[str, str]) -> None:
        one = self._waiting[mark]
        receipt = self._take(one.row)
        for fault, pause in (("drop_receipt", RESWEEP_SECONDS), ("garbage", LATE_SECONDS)):
            if fault in one.struck:
                one.struck, one.due = one.struck - {fault}, time.monotonic() + pause
                if fault == "garbage":
                    self._tables.answer_outcome(mark[0], {"JSJG": "?#", "HZH": "\ufffd"})
                return
        told = {"JSJG": receipt.result, "HZH": receipt.receipt_number, "CWXX": receipt.message}
        self._tables.answer_outcome(mark[0], told | {"HZSJ": self._desk.clock.now().isoformat()})
        del self._waiting[mark]

    def _take(self, row: dict[str, str]) -> Receipt:
        platform, now = self._tables.platform, moment(self._desk)
        document = {name: row[code] or "" for code, name in OUTCOME_COLUMNS.items()}
        with self._desk.store.write() as own:
            receipt = _judge(own, platform, document, now)
            told = json.dumps(receipt.document(), ensure_ascii=False)
            body = json.dumps(document, ensure_ascii=False)
            book(own, platform.id, now.at, "exchange_db", "TABLE jh_outcome", body, receipt.result, told)
        return receipt
