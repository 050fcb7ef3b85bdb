"""The error sheet (错误表): the wrong rows with their wrong cells marked, to be mended and brought back.

Identity numbers go out masked; a cell brought back as it went out keeps its sealed value.
"""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import xlsxwriter
from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.cases.domain.figures import figure
from services.blacklist.cases.domain.layout import Cell
from services.blacklist.cases.domain.mistakes import is_secret
from services.blacklist.cases.domain.rows import address
from services.blacklist.cases.models import CaseImport, CaseImportRow
from services.blacklist.cases.queries.imports import find_import, import_rows
from services.blacklist.cases.usecases.imports.correcting import (
    ROW_NUMBER,
    masked,
    original_cells,
)
from services.blacklist.cases.usecases.imports.judging import BAD, Reading, reading_of
from services.blacklist.store import Deps
from shared.errors import Conflict
from shared.web.access import Principal

PROBLEMS = "错误说明"
MANNER = (
    "红色单元格有误，批注说明原因和改法；改正后保存，在导入页面“上传改正后的行”处上传。",
    "只需保留改过的行，行的次序不限；不要改动表头，不要删去“原行号”列。",
    "身份证件号码已遮盖：原样保留即沿用原来的号码，需要更正的填写完整号码。",
    "“错误说明”列仅供参考，上传时不读取。",
)
RED = {"bg_color": "#FFC7CE", "font_color": "#9C0006"}


def error_sheet(session: Session, deps: Deps, import_id: str, *, actor: Principal, at: datetime) -> bytes:
    """An XLSX of the import's wrong rows (the first 20,000); taking it is on record."""
    upload = find_import(session, import_id, actor)
    reading = reading_of(upload)
    rows = import_rows(session, upload.id, state=BAD, after=0, limit=figure("imports", "error_rows"))
    if reading is None or not rows:
        raise Conflict("no-wrong-rows", "没有有误的行", "这次导入没有需要改正的行。")
    audit.record(
        session,
        actor=actor,
        action="import.errors",
        object_type="import",
        object_id=upload.id,
        detail={"rows": len(rows)},
        at=at,
    )
    return _written(deps, upload, reading, rows)


def _written(deps: Deps, upload: CaseImport, reading: Reading, rows: Sequence[CaseImportRow]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    text, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True, "num_format": "@"})
    red = book.add_format({**RED, "num_format": "@"})
    page = book.add_worksheet("待改正")
    headings = {each["index"]: each["heading"] for each in upload.headings}
    width = max(headings, default=0) + 1
    for index, heading in {-1: ROW_NUMBER, **headings, width: PROBLEMS}.items():
        page.write_string(0, index + 1, str(heading), bold)
    page.set_column(0, width + 1, 18, text)
    page.freeze_panes(1, 1)
    for line, row in enumerate(rows, 1):
        _write_row(page, line, row, _cells(deps, reading, row)[:width], width, red)
    _write_manner(book)
    book.close()
    return out.getvalue()


def _cells(deps: Deps, reading: Reading, row: CaseImportRow) -> list[Cell]:
    cells = original_cells(deps, reading, row)
    for index, column in reading.columns.items():
        if is_secret(column.to) and index < len(cells) and cells[index]:
            cells[index] = masked(cells[index])
    return cells


def _write_row(page: Any, line: int, row: CaseImportRow, cells: Sequence[Cell], width: int, red: Any) -> None:
    wrong: dict[str, list[Mapping[str, Any]]] = {}
    for error in row.errors:
        wrong.setdefault(error["cell"], []).append(error)
    page.write_string(line, 0, str(row.row_number))
    for index in range(width):
        value = cells[index] if index < len(cells) else None
        text, errors = "" if value is None else str(value), wrong.get(address(index, row.row_number))
        if errors:
            page.write_string(line, index + 1, text, red)
            note = "\n".join(f"{each['message']}\n{each.get('remedy', '')}" for each in errors)
            page.write_comment(line, index + 1, note, {"x_scale": 2, "author": "批量导入"})
        elif text:
            page.write_string(line, index + 1, text)
    told = "；".join(f"{each['column']}：{each['message']}" for each in row.errors)
    page.write_string(line, width + 1, told)


def _write_manner(book: Any) -> None:
    page = book.add_worksheet("填写说明")
    page.set_column(0, 0, 100)
    for line, text in enumerate(MANNER):
        page.write_string(line, 0, text)
