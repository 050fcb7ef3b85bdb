"""台账表: which columns a sheet must have, under which headings, and what its rows say."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.blacklist.supervision.domain.decisions import PENALTY
from services.blacklist.supervision.domain.numbers import number_key, number_problem

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "number": ("文号", "决定书文号", "决定文书号", "行政处罚决定书文号", "CF_WSH"),
    "date": ("决定日期", "作出决定日期", "处罚决定日期", "日期", "CF_JDRQ"),
    "organ": ("决定机关", "处罚机关", "机关", "作出决定机关", "CF_CFJG"),
    "kind": ("文书类型", "类型"),
}
REQUIRED = ("number", "date", "organ")
LABELS = {"number": "文号", "date": "决定日期", "organ": "决定机关", "kind": "文书类型"}
KINDS = {"行政处罚决定书": PENALTY, "行政处罚": PENALTY, "行政处理决定书": "administrative-decision"}
HEADING_ROWS = 5
MOST_ROWS = 5000
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


@dataclass
class LedgerRow:
    """One row as read; `errors` name the cell, the column and the remedy."""

    row: int
    number: str = ""
    decided_on: date | None = None
    organ: str = ""
    kind: str = PENALTY
    errors: list[dict[str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "row": self.row, "number": self.number, "organ": self.organ, "kind": self.kind,
            "date": self.decided_on.isoformat() if self.decided_on else None, "errors": self.errors,
        }  # fmt: skip


class NoHeading(Exception):
    """The sheet has no usable heading; the text (Chinese) says what is missing."""


def read_ledger(rows: Iterable[Sequence[Any]], today: date) -> list[LedgerRow]:
    """The data rows below the heading; raises NoHeading. A repeated number is an error."""
    columns: dict[int, str] = {}
    found: list[LedgerRow] = []
    seen: dict[str, int] = {}
    for position, cells in enumerate(rows, 1):
        if not columns:
            columns = _heading(cells)
            if not columns and position >= HEADING_ROWS:
                break
        elif any(cell not in (None, "") for cell in cells):
            found.append(_read_row(position, columns, cells, today, seen))
        if len(found) > MOST_ROWS:
            raise NoHeading(f"超过 {MOST_ROWS} 行，请分批导入")
    missing = [LABELS[name] for name in REQUIRED if name not in columns.values()]
    if missing:
        raise NoHeading(f"前五行中没有找到表头，缺少列：{'、'.join(missing)}")
    return found


def _heading(cells: Sequence[Any]) -> dict[int, str]:
    found: dict[int, str] = {}
    for index, cell in enumerate(cells):
        text = str(cell or "").strip()
        name = next((name for name, labels in COLUMNS.items() if text in labels), None)
        if name is not None and name not in found.values():
            found[index] = name
    return found if len(found) > 1 else {}


def _read_row(
    position: int, columns: Mapping[int, str], cells: Sequence[Any], today: date, seen: dict[str, int]
) -> LedgerRow:
    values = {name: (index, cells[index] if index < len(cells) else None) for index, name in columns.items()}
    made = LedgerRow(position)
    text = {name: str(cell or "").strip() for name, (_, cell) in values.items()}
    made.number, made.organ, kind = (text.get(name, "") for name in ("number", "organ", "kind"))
    made.decided_on = _day(text.get("date", ""))
    made.kind = KINDS.get(kind, PENALTY if not kind else "other")
    for name, problem in _problems(made, today, seen):
        cell = f"{_letter(values[name][0])}{position}" if name in values else f"A{position}"
        made.errors.append({"cell": cell, "column": LABELS[name], "message": problem})
    return made


def _problems(row: LedgerRow, today: date, seen: dict[str, int]) -> Iterable[tuple[str, str]]:
    wrong = number_problem(row.number)
    if wrong:
        yield "number", wrong
    else:
        first = seen.setdefault(number_key(row.number), row.row)
        if first != row.row:
            yield "number", f"与第 {first} 行文号重复"
    if row.decided_on is None:
        yield "date", "应为日期，格式如 2026-11-02"
    elif row.decided_on > today:
        yield "date", "决定日期不能晚于今天"
    if not row.organ:
        yield "organ", "请填写决定机关"
    elif len(row.organ) > 200:
        yield "organ", "决定机关不超过 200 字"


def _day(text: str) -> date | None:
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def _letter(index: int) -> str:
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
