"""Which column of an uploaded table holds the name and which the code; what one row asks.

Headings are compared folded; a table without any is taken as it looks: codes by their check digit.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.identifiers import InvalidIdentifier, check_uscc
from shared.written import holds_identity

Cell = str | int | float | bool | None
HEADING_ROWS = 5
LONGEST_NAME = 200
NAMES = (
    "名称", "企业名称", "单位名称", "公司名称", "主体名称", "机构名称", "投标人", "投标人名称", "供应商",
    "供应商名称", "投标单位", "投标单位名称", "竞买人", "竞买人名称", "法人名称", "行政相对人名称",
    "name", "company", "bidder",
)  # fmt: skip
CODES = (
    "统一社会信用代码", "社会信用代码", "信用代码", "统一代码", "法人代码", "投标人代码", "供应商代码",
    "企业代码", "uscc", "code", "creditcode",
)  # fmt: skip
PERSON, BAD_CODE, NOTHING = (
    "自然人不在批量核查之内，请在“自然人查询”中逐一查询",
    "统一社会信用代码校验不通过，只按名称核查",
    "没有名称，也没有有效的统一社会信用代码",
)


@dataclass(frozen=True)
class Columns:
    """Places of the columns; the rows before `first` are headings."""

    name: int | None
    code: int | None
    first: int = 1


@dataclass(frozen=True)
class Asked:
    """One row: what is asked, and what is to be said of the row itself."""

    row: int
    name: str | None
    uscc: str | None
    remark: str | None = None

    @property
    def usable(self) -> bool:
        return bool(self.name or self.uscc)


def find_columns(rows: Sequence[Sequence[Cell]]) -> Columns | None:
    """From the first rows of a table: by headings, else by what the first row holds."""
    for number, cells in enumerate(rows[:HEADING_ROWS], start=1):
        folded = [_folded(cell) for cell in cells]
        name, code = _place(folded, NAMES), _place(folded, CODES)
        if name is not None or code is not None:
            return Columns(name, code, number + 1)
    return _by_content(rows[0]) if rows else None


def _folded(cell: Cell) -> str:
    text = unicodedata.normalize("NFKC", str(cell or "")).casefold()
    return "".join(sign for sign in text if sign.isalnum())


def _place(folded: Sequence[str], known: Sequence[str]) -> int | None:
    places = [folded.index(each) for each in known if each in folded]
    return places[0] if places else None


def _by_content(cells: Sequence[Cell]) -> Columns | None:
    texts = [_text(cell) for cell in cells]
    code = next((at for at, text in enumerate(texts) if _code_of(text)), None)
    name = next((at for at, text in enumerate(texts) if _looks_like_name(text)), None)
    return None if code is None and name is None else Columns(name, code)


def _looks_like_name(text: str) -> bool:
    return len(text) > 3 and any("\u4e00" <= sign <= "\u9fff" for sign in text)


def _text(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else " ".join(str(cell).split())


def _code_of(text: str) -> str | None:
    try:
        return check_uscc(unicodedata.normalize("NFKC", text).strip().upper())
    except InvalidIdentifier:
        return None


def ask(number: int, name: str, code: str) -> Asked:
    """One row from its two texts, whichever of them there are."""
    uscc = _code_of(code) or (None if code else _code_of(name))
    if holds_identity(code) or holds_identity(name):
        return Asked(number, None, None, PERSON)
    kept = name[:LONGEST_NAME] if name and uscc != name.upper() else None
    if not kept and not uscc:
        return Asked(number, None, None, NOTHING)
    return Asked(number, kept, uscc, BAD_CODE if code and not uscc else None)


def read_rows(columns: Columns, rows: Iterable[tuple[int, Sequence[Cell]]]) -> Iterable[Asked]:
    """The rows that ask something; wholly empty ones are left out."""
    for number, cells in rows:
        if number >= columns.first and any(_text(cell) for cell in cells):
            yield ask(number, _at(cells, columns.name), _at(cells, columns.code))


def _at(cells: Sequence[Cell], place: int | None) -> str:
    return _text(cells[place]) if place is not None and place < len(cells) else ""


def read_lines(text: str) -> list[Asked]:
    """A pasted list: one organisation a line, name and code in any order, parted by comma or tab."""
    found: list[Asked] = []
    for number, line in enumerate(text.splitlines(), start=1):
        parts = [part.strip() for part in line.replace("，", ",").replace("\t", ",").split(",")]
        parts = [part for part in parts if part]
        if parts:
            code = next((part for part in parts if _code_of(part)), "")
            name = next((part for part in parts if part != code), "")
            found.append(ask(number, name, code))
    return found


def read_groups(text: str) -> list[dict[str, object]]:
    """A typed list of bidders: a group a line, its members parted by semicolons (联合体)."""
    found: list[dict[str, object]] = []
    for line in text.splitlines():
        said = [asked for part in line.replace("；", ";").split(";") for asked in read_lines(part)]
        members = [_named(asked) for asked in said]
        if members:
            found.append({"members": members})
    return found


def _named(asked: Asked) -> dict[str, str]:
    given = {"name": asked.name, "uscc": asked.uscc}
    return {name: value for name, value in given.items() if value}
