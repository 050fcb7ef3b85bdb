"""Reading sheets that are handed in (XLSX, CSV) as text cells, with limits, and writing feedback."""

import csv
import io
from collections.abc import Sequence

import python_calamine

from services.credit_push.sandbox.ledger import Receipt

MOST_BYTES = 20_000_000
MOST_ROWS = 20_000
FEEDBACK = ("line", "idempotency_key", "result", "receipt_number", "field", "code", "message")


class BadSheet(ValueError):
    """Not a sheet this platform can read; the text is Chinese."""


def read_sheet(body: bytes, kind: str) -> list[list[str]]:
    """All rows of the first sheet as text."""
    if len(body) > MOST_BYTES:
        raise BadSheet("文件过大")
    rows = _read_csv(body) if kind == "csv" else _read_xlsx(body)
    if len(rows) > MOST_ROWS:
        raise BadSheet("行数过多")
    return rows


def _read_csv(body: bytes) -> list[list[str]]:
    if not body.startswith(b"\xef\xbb\xbf"):
        raise BadSheet("CSV 应为带 BOM 的 UTF-8")
    try:
        return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadSheet("CSV 无法解析") from error


def _read_xlsx(body: bytes) -> list[list[str]]:
    try:
        sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0)
        rows = sheet.to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, ValueError, IndexError) as error:
        raise BadSheet("XLSX 无法解析") from error
    if any(not isinstance(cell, str) for row in rows for cell in row):
        raise BadSheet("单元格须为文本格式，以免编码与日期走样")
    return [[str(cell) for cell in row] for row in rows]


def feedback_csv(receipts: Sequence[tuple[int, Receipt]]) -> bytes:
    """The feedback sheet: one line a receipt, UTF-8 with BOM."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(FEEDBACK)
    for line, receipt in receipts:
        document = receipt.document()
        writer.writerow([line, *(document[name] for name in FEEDBACK[1:])])
    return out.getvalue().encode("utf-8-sig")
