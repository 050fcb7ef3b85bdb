"""Data packets: sheets (XLSX or CSV), the manifest with count and checksum, the feedback that comes back."""

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import xlsxwriter

from services.credit_push.domain import OPERATION_NAMES
from services.credit_push.formats import columns_of

OPERATION_CODE, OPERATION_LABEL = "CZ", "操作"
FEEDBACK_COLUMNS = ("line", "idempotency_key", "result", "receipt_number", "field", "code", "message")


@dataclass(frozen=True)
class Line:
    """One data row of a packet."""

    key: str
    operation: str
    listing_id: str
    version: int
    row: dict[str, Any]


def table_of(layout: str, lines: Sequence[Line]) -> list[list[str]]:
    """Labels, codes, then one row a line; the operation stands first."""
    columns = columns_of(layout)
    codes = list(lines[0].row) if lines else [column.code for column in columns]
    rows = [[OPERATION_LABEL, *(column.label for column in columns)], [OPERATION_CODE, *codes]]
    rows.extend([OPERATION_NAMES[line.operation], *_values(line, len(columns))] for line in lines)
    return rows


def _values(line: Line, width: int) -> list[str]:
    values = [str(value) for value in line.row.values()]
    if len(values) != width:
        raise ValueError("a packet row has as many values as its layout has columns")
    return values


def sheet(layout: str, lines: Sequence[Line], kind: str) -> bytes:
    """The packet's file, `kind` xlsx or csv."""
    rows = table_of(layout, lines)
    return to_csv(rows) if kind == "csv" else to_xlsx(rows, layout)


def to_csv(rows: Sequence[Sequence[str]]) -> bytes:
    """UTF-8 with a byte-order mark, as office programs expect it."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def to_xlsx(rows: Sequence[Sequence[str]], title: str) -> bytes:
    """One sheet of text cells; codes and numbers keep every digit, and no cell is ever a formula."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet(title[:31])
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            page.write_string(number, column, value)
    book.close()
    return out.getvalue()


def head_of(batch_id: str, sender: str, layout: str, lines: Sequence[Line], at: datetime) -> dict[str, Any]:
    """Who sends how many rows of which format, and when; sheets have it in their manifest only."""
    told = {"batch_id": batch_id, "sender": sender, "format": layout, "count": len(lines)}
    return told | {"created_at": at.isoformat()}


def manifest(
    batch_id: str, sender: str, layout: str, file: str, body: bytes, lines: Sequence[Line], at: datetime
) -> bytes:
    """The head of the packet, its checksum, and what each line is."""
    document = {
        **head_of(batch_id, sender, layout, lines, at),
        "file": file,
        "sha256": hashlib.sha256(body).hexdigest(),
        "rows": [
            {
                "line": number,
                "idempotency_key": line.key,
                "operation": line.operation,
                "listing_id": line.listing_id,
                "version": line.version,
            }
            for number, line in enumerate(lines, 1)
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def read_feedback(body: bytes) -> list[dict[str, str]]:
    """The rows of a feedback sheet; ValueError if it is none."""
    reader = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""))
    try:
        missing, rows = set(FEEDBACK_COLUMNS) - set(reader.fieldnames or ()), list(reader)
    except csv.Error as error:  # which is no ValueError
        raise ValueError("反馈表无法读取") from error
    if missing:
        raise ValueError(f"反馈表缺少列 {', '.join(sorted(missing))}")
    return [{name: (row.get(name) or "").strip() for name in FEEDBACK_COLUMNS} for row in rows]
