"""The feedback a person brings: XLSX or CSV, headed in Chinese or with the names of a platform's own file."""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

ACCEPTED, REJECTED = "已入库", "退回"
LABELS = ("业务流水号", "当事人", "决定书文号", "操作", "处理结果", "回执编号", "原因")
"""What a blank feedback sheet is headed with."""
MOST_ROWS, MOST_UNPACKED, HEAD_WITHIN = 20_000, 50_000_000, 5
NAMES = {
    "idempotency_key": ("业务流水号",),
    "result": ("处理结果", "办理结果"),
    "receipt_number": ("回执编号", "受理编号"),
    "field": ("字段",),
    "code": ("代码",),
    "message": ("原因", "退回原因"),
}
HEADINGS = {heading: name for name, headings in NAMES.items() for heading in (name, *headings)}
NEEDED = ("idempotency_key", "result")
RESULTS = {
    **dict.fromkeys(("accepted", ACCEPTED, "入库", "通过", "已公示"), "accepted"),
    **dict.fromkeys(("rejected", REJECTED, "被退回", "已退回", "未通过"), "rejected"),
}


def read_hand_feedback(body: bytes) -> list[dict[str, str]]:
    """The rows that say what became of a line; ValueError, in Chinese, where the sheet cannot be read."""
    table = _xlsx(body) if body.startswith(b"PK\x03\x04") else _csv(body)
    if len(table) > MOST_ROWS:
        raise ValueError(f"反馈表不能超过 {MOST_ROWS} 行")
    at, columns = _columns(table)
    found = []
    for number, cells in enumerate(table[at + 1 :], at + 2):
        row = {name: cells[place] if place < len(cells) else "" for name, place in columns.items()}
        if row["idempotency_key"] and row["result"]:
            found.append({**dict.fromkeys(NAMES, ""), **row, "result": _result(number, row["result"])})
    if not found:
        raise ValueError("反馈表中没有填写处理结果的记录")
    return found


def _columns(table: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]]:
    """Which row is the head, and where each column stands; the nearest to a head says what is missing."""
    heads = [
        {HEADINGS[cell]: place for place, cell in enumerate(cells) if cell in HEADINGS}
        for cells in table[:HEAD_WITHIN]
    ]
    best = max(range(len(heads)), key=lambda at: len(heads[at]), default=0)
    columns = heads[best] if heads else {}
    missing = [NAMES[name][0] for name in NEEDED if name not in columns]
    if missing:
        raise ValueError(f"反馈表缺少列：{'、'.join(missing)}")
    return best, columns


def _result(number: int, told: str) -> str:
    if told not in RESULTS:
        raise ValueError(f"第 {number} 行的处理结果应为“{ACCEPTED}”或“{REJECTED}”")
    return RESULTS[told]


def _csv(body: bytes) -> list[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        try:
            return _stripped(csv.reader(io.StringIO(text, newline="")))
        except csv.Error as error:
            raise ValueError("反馈表不是完整的 CSV 文件") from error
    raise ValueError("反馈表应为 XLSX 文件，或者 UTF-8、GB18030 编码的 CSV 文件")


def _xlsx(body: bytes) -> list[list[str]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        unpacked = sum(entry.file_size for entry in zipfile.ZipFile(io.BytesIO(body)).infolist())
        book = CalamineWorkbook.from_filelike(io.BytesIO(body)) if unpacked <= MOST_UNPACKED else None
        sheet = book.get_sheet_by_index(0) if book else None
        if sheet and sheet.total_height <= MOST_ROWS:
            return _stripped(sheet.to_python(skip_empty_area=False))
    except (CalamineError, zipfile.BadZipFile, ValueError, IndexError) as error:
        raise ValueError("XLSX 文件无法读取，请用表格软件重新保存") from error
    raise ValueError(f"反馈表过大，不能超过 {MOST_ROWS} 行")


def _stripped(table: Iterable[Iterable[Any]]) -> list[list[str]]:
    return [[_text(cell) for cell in cells] for cells in table]


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, (date, datetime)) else str(cell).strip()
