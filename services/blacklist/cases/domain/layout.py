"""The sheets departments bring: which column is which, and a row of cells as a filing with errors by cell.

Each layout is a data file: 双公示 of 2018 and before, and the blacklist tables. A department's own headings
come as a mapping beside it.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any

Cell = str | int | float | bool | None
_DATA = Path(__file__).resolve().parent.parent / "data"
_FILES = ("penalty_2018", "penalty_2015", "blacklist_org", "blacklist_person")
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
EXACT_DIGITS = 15
"""Longer numbers lose digits in a spreadsheet's number cells."""


@dataclass(frozen=True)
class Column:
    """One column of the layout; `to` is where its value goes in the filing."""

    code: str
    label: str
    to: tuple[str, ...]
    read: str
    longest: int
    required: bool
    names: frozenset[str]


@dataclass(frozen=True)
class Layout:
    """The columns, and the words for codes."""

    columns: tuple[Column, ...]
    subject_types: Mapping[str, str]
    id_types: Mapping[str, str]
    code: str = "penalty-2018"
    name: str = ""
    kind: str = "penalty-decision"
    subject_type: str | None = None
    """The type of every row's subject, where the sheet is of one type only."""
    subject_by_code: bool = False
    """Whether the type follows from which code a row carries."""
    category: str | None = None
    basis_from_list: bool = False

    def column(self, heading: str, mapping: Mapping[str, str] | None = None) -> Column | None:
        """By label, code or alias, else as the department's mapping (folded heading → code) says."""
        key = folded(heading)
        found = next((column for column in self.columns if key in column.names), None)
        return found or self.coded((mapping or {}).get(key))

    def coded(self, code: str | None) -> Column | None:
        return next((column for column in self.columns if column.code == code), None)

    def label_of(self, pointer: str) -> str:
        """The heading of the column that fills a field of the filing; the pointer itself where none does."""
        path = tuple(pointer.strip("/").split("/"))
        return next((column.label for column in self.columns if column.to == path), pointer)


@dataclass(frozen=True)
class CellError:
    """One wrong cell: its address (C7), the column's label, and the remedy."""

    cell: str
    column: str
    message: str


@dataclass
class SheetRow:
    """A row as a filing, or what is wrong with it."""

    number: int
    filing: dict[str, Any]
    cells: dict[str, str]
    """JSON pointer → cell address."""
    errors: list[CellError] = field(default_factory=list)


def folded(heading: str) -> str:
    """A heading without spaces, stars and brackets' width: 「*处罚机关 」 is 处罚机关."""
    return re.sub(r"[\s*＊_]", "", unicodedata.normalize("NFKC", heading)).upper()


@lru_cache(maxsize=1)
def all_layouts() -> tuple[Layout, ...]:
    """The newest first; a sheet is read by the one that knows most of its headings."""
    documents = [tomllib.loads((_DATA / f"{name}.toml").read_text("utf-8")) for name in _FILES]
    words = documents[0]["subject_types"], documents[0]["id_types"]
    return tuple(_layout(document, *words) for document in documents)


def penalty_layout() -> Layout:
    """双公示 行政处罚, 2018."""
    return all_layouts()[0]


def _layout(document: Mapping[str, Any], subjects: Mapping[str, str], ids: Mapping[str, str]) -> Layout:
    own = {name: value for name, value in document.items() if name in _OWN}
    return Layout(tuple(map(_column, document["column"])), subjects, ids, **own)


_OWN = ("code", "name", "kind", "subject_type", "subject_by_code", "category", "basis_from_list")


def best_layout(row: Sequence[Cell], mapping: Mapping[str, str]) -> tuple[Layout, dict[int, Column]]:
    """The layout that misses fewest of its required columns, then knows most headings; none where few."""
    read = [(layout, headings(layout, row, mapping)) for layout in all_layouts()]
    return min(read, key=lambda each: (not each[1], len(missing_columns(*each)), -len(each[1])))


def _column(entry: Mapping[str, Any]) -> Column:
    names = {entry["code"], entry["label"], *entry.get("aliases", ())}
    return Column(
        entry["code"],
        entry["label"],
        tuple(entry["to"].split(".")) if "to" in entry else (),
        entry.get("read", "text"),
        entry.get("longest", 200),
        entry.get("required", False),
        frozenset(map(folded, names)),
    )


def headings(
    layout: Layout, row: Sequence[Cell], mapping: Mapping[str, str] | None = None
) -> dict[int, Column]:
    """Column number (from 0) → column, for a heading row; empty when it is none."""
    found = {
        index: column
        for index, cell in enumerate(row)
        if isinstance(cell, str) and (column := layout.column(cell, mapping)) is not None
    }
    return found if len(found) >= 5 else {}


def missing_columns(layout: Layout, found: Mapping[int, Column]) -> list[str]:
    present = {column.code for column in found.values()}
    return [column.label for column in layout.columns if column.required and column.code not in present]


def address(column: int, row: int) -> str:
    """Spreadsheet address of a cell: (0, 7) → A7."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def read_row(
    layout: Layout,
    found: Mapping[int, Column],
    number: int,
    cells: Sequence[Cell],
    defaults: Mapping[str, Any],
) -> SheetRow:
    """One data row; `number` is its row in the sheet, `defaults` what the upload says for all rows."""
    row = SheetRow(number, _empty(layout, defaults), {})
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
        read = _value(layout, column, value)
    except ValueError as wrong:
        row.errors.append(CellError(where, column.label, str(wrong)))
        return
    if read is None and column.required:
        row.errors.append(CellError(where, column.label, "必填，请补充"))
    if read is not None and column.to:
        place = row.filing
        for step in column.to[:-1]:
            place = place.setdefault(step, {})
        place[column.to[-1]] = read


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
    if any(ord(char) < 32 and char not in "\r\n\t" for char in text):
        raise ValueError("含有控制字符，请删去")
    return text or None


def _day(text: str) -> str:
    matched = _DATE.match(text) or _COMPACT.fullmatch(text)
    try:
        return date(*map(int, matched.groups())).isoformat() if matched else _no_day()
    except ValueError:
        return _no_day()


def _no_day() -> str:
    raise ValueError("日期应写成 2026-11-02 的形式")


def _amount(text: str) -> str:
    try:
        return format(Decimal(text.replace(",", "")), "f")
    except InvalidOperation:
        raise ValueError("金额（万元）应为数字") from None


def _word(text: str, words: Mapping[str, str], name: str) -> str:
    if text in words.values():
        return text
    if text not in words:
        raise ValueError(f"{name}应为下列之一：{'、'.join(words)}")
    return words[text]
