"""Parse a received sheet into rows: good ones sealed and ready to file, bad ones with errors by cell."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from sqlalchemy import delete

from services.blacklist.cases.domain.layout import (
    Cell,
    Column,
    Layout,
    best_layout,
    layout_named,
    looks_like_headings,
    missing_columns,
    penalty_layout,
)
from services.blacklist.cases.domain.sheet import RefusedSheet
from services.blacklist.cases.models import CaseImport, CaseImportRow
from services.blacklist.cases.queries.imports import mapping_of
from services.blacklist.cases.usecases.imports.judging import Raw, Reading, judge_rows, keep_rows
from services.blacklist.cases.usecases.imports.receiving import (
    FAILED,
    PARSING,
    PREVIEW,
    sheets,
)
from services.blacklist.store import Deps

CHUNK = 500
HEADING_ROWS = 5
READER = "services.blacklist.cases.domain.sheet"
TEACH = "请在“列名对照”中指明各列，或者改正表头后重新上传"
NO_HEADINGS = f"没有认出表头：前五行中应有双公示或黑名单表格的列名或字段代码。{TEACH}"


class LeaseLost(Exception):
    """Another process has taken over; it starts this import afresh."""


def parse_import(deps: Deps, import_id: str, keep: Callable[[], bool]) -> None:
    """From received (or an interrupted parsing) to preview or failed; `keep` renews the lease by chunk."""
    with deps.db.write() as session:
        row = session.get_one(CaseImport, import_id)
        row.state, row.expected_rows = PARSING, None
        row.total_rows = row.good_rows = row.bad_rows = row.held_rows = row.skipped_rows = 0
        session.execute(delete(CaseImportRow).where(CaseImportRow.import_id == import_id))
    try:
        _parse_rows(deps, import_id, sheet_rows(deps, import_id), keep)
    except LeaseLost:
        return
    except RefusedSheet as refused:
        finish(deps, import_id, FAILED, str(refused))
    else:
        finish(deps, import_id, PREVIEW, None)


def sheet_rows(deps: Deps, import_id: str) -> Iterator[list[Cell]]:
    """The rows of a received sheet; how many to expect is noted as soon as it is known."""
    with deps.db.read() as session:
        name = session.get_one(CaseImport, import_id).file_name
    content = sheets(deps).read(import_id)

    def expect(rows: int) -> None:
        with deps.db.write() as session:
            session.get_one(CaseImport, import_id).expected_rows = rows

    return read_in_child(name, content, expect)


def finish(deps: Deps, import_id: str, state: str, problem: str | None) -> None:
    with deps.db.write() as session:
        row = session.get_one(CaseImport, import_id)
        row.state, row.problem = state, problem
        row.finished_at = None if state == PREVIEW else deps.clock.now()


def read_in_child(
    name: str, content: bytes, expect: Callable[[int], None] | None = None
) -> Iterator[list[Cell]]:
    """The sheet's rows, read by a child process under limits of its own; RefusedSheet says why not."""
    child = subprocess.Popen(
        [sys.executable, "-m", READER, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    if child.stdin is None or child.stdout is None:
        raise RuntimeError("no pipes to the sheet reader")
    try:
        _feed(child, content)
        for line in child.stdout:
            row = json.loads(line)
            if isinstance(row, list):
                yield row
            elif "refused" in row:
                raise RefusedSheet(row["refused"])
            elif expect:
                expect(row["rows"])
        if child.wait() != 0:
            raise RefusedSheet("文件过于复杂，无法读取，请拆分或重新保存后再试")
    finally:
        child.stdout.close()
        child.kill()
        child.wait()


def _feed(child: "subprocess.Popen[bytes]", content: bytes) -> None:
    stdin = child.stdin
    if stdin is None:
        return
    try:
        stdin.write(content)
        stdin.close()
    except BrokenPipeError:
        raise RefusedSheet("文件过于复杂，无法读取，请拆分或重新保存后再试") from None


def _parse_rows(deps: Deps, import_id: str, rows: Iterator[list[Cell]], keep: Callable[[], bool]) -> None:
    numbered = enumerate(rows, 1)
    reading, pending = _heading(deps, import_id, numbered)
    for chunk in in_chunks(chain(pending, numbered)):
        with deps.db.write() as session:
            upload = session.get_one(CaseImport, import_id)
            keep_rows(session, import_id, judge_rows(session, deps, upload, reading, chunk))
        if not keep():
            raise LeaseLost


def in_chunks(numbered: Iterable[Raw]) -> Iterator[list[Raw]]:
    """500 rows at a time: what is judged and stored in one transaction."""
    rows = iter(numbered)
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _heading(deps: Deps, import_id: str, numbered: Iterator[Raw]) -> tuple[Reading, list[Raw]]:
    """The heading (labels, codes, or one below the other) and a data row read in passing."""
    with deps.db.read() as session:
        upload = session.get_one(CaseImport, import_id)
        taught, chosen = mapping_of(session, upload.department_id), upload.chosen_layout
    layout, found, first = layout_named(chosen) or penalty_layout(), dict[int, Column](), list[Cell]()
    pending: list[Raw] = []
    for number, cells in numbered:
        one, here = best_layout(cells, taught, chosen)
        if here and not found:
            layout, found, first = one, here, cells
        elif found and not here:
            pending = [(number, cells)]
            break
        elif not found and looks_like_headings(cells) and not first:
            first = cells
        if not found and number >= HEADING_ROWS:
            break
    _note_headings(deps, import_id, layout if found else layout_named(chosen), found, first)
    if not found:
        raise RefusedSheet(NO_HEADINGS)
    _check_complete(layout, found)
    return Reading(layout, found), pending


def _note_headings(
    deps: Deps, import_id: str, layout: Layout | None, found: Mapping[int, Column], cells: Sequence[Cell]
) -> None:
    """Which heading was read as which column: what the clerk corrects, and the department remembers."""
    noted = [
        {"index": index, "heading": str(cell), "code": found[index].code if index in found else None}
        for index, cell in enumerate(cells)
        if cell not in (None, "")
    ]
    with deps.db.write() as session:
        row = session.get_one(CaseImport, import_id)
        row.layout, row.headings = layout.code if layout else None, noted


def _check_complete(layout: Layout, found: Mapping[int, Column]) -> None:
    if missing := missing_columns(layout, found):
        raise RefusedSheet(f"按“{layout.name}”读取，缺少列：{'、'.join(missing)}。{TEACH}")
    used = [column.label for column in found.values() if column.to]
    if twice := sorted({label for label in used if used.count(label) > 1}):
        raise RefusedSheet(f"不止一列对应：{'、'.join(twice)}。{TEACH}")
