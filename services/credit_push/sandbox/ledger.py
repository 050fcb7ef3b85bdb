"""The rules every stand-in shares: one effect per key, order of operations, rising versions, receipts."""

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.credit_push.sandbox.checking import Problem, check_content
from services.credit_push.sandbox.platforms import Platform
from shared.clock import local_date

LIST, CORRECT, WITHDRAW = "list", "correct", "withdraw"
OPERATIONS = {"新增": LIST, "变更": CORRECT, "撤销": WITHDRAW}
_NOT_CONTENT = {
    "canonical": frozenset({"status", "version", "reason_code", "reason", "occurred_at"}),
    "trade_listing": frozenset({"RecordVersion"}),
}
_STORES_LISTING_ID = frozenset({"canonical", "trade_listing"})


@dataclass(frozen=True)
class Submission:
    """One row handed in. `listing_id` and `version` are empty where the way in does not carry them."""

    key: str
    operation: str
    layout: str
    content: Mapping[str, Any]
    subject_name: str
    document_number: str
    raw: str
    batch_id: str
    listing_id: str = ""
    version: int | None = None

    @property
    def record_key(self) -> str:
        """How the platform tells records apart."""
        return self.listing_id or f"{self.layout}\n{self.document_number}\n{self.subject_name}"

    @property
    def body_digest(self) -> str:
        """What must not change under one key; a 17.2 itself does not tell listing from correction."""
        operation = "" if self.layout == "trade_listing" else self.operation
        return digest_of([operation, self.layout, self.version, self.content])


@dataclass(frozen=True)
class Receipt:
    """The answer to one row."""

    idempotency_key: str
    result: str
    receipt_number: str = ""
    field: str = ""
    code: str = ""
    message: str = ""

    def document(self) -> dict[str, str]:
        """As JSON."""
        return dict(vars(self))


@dataclass(frozen=True)
class Moment:
    """Now: as time, and from when on the receipt may be told (seconds of the same clock)."""

    at: datetime
    visible_at: float


