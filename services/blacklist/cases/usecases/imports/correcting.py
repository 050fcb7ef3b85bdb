"""Corrected rows come back: only those, each put in the place of the wrong row whose number it carries.

What the sheet leaves as it was handed out (masked identity numbers, columns left away) is taken from the
sealed original. Taken up again after an interruption, rows already mended stay mended.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.layout import Cell, Layout, folded, layout_named
from services.blacklist.cases.domain.mistakes import is_secret
from services.blacklist.cases.domain.sheet import RefusedSheet
from services.blacklist.cases.models import CaseImport, CaseImportRow
from services.blacklist.cases.usecases.imports.judging import (
    BAD,
    DUPLICATE,
    GOOD,
    HELD,
    Reading,
    Values,
    columns_of,
    count_again,
    judge_rows,
    row_aad,
)
from services.blacklist.cases.usecases.imports.parsing import (
    HEADING_ROWS,
    LeaseLost,
    finish,
    in_chunks,
    sheet_rows,
)
from services.blacklist.cases.usecases.imports.receiving import (
    CONFIRMING,
    DONE,
    FAILED,
    MERGED,
    PARSING,
    PREVIEW,
)
from services.blacklist.store import Deps
from shared.identifiers import mask_id

ROW_NUMBER = "原行号"
LISTED = 10
KEPT = ("state", "hint", "identity", "errors", "preview")


@dataclass
class Correction:
    """The corrected sheet beside the import it mends: which of its columns is which original one."""

    original_id: str
    number_at: int
    places: Mapping[int, int]
    """Original column → column of this sheet."""
    reading: Reading
    fixed: int = 0
    wrong: int = 0
    ignored: list[str] = field(default_factory=list)


def merge_corrections(deps: Deps, import_id: str, keep: Callable[[], bool]) -> None:
    """From received to merged, or failed where the sheet is not one of corrections."""
    with deps.db.write() as session:
        session.get_one(CaseImport, import_id).state = PARSING
    try:
        rows = enumerate(sheet_rows(deps, import_id), 1)
        work = _open(deps, import_id, rows)
        for chunk in in_chunks(rows):
            with deps.db.write() as session:
                _merge(session, deps, import_id, work, chunk)
            if not keep():
                return
    except LeaseLost:
        return
    except RefusedSheet as refused:
        finish(deps, import_id, FAILED, str(refused))
    else:
        finish(deps, import_id, MERGED, _remark(work))


def _remark(work: Correction) -> str | None:
    if not work.ignored:
        return None
    more = "等" if len(work.ignored) > LISTED else ""
    shown = "、".join(work.ignored[:LISTED])
    return f"{len(work.ignored)}行没有并入：原导入的第{shown}行{more}不是待改正的行"


def _open(deps: Deps, import_id: str, rows: Iterator[tuple[int, list[Cell]]]) -> Correction:
    with deps.db.read() as session:
        original = session.get_one(CaseImport, session.get_one(CaseImport, import_id).corrects or "")
        layout, headings = layout_named(original.layout), original.headings
        ready = original.state in (PREVIEW, CONFIRMING, DONE)
    if layout is None or not ready:
        raise RefusedSheet("原导入已经重新读取或被替代，请从最新的导入下载错误表")
    for number, cells in rows:
        at = next((i for i, cell in enumerate(cells) if _is(cell, ROW_NUMBER)), None)
        if at is not None:
            reading = Reading(layout, columns_of(layout, headings))
            return Correction(original.id, at, _places(headings, cells, layout), reading)
        if number >= HEADING_ROWS:
            break
    raise RefusedSheet(f"缺少“{ROW_NUMBER}”列：请在下载的错误表中改正后上传，不要删去这一列")


def _is(cell: Cell, heading: str) -> bool:
    return isinstance(cell, str) and folded(cell) == folded(heading)


def _places(headings: Sequence[Mapping[str, Any]], cells: Sequence[Cell], layout: Layout) -> dict[int, int]:
    here = {folded(cell): index for index, cell in enumerate(cells) if isinstance(cell, str) and cell}
    found = {
        each["index"]: here[folded(each["heading"])]
        for each in headings
        if "index" in each and folded(each["heading"]) in here
    }
    if not found.keys() & columns_of(layout, headings).keys():
        raise RefusedSheet("没有认出原表的列，请在下载的错误表中改正，不要改动表头")
    return found


def _merge(
    session: Session, deps: Deps, import_id: str, work: Correction, chunk: Sequence[tuple[int, list[Cell]]]
) -> None:
    original = session.get_one(CaseImport, work.original_id, with_for_update=True)
    given = {number: cells for _, cells in chunk if (number := _number(work, cells))}
    wanted = select(CaseImportRow).where(
        CaseImportRow.import_id == original.id, CaseImportRow.row_number.in_(given)
    )
    rows = {row.row_number: row for row in session.scalars(wanted)}
    open_rows = [
        (number, _restored(deps, work, rows[number], cells))
        for number, cells in sorted(given.items())
        if _is_open(rows.get(number), number, import_id, work)
    ]
    judged = judge_rows(session, deps, original, work.reading, open_rows)
    _hold_doubles(session, original.id, judged)
    for values in judged:
        _put(deps, rows[values["row_number"]], values, import_id)
    work.fixed += sum(values["state"] != BAD for values in judged)
    work.wrong += sum(values["state"] == BAD for values in judged)
    _count(session, import_id, work, original)


def _number(work: Correction, cells: Sequence[Cell]) -> int | None:
    value = cells[work.number_at] if work.number_at < len(cells) else None
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value or "").strip()
    if text.isdecimal() and len(text) < 8:
        return int(text)
    if any(cell not in (None, "") for cell in cells):
        work.ignored.append(text[:20] or "（未填原行号）")
    return None


def _is_open(row: CaseImportRow | None, number: int, import_id: str, work: Correction) -> bool:
    if row is not None and row.state == BAD:
        return True
    if row is not None and row.preview.get("corrected_by") == import_id:
        work.fixed += 1
    else:
        work.ignored.append(str(number))
    return False


def _restored(deps: Deps, work: Correction, row: CaseImportRow, cells: Sequence[Cell]) -> list[Cell]:
    """The row in the order of the original sheet."""
    before = original_cells(deps, work.reading, row)
    width = max([len(before), *(index + 1 for index in work.places)])
    restored: list[Cell] = [*before, *[None] * (width - len(before))]
    for index, here in work.places.items():
        value = cells[here] if here < len(cells) else None
        column, old = work.reading.columns.get(index), restored[index]
        if column and is_secret(column.to) and old and value == masked(old):
            continue
        restored[index] = value
    return restored


def masked(value: Cell) -> str:
    """An identity number's cell as the error sheet hands it out."""
    return mask_id(str(value).strip())


