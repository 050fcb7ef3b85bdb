"""The sheets departments bring: their layouts, and which layout and column a row of headings names.

Each layout is a data file: 双公示 of 2018 and before, and the blacklist tables. A department's own headings
come as a mapping beside it.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

Cell = str | int | float | bool | None
_DATA = Path(__file__).resolve().parent.parent / "data"
_FILES = ("penalty_2018", "penalty_2015", "blacklist_org", "blacklist_person")
FEWEST = 5
"""Fewer known headings in a row make no heading row."""


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
    source: str = ""
    """Where the columns come from."""
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

    @property
    def document_number(self) -> Column | None:
        """The column a remark about the whole row stands at."""
        return next((column for column in self.columns if column.to == ("document", "number")), None)

    def coded(self, code: str | None) -> Column | None:
        return next((column for column in self.columns if column.code == code), None)

    def label_of(self, pointer: str) -> str:
        """The heading of the column that fills a field of the filing; the pointer itself where none does."""
        path = tuple(pointer.strip("/").split("/"))
        return next((column.label for column in self.columns if column.to == path), pointer)


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


_OWN = ("code", "name", "source", "kind", "subject_type", "subject_by_code", "category", "basis_from_list")


def layout_named(code: str | None) -> Layout | None:
    return next((layout for layout in all_layouts() if layout.code == code), None)


Taught = Mapping[str, Mapping[str, str]]
"""Layout code, or "" for any → folded heading → column code."""


def best_layout(
    row: Sequence[Cell], taught: Taught, chosen: str | None = None
) -> tuple[Layout, dict[int, Column]]:
    """The layout that misses fewest of its required columns, then knows most headings; none where few."""
    layouts = [layout for layout in all_layouts() if chosen in (None, layout.code)]
    read = [(layout, headings(layout, row, taught_for(layout, taught))) for layout in layouts]
    return min(read, key=lambda each: (not each[1], len(missing_columns(*each)), -len(each[1])))


def taught_for(layout: Layout, taught: Taught) -> Mapping[str, str]:
    return {**taught.get("", {}), **taught.get(layout.code, {})}


def looks_like_headings(row: Sequence[Cell]) -> bool:
    """Whether a row of a sheet no layout knows may hold its headings: several different short texts."""
    texts = [cell for cell in row if isinstance(cell, str) and cell.strip()]
    return len(set(texts)) == len(texts) >= FEWEST and all(len(text) <= 60 for text in texts)


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
    return found if len(found) >= FEWEST else {}


def missing_columns(layout: Layout, found: Mapping[int, Column]) -> list[str]:
    present = {column.code for column in found.values()}
    return [column.label for column in layout.columns if column.required and column.code not in present]
