"""Parse a received sheet into rows: good ones sealed and ready to file, bad ones with errors by cell."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.content import missing_fields
from services.blacklist.cases.domain.layout import (
    Cell,
    CellError,
    Column,
    Layout,
    SheetRow,
    best_layout,
    missing_columns,
    penalty_layout,
    read_row,
)
from services.blacklist.cases.domain.sheet import RefusedSheet
from services.blacklist.cases.domain.table import NOT_LISTED, WITHDRAWN
from services.blacklist.cases.models import Case, CaseImport, CaseImportRow
from services.blacklist.cases.queries.imports import mapping_of
from services.blacklist.cases.usecases.filing import filing_problems
from services.blacklist.cases.usecases.imports.receiving import (
    FAILED,
    PARSING,
    PREVIEW,
    sheet_aad,
    sheet_path,
)
from services.blacklist.cases.usecases.imports.suggesting import suggestions
from services.blacklist.cases.usecases.office import Office
from services.blacklist.store import Deps
from shared.clock import local_date
from shared.identifiers import mask_id
from shared.ids import new_id

CHUNK = 500
HEADING_ROWS = 5
READER = "services.blacklist.cases.domain.sheet"
GOOD, BAD, FILED = "good", "bad", "filed"
Raw = tuple[int, list[Cell]]
Heading = tuple[Layout, Mapping[int, Column], list[Raw]]


class LeaseLost(Exception):
    """Another process has taken over; it starts this import afresh."""


def parse_import(deps: Deps, import_id: str, keep: Callable[[], bool]) -> None:
    """From received (or an interrupted parsing) to preview or failed; `keep` renews the lease by chunk."""
    with deps.db.write() as session:
        row = session.get_one(CaseImport, import_id)
        row.state, row.total_rows, row.good_rows, row.bad_rows = PARSING, 0, 0, 0
        name = row.file_name
        session.execute(delete(CaseImportRow).where(CaseImportRow.import_id == import_id))
    try:
        content = deps.keyring.unseal(sheet_path(deps, import_id).read_text("ascii"), sheet_aad(import_id))
        _parse_rows(deps, import_id, read_in_child(name, content), keep)
    except LeaseLost:
        return
    except RefusedSheet as refused:
        _finish(deps, import_id, FAILED, str(refused))
    else:
        _finish(deps, import_id, PREVIEW, None)


def _finish(deps: Deps, import_id: str, state: str, problem: str | None) -> None:
    with deps.db.write() as session:
        row = session.get_one(CaseImport, import_id)
        row.state, row.problem = state, problem
        row.finished_at = deps.clock.now() if state == FAILED else None


def read_in_child(name: str, content: bytes) -> Iterator[list[Cell]]:
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
            if isinstance(row, dict):
                raise RefusedSheet(row["refused"])
            yield row
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
    layout, columns, pending = _heading(deps, import_id, numbered)
    seen: dict[tuple[str, str], int] = {}
    chunk: list[Raw] = list(pending)
    for raw in numbered:
        chunk.append(raw)
        if len(chunk) >= CHUNK:
            _keep(deps, import_id, layout, columns, chunk, seen)
            chunk = []
            if not keep():
                raise LeaseLost
    if chunk:
        _keep(deps, import_id, layout, columns, chunk, seen)


def _heading(deps: Deps, import_id: str, numbered: Iterator[Raw]) -> Heading:
    """The heading (labels, codes, or one below the other) and a data row read in passing."""
    with deps.db.read() as session:
        mapping = mapping_of(session, session.get_one(CaseImport, import_id).department_id)
    layout, found, first = penalty_layout(), dict[int, Column](), list[Cell]()
    for number, cells in numbered:
        one, here = best_layout(cells, mapping)
        if here and not found:
            layout, found, first = one, here, cells
        elif found and not here:
            _note_headings(deps, import_id, layout, found, first)
            return layout, _complete(layout, found), [(number, cells)]
        elif not found and number >= HEADING_ROWS:
            break
    _note_headings(deps, import_id, layout, found, first)
    if not found:
        raise RefusedSheet("没有找到表头：前五行中应有双公示或黑名单表格的列名或字段代码")
    return layout, _complete(layout, found), []


def _note_headings(
    deps: Deps, import_id: str, layout: Layout, found: Mapping[int, Column], cells: Sequence[Cell]
) -> None:
    """Which heading was read as which column: what the clerk corrects, and the department remembers."""
    noted = [
        {"heading": str(cell), "code": found[index].code if index in found else None}
        for index, cell in enumerate(cells)
        if cell not in (None, "")
    ]
    with deps.db.write() as session:
        row = session.get_one(CaseImport, import_id)
        row.layout, row.headings = layout.code, noted


def _complete(layout: Layout, found: Mapping[int, Any]) -> Mapping[int, Any]:
    if missing := missing_columns(layout, found):
        raise RefusedSheet(f"缺少列：{'、'.join(missing)}")
    return found


def _keep(
    deps: Deps,
    import_id: str,
    layout: Layout,
    columns: Mapping[int, Any],
    chunk: Sequence[Raw],
    seen: dict[tuple[str, str], int],
) -> None:
    """Judge and store up to 500 rows in one transaction."""
    now = deps.clock.now()
    with deps.db.write() as session:
        upload = session.get_one(CaseImport, import_id)
        office = Office(session, local_date(now))
        defaults = {"list_code": upload.list_code, "domain": upload.domain, "region": upload.region}
        defaults["basis"] = _basis(office, upload.list_code)
        rows = [
            read_row(layout, columns, number, cells, defaults)
            for number, cells in chunk
            if any(cell not in (None, "") for cell in cells)
        ]
        for row in rows:
            _judge(office, layout, row, upload.department_id, seen)
        _refuse_known(session, rows, upload.department_id)
        likely = suggestions(session, deps, rows, upload.department_id)
        _store(session, deps, upload, rows, likely)


def _basis(office: Office, list_code: str) -> str:
    """What a blacklist table does not say: the law the list itself stands on."""
    rule = office.rule(list_code)
    return ";".join(f"《{each.title}》（{each.document}）" for each in rule.legal_basis) if rule else ""


def _judge(
    office: Office, layout: Layout, row: SheetRow, department_id: str, seen: dict[tuple[str, str], int]
) -> None:
    if row.errors:
        return
    found = [*missing_fields(row.filing), *filing_problems(office, row.filing, department_id)]
    for pointer, message in dict.fromkeys(found):
        where = row.cells.get(pointer, f"A{row.number}")
        row.errors.append(CellError(where, layout.label_of(pointer), message))
    key = identity_of(row.filing)
    first = seen.setdefault(key, row.number)
    if first != row.number:
        where = row.cells.get("/document/number", f"A{row.number}")
        row.errors.append(CellError(where, "行政处罚决定书文号", f"与第{first}行重复（同一文书、同一主体）"))


def identity_of(filing: Mapping[str, Any]) -> tuple[str, str]:
    """What makes two rows the same listing: document number and the subject's code or name."""
    subject = filing["subject"]
    who = subject.get("uscc") or f"{subject.get('name')}|{(subject.get('id_number') or '')[-4:]}"
    return str(filing["document"].get("number")), str(who)