def original_cells(deps: Deps, reading: Reading, row: CaseImportRow) -> list[Cell]:
    """The cells of a bad row; of one refused only when it was filed, made from its filing."""
    content = json.loads(deps.keyring.unseal(row.content or "", row_aad(row.id)))
    if "cells" in content:
        return list(content["cells"])
    cells: list[Cell] = [None] * (max(reading.columns, default=-1) + 1)
    for index, column in reading.columns.items():
        value: Any = content
        for step in column.to:
            value = value.get(step) if isinstance(value, Mapping) else None
        cells[index] = value if column.to and isinstance(value, str) else None
    return cells


def _hold_doubles(session: Session, original_id: str, judged: Sequence[Values]) -> None:
    """Mended rows that repeat another row of the import wait for the clerk like any duplicate."""
    fresh = {values["row_number"] for values in judged}
    wanted = select(CaseImportRow.identity, CaseImportRow.row_number).where(
        CaseImportRow.import_id == original_id,
        CaseImportRow.identity.in_({values["identity"] for values in judged if values["identity"]}),
        CaseImportRow.row_number.not_in(fresh),
    )
    others = {row.identity: row.row_number for row in session.execute(wanted)}
    for values in judged:
        if (first := others.get(values["identity"])) and values["state"] in (GOOD, HELD):
            why = f"与第{first}行重复（同一文书、同一机关、同一主体）"
            told = [*values["preview"].get("suggestions", ()), {"kind": DUPLICATE, "why": why, "row": first}]
            values |= {"state": HELD, "hint": DUPLICATE}
            values["preview"] = values["preview"] | {"suggestions": told}


def _put(deps: Deps, row: CaseImportRow, values: Values, import_id: str) -> None:
    content = deps.keyring.unseal(values["content"], row_aad(values["id"]))
    for name in KEPT:
        setattr(row, name, values[name])
    row.preview = {**values["preview"], "corrected_by": import_id}
    row.content = deps.keyring.seal(content, row_aad(row.id))


def _count(session: Session, import_id: str, work: Correction, original: CaseImport) -> None:
    upload = session.get_one(CaseImport, import_id)
    upload.good_rows, upload.bad_rows = work.fixed, work.wrong
    upload.total_rows = work.fixed + work.wrong + len(work.ignored)
    count_again(session, original)
    if original.state == DONE and original.good_rows > original.filed_rows:
        original.state, original.finished_at = PREVIEW, None
