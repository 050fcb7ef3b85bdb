"""Tables as files people open: CSV with a byte order mark, XLSX of text cells; no cell is ever a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import xlsxwriter

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TYPES = {"xlsx": XLSX, "csv": "text/csv"}
"""Media types by what a file's name ends with."""
CELL = 32_767
"""Characters a cell of XLSX takes."""


def harmless(cell: object) -> str:
    """The text of a cell as a spreadsheet may read it from CSV."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def csv_file(lines: Iterable[Iterable[object]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([harmless(cell) for cell in cells] for cells in lines)
    return out.getvalue().encode("utf-8-sig")


def xlsx_file(title: str, lines: Iterable[Sequence[Any]]) -> bytes:
    """One sheet, written row by row."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    page = book.add_worksheet(title)
    for number, cells in enumerate(lines):
        for column, cell in enumerate(cells):
            page.write_string(number, column, "" if cell is None else str(cell)[:CELL])
    book.close()
    return out.getvalue()