def _refuse_known(session: Session, rows: Sequence[SheetRow], department_id: str) -> None:
    numbers = {row.filing["document"].get("number") for row in rows if not row.errors}
    wanted = select(Case.document_number, Case.uscc, Case.subject_name, Case.id_masked).where(
        Case.document_number.in_(numbers),
        Case.department_id == department_id,
        Case.state.not_in((WITHDRAWN, NOT_LISTED)),
    )
    known = {(number, uscc or name) for number, uscc, name, _ in session.execute(wanted)}
    for row in rows:
        subject = row.filing["subject"]
        if (
            not row.errors
            and (row.filing["document"]["number"], subject.get("uscc") or subject["name"]) in known
        ):
            where = row.cells.get("/document/number", f"A{row.number}")
            row.errors.append(CellError(where, "行政处罚决定书文号", "该文书和主体已经录入过，不再重复录入"))


def _store(
    session: Session,
    deps: Deps,
    upload: CaseImport,
    rows: Sequence[SheetRow],
    likely: Mapping[int, list[dict[str, Any]]],
) -> None:
    values = [_row_values(deps, upload.id, row, likely.get(row.number, [])) for row in rows]
    if not values:
        return
    session.execute(insert(CaseImportRow), values)
    good = sum(value["state"] == GOOD for value in values)
    counts = {"total_rows": CaseImport.total_rows + len(values), "good_rows": CaseImport.good_rows + good}
    counts["bad_rows"] = CaseImport.bad_rows + len(values) - good
    session.execute(update(CaseImport).where(CaseImport.id == upload.id).values(**counts))


def _row_values(
    deps: Deps, import_id: str, row: SheetRow, likely: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    row_id, good = new_id(), not row.errors
    content = json.dumps(row.filing, ensure_ascii=False)
    return {
        "id": row_id,
        "import_id": import_id,
        "row_number": row.number,
        "state": GOOD if good else BAD,
        "content": deps.keyring.seal(content, row_aad(row_id)) if good else None,
        "preview": _preview(row.filing) | ({"suggestions": list(likely)} if likely else {}),
        "errors": [{"cell": e.cell, "column": e.column, "message": e.message} for e in row.errors],
        "case_id": None,
    }


def row_aad(row_id: str) -> str:
    return f"case_import_rows.content.{row_id}"


def _preview(filing: Mapping[str, Any]) -> dict[str, Any]:
    """What the clerk checks before confirming; identity numbers masked."""
    subject, document = filing["subject"], filing["document"]
    number = subject.get("id_number")
    return {
        "name": subject.get("name"),
        "type": subject.get("type"),
        "uscc": subject.get("uscc"),
        "id_masked": mask_id(number) if number else None,
        "document_number": document.get("number"),
        "document_date": document.get("date"),
        "fine_wan": document.get("fine_wan"),
        "list_code": filing["list_code"],
        "domain": filing["domain"],
        "region": filing["region"],
    }