def digest_of(value: Any) -> str:
    """SHA-256 of a JSON value, keys sorted."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def content_digest(layout: str, content: Mapping[str, Any]) -> str:
    """The digest both sides compare in reconciliation."""
    left_out = _NOT_CONTENT.get(layout, frozenset())
    return digest_of({name: value for name, value in content.items() if name not in left_out})


def submit(
    cx: sqlite3.Connection,
    platform: Platform,
    row: Submission,
    now: Moment,
    *,
    reject: bool = False,
    lose: bool = False,
) -> Receipt:
    """Take one row: the receipt of its key if there is one, else check it and act on it."""
    earlier = find_receipt(cx, platform.id, row.key)
    if earlier is not None:
        if earlier["body_digest"] == row.body_digest:
            return receipt_from(earlier)
        return Receipt(row.key, "rejected", "", "idempotency_key", "CONFLICT", "同一业务流水号已用于另一内容")
    row = _as_held(cx, platform, row)
    problem = _problem(cx, platform, row, forced=reject)
    receipt = _file_receipt(cx, platform, row, problem, now)
    if problem is None and not lose:
        _take_effect(cx, platform, row, receipt, now)
    return receipt


def find_receipt(cx: sqlite3.Connection, platform: str, key: str) -> sqlite3.Row | None:
    """The stored receipt of a key."""
    found: sqlite3.Row | None = cx.execute(
        "SELECT * FROM receipts WHERE platform = ? AND idempotency_key = ?", (platform, key)
    ).fetchone()
    return found


def receipt_from(row: sqlite3.Row) -> Receipt:
    """A stored receipt as it is told."""
    names = ("idempotency_key", "result", "receipt_number", "field", "code", "message")
    return Receipt(**{name: row[name] for name in names})


def find_record(cx: sqlite3.Connection, platform: str, record_key: str) -> sqlite3.Row | None:
    """What the platform holds under a record key, listed or withdrawn."""
    found: sqlite3.Row | None = cx.execute(
        "SELECT * FROM records WHERE platform = ? AND record_key = ?", (platform, record_key)
    ).fetchone()
    return found


def find_only(cx: sqlite3.Connection, platform: str, column: str, value: str) -> sqlite3.Row | None:
    """The one record listed with this digest or match key; None where there is none, or more than one."""
    query = f"SELECT * FROM records WHERE platform = ? AND status = 'listed' AND {column} = ? LIMIT 2"  # noqa: S608  own names
    found = cx.execute(query, (platform, value)).fetchall()
    return found[0] if len(found) == 1 else None


def _as_held(cx: sqlite3.Connection, platform: Platform, row: Submission) -> Submission:
    """A change of what another sender filed: where no listing id is stored, number and name tell."""
    if row.operation == LIST or row.layout in _STORES_LISTING_ID or not row.listing_id:
        return row
    if find_record(cx, platform.id, row.record_key) is not None:
        return row
    found = find_only(cx, platform.id, "match_key", f"{row.document_number}\n{row.subject_name}")
    return row if found is None else replace(row, listing_id=found["listing_id"])


def _problem(cx: sqlite3.Connection, platform: Platform, row: Submission, *, forced: bool) -> Problem | None:
    if forced:
        return Problem("", "FAULT", "平台按设定退回（模拟故障）")
    if not 0 < len(row.key) <= 200:
        return Problem("idempotency_key", "REQUIRED", "业务流水号不能为空且不超过 200 个字符")
    return check_content(platform, row.layout, row.content) or _check_order(
        row, find_record(cx, platform.id, row.record_key)
    )


def _check_order(row: Submission, held: sqlite3.Row | None) -> Problem | None:
    listed = held is not None and held["status"] == "listed"
    if row.operation == LIST and listed:
        return Problem("", "EXISTS", "平台已有此记录，不能重复新增")
    if row.operation != LIST and not listed:
        return Problem("", "NOT_FOUND", "平台没有此记录，不能变更或撤销")
    if held is None or row.version is None or held["version"] is None:
        return None
    if row.version < held["version"] or (row.operation == LIST and row.version == held["version"]):
        return Problem("version", "VERSION", "版本低于平台已有版本")
    return None


def _file_receipt(
    cx: sqlite3.Connection, platform: Platform, row: Submission, problem: Problem | None, now: Moment
) -> Receipt:
    receipt = (
        Receipt(row.key, "rejected", "", problem.field, problem.code, problem.message) if problem else None
    )
    if receipt is None:
        number = cx.execute("SELECT coalesce(max(number), 0) + 1 FROM receipts").fetchone()[0]
        stamp = f"{local_date(now.at):%Y%m%d}"
        receipt = Receipt(row.key, "accepted", f"{platform.id.upper()}-{stamp}-{number:07d}")
    cx.execute(
        "INSERT INTO receipts (platform, idempotency_key, body_digest, result, receipt_number, field, code,"
        " message, batch_id, at, visible_at) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
        (platform.id, row.key, row.body_digest, receipt.result, receipt.receipt_number, receipt.field,
         receipt.code, receipt.message, row.batch_id, now.at.isoformat(), now.visible_at),
    )  # fmt: skip
    return receipt


def _take_effect(
    cx: sqlite3.Connection, platform: Platform, row: Submission, receipt: Receipt, now: Moment
) -> None:
    if row.operation == WITHDRAW:
        cx.execute(
            "UPDATE records SET status = 'withdrawn', version = ?, raw = ?, received_at = ?,"
            " receipt_number = ? WHERE platform = ? AND record_key = ?",
            (row.version, row.raw, now.at.isoformat(), receipt.receipt_number, platform.id, row.record_key),
        )
        return
    match_key = (
        row.listing_id if row.layout in _STORES_LISTING_ID else f"{row.document_number}\n{row.subject_name}"
    )
    cx.execute(
        "INSERT OR REPLACE INTO records (platform, record_key, listing_id, version, subject_name,"
        " document_number, status, layout, content, digest, match_key, bucket_hash, receipt_number,"
        " received_at, raw) VALUES (?,?,?,?,?,?,'listed',?,?,?,?,?,?,?,?)",
        (platform.id, row.record_key, row.listing_id, row.version, row.subject_name, row.document_number,
         row.layout, json.dumps(dict(row.content), ensure_ascii=False),
         content_digest(row.layout, row.content), match_key, _bucket_hash(match_key),
         receipt.receipt_number, now.at.isoformat(), row.raw),
    )  # fmt: skip


def _bucket_hash(match_key: str) -> int:
    return int(hashlib.sha256(match_key.encode()).hexdigest()[:8], 16)


def ledger_digest(
    cx: sqlite3.Connection, platform: str, buckets: int, within: tuple[int, int] = (1, 0)
) -> dict[str, Any]:
    """Count and digest per bucket of what is listed now (docs/platform-wire.md).

    `within` (number of buckets, bucket) leaves out what falls elsewhere; the count is of everything.
    """
    lines: dict[int, list[str]] = defaultdict(list)
    rows = cx.execute(
        "SELECT bucket_hash, match_key, version, digest FROM records"
        " WHERE platform = ? AND status = 'listed' AND bucket_hash % ? = ?",
        (platform, *within),
    )
    for hashed, match_key, version, digest in rows:
        lines[hashed % buckets].append(f"{match_key}\t{'' if version is None else version}\t{digest}")
    count = "SELECT count(*) FROM records WHERE platform = ? AND status = 'listed'"
    return {
        "count": cx.execute(count, (platform,)).fetchone()[0],
        "buckets": {
            str(number): {
                "count": len(texts),
                "sha256": hashlib.sha256("\n".join(sorted(texts)).encode()).hexdigest(),
            }
            for number, texts in sorted(lines.items())
        },
    }


_USCC = ("uscc", "CF_XDR_SHXYM", "TYSHXYDM", "统一社会信用代码")
_LEDGER_ROW = (
    "SELECT listing_id, document_number, subject_name, version, digest AS content_digest, record_key,"
    " layout, content"
    " FROM records"
)


def ledger_bucket(cx: sqlite3.Connection, platform: str, bucket: int, buckets: int) -> list[dict[str, Any]]:
    """What is listed in one bucket."""
    found = cx.execute(
        _LEDGER_ROW + " WHERE platform = ? AND status = 'listed' AND bucket_hash % ? = ? ORDER BY record_key",
        (platform, buckets, bucket),
    )
    return [_told(row) for row in found]


def ledger_page(
    cx: sqlite3.Connection, platform: str, after: str, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """What is listed, page by page in order of record key; the second value is the next page's `after`."""
    found = cx.execute(
        _LEDGER_ROW
        + " WHERE platform = ? AND status = 'listed' AND record_key > ? ORDER BY record_key LIMIT ?",
        (platform, after, limit),
    ).fetchall()
    following = found[-1]["record_key"] if len(found) == limit else None
    return [_told(row) for row in found], following


def _told(row: sqlite3.Row) -> dict[str, Any]:
    names = ("listing_id", "document_number", "subject_name", "version", "content_digest")
    content = json.loads(row["content"])
    uscc = next((content[code] for code in _USCC if content.get(code)), "")
    told = {"uscc": uscc, "list": content.get("list_code") or row["layout"]}
    return {**{name: row[name] for name in names}, **told}
