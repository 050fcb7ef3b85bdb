"""A row of cells as a filing, with errors by cell: dates, amounts and words as departments write them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from services.blacklist.cases.domain.layout import Cell, Column, Layout
from services.blacklist.cases.domain.mistakes import CellError, remedy_for, shown

_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
EXACT_DIGITS = 15
"""Longer numbers lose digits in a spreadsheet's number cells."""


@dataclass
class SheetRow:
    """A row as a filing, or what is wrong with it."""

    number: int
    filing: dict[str, Any]
    cells: dict[str, str]
    """JSON pointer → cell address."""
    errors: list[CellError] = field(default_factory=list)
    values: Sequence[Cell] = ()
    """The cells as they stand in the sheet."""

    def blame(self, layout: Layout, pointer: str, message: str) -> None:
        """Put a problem of the filing at the cell it came from."""
        path = tuple(pointer.strip("/").split("/"))
        found: Any = self.filing
        for step in path:
            found = found.get(step) if isinstance(found, Mapping) else None
        value = None if isinstance(found, Mapping | list) else shown(path, found)
        self.errors.append(
            CellError(
                self.cells.get(pointer, f"A{self.number}"),
                layout.label_of(pointer),
                message,
                self.number,
                value,
                remedy_for(path),
            )
        )


@lru_cache(maxsize=1024)
def letters(column: int) -> str:
    """A column's letters: 0 → A, 26 → AA."""
    found = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


def address(column: int, row: int) -> str:
    """Spreadsheet address of a cell: (0, 7) → A7."""
    return f"{letters(column)}{row}"


def read_row(
    layout: Layout,
    found: Mapping[int, Column],
    number: int,
    cells: Sequence[Cell],
    defaults: Mapping[str, Any],
) -> SheetRow:
    """One data row; `number` is its row in the sheet, `defaults` what the upload says for all rows."""
    row = SheetRow(number, _empty(layout, defaults), {}, values=cells)
    for index, column in found.items():
        where = address(index, number)
        if column.to:
            row.cells["/" + "/".join(column.to)] = where
        value = cells[index] if index < len(cells) else None
        _take(layout, row, column, where, value)
    subject = row.filing["subject"]
    if layout.subject_by_code:
        subject["type"] = "individual" if subject.get("id_number") else "organization"
    return row


def _empty(layout: Layout, defaults: Mapping[str, Any]) -> dict[str, Any]:
    basis = defaults.get("basis") if layout.basis_from_list else None
    return {
        **{name: value for name, value in defaults.items() if name != "basis"},
        "subject": {"codes": {}} | ({"type": layout.subject_type} if layout.subject_type else {}),
        "misconduct": {"category": layout.category} if layout.category else {},
        "document": {"kind": layout.kind} | ({"basis": basis} if basis else {}),
        "disclosure": {"attribute": "proactive"},
    }


def _take(layout: Layout, row: SheetRow, column: Column, where: str, value: Cell) -> None:
    try:
        read = _needed(column, _value(layout, column, value))
    except ValueError as wrong:
        remedy = remedy_for(column.to, column.read)
        known = shown(column.to, value)
        row.errors.append(CellError(where, column.label, str(wrong), row.number, known, remedy))
        return
    if read is not None and column.to:
        place = row.filing
        for step in column.to[:-1]:
            place = place.setdefault(step, {})
        place[column.to[-1]] = read


def _needed(column: Column, read: str | None) -> str | None:
    if read is None and column.required:
        raise ValueError("必填，请补充")
    return read


def _value(layout: Layout, column: Column, value: Cell) -> str | None:
    text = _text(value)
    if text is None:
        return None
    if column.read == "date":
        return _day(text)
    if column.read == "amount":
        return _amount(text)
    if column.read == "subject-type":
        return _word(text, layout.subject_types, "行政相对人类别")
    if column.read == "id-type":
        return _word(text, layout.id_types, "证件类型")
    if len(text) > column.longest:
        raise ValueError(f"不能超过{column.longest}字")
    return text


def _text(value: Cell) -> str | None:
    if value is None or isinstance(value, bool):
        return None if value is None else str(value)
    if isinstance(value, int | float):
        if abs(value) >= 10**EXACT_DIGITS:
            raise ValueError("长数字请将单元格设为文本格式后重新填写，否则末尾数字会丢失")
        return str(int(value)) if float(value).is_integer() else repr(value)
    text = value.strip()
    if _CONTROL.search(text):
        raise ValueError("含有控制字符，请删去")
    return text or None


def _day(text: str) -> str:
    matched = _DATE.match(text) or _COMPACT.fullmatch(text)
    try:
        return date(*map(int, matched.groups())).isoformat() if matched else _no_day()
    except ValueError:
        return _no_day()


def _no_day() -> str:
    raise ValueError("不是有效的日期")


def _amount(text: str) -> str:
    try:
        return format(Decimal(text.replace(",", "").replace("\uff0c", "")), "f")
    except InvalidOperation:
        raise ValueError("金额（万元）应为数字") from None


def _word(text: str, words: Mapping[str, str], name: str) -> str:
    if text in words.values():
        return text
    if text not in words:
        raise ValueError(f"{name}应为下列之一：{'、'.join(words)}")
    return words[text]
