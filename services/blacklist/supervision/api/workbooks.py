"""Workbooks (XLSX) of the assessment sheet and the annual report. Every cell is text or a number."""

import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import xlsxwriter

SHEET_HEAD = (
    "编码",
    "类别",
    "考核内容",
    "分值",
    "符合件数",
    "应计件数",
    "比例",
    "得分",
    "第三方评分",
    "评语",
    "依据",
    "依据状态",
)
STATUS_NAMES = {"verified": "已核实", "assumed": "假定"}


def assessment_workbook(found: dict[str, Any]) -> io.BytesIO:
    """One sheet a department, with empty columns for the outside assessor, behind an overview."""
    file, book = _book()
    overview = [
        (each["department_name"], each["reached"], each["deducted"], each["total"], each["yearly_points"])
        for each in found["items"]
    ]
    head = ("部门", "考核得分", "扣分", "最终得分", f"计入年度考核（{found['share_percent']}分）")
    _write(
        book, "汇总", [(f"{found['year']}年第三方评估考核汇总",), head, *overview, (found["share_source"],)]
    )
    for number, each in enumerate(found["items"], 1):
        _write(book, f"{number:03} {_tab(each['department_name'])}", _sheet_rows(each))
    book.close()
    return file


def _sheet_rows(each: dict[str, Any]) -> Iterable[Sequence[Any]]:
    yield (each["department_name"],)
    yield SHEET_HEAD
    for score in each["scores"]:
        rate = score["rate"]
        yield (
            score["code"], score["group"], score["name"], score["weight"], rate["part"], rate["whole"],
            "—" if rate["percent"] is None else f"{rate['percent']}%", score["points"], "", "",
            score["source"], STATUS_NAMES[score["status"]],
        )  # fmt: skip
    for loss in each["losses"]:
        yield (
            loss["code"], "扣分", loss["name"], "", loss["count"], "", "", -loss["points"], "", "",
            loss["source"], STATUS_NAMES[loss["status"]],
        )  # fmt: skip
    yield ("", "", "最终得分", "", "", "", "", each["total"])


def annual_workbook(report: dict[str, Any]) -> io.BytesIO:
    """The text first, then a sheet a table, then the months."""
    file, book = _book()
    text: list[Sequence[Any]] = [(report["title"],)]
    for section in report["sections"]:
        text.append((section["heading"],))
        text.extend((paragraph,) for paragraph in section["paragraphs"])
    _write(book, "正文", text, width=100)
    for table in report["tables"]:
        _write(book, _tab(table["title"]), [table["head"], *table["rows"]])
    _write(book, "按月公示件数", [("月份", "件数"), *((p["name"], p["value"]) for p in report["series"])])
    book.close()
    return file


def _book() -> tuple[io.BytesIO, xlsxwriter.Workbook]:
    file = io.BytesIO()
    return file, xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False})


def _tab(title: str) -> str:
    """A name a worksheet may have."""
    return "".join("-" if mark in "[]:*?/\\'" else mark for mark in title)[:26]


def _write(book: xlsxwriter.Workbook, name: str, rows: Iterable[Sequence[Any]], *, width: int = 16) -> None:
    sheet = book.add_worksheet(name)
    sheet.set_column(0, 0, max(width, 28))
    sheet.set_column(1, 20, width)
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            _write_cell(sheet, row, column, cell)


def _write_cell(sheet: Any, row: int, column: int, cell: Any) -> None:
    if isinstance(cell, int | Decimal):
        sheet.write_number(row, column, cell)
    else:
        sheet.write_string(row, column, "" if cell is None else str(cell))
