"""Judge rows as they are read: wrong cells, duplicates, likely-same subjects; and keep them as they stand."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import Table, func, select, update
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.content import missing_fields
from services.blacklist.cases.domain.filing import Problem
from services.blacklist.cases.domain.layout import Cell, Column, Layout, layout_named, penalty_layout
from services.blacklist.cases.domain.likeness import folded_name
from services.blacklist.cases.domain.mistakes import shown
from services.blacklist.cases.domain.rows import SheetRow, address, read_row
from services.blacklist.cases.models import CaseImport, CaseImportRow
from services.blacklist.cases.usecases.filing import filing_problems
from services.blacklist.cases.usecases.imports.doubling import Doubles, identity_of
from services.blacklist.cases.usecases.imports.suggesting import SAME_SUBJECT, Acquaintances
from services.blacklist.cases.usecases.office import Office
from services.blacklist.store import Deps
from shared.clock import local_date
from shared.db import add_rows
from shared.identifiers import mask_id
from shared.ids import new_id

GOOD, BAD, HELD, SKIPPED, FILED = "good", "bad", "held", "skipped", "filed"
DUPLICATE, LIKELY = "duplicate", "likely"
ROWS = cast("Table", CaseImportRow.__table__)
Raw = tuple[int, list[Cell]]
Values = dict[str, Any]


@dataclass
class Reading:
    """What the reading of one sheet remembers from chunk to chunk."""

    layout: Layout
    columns: Mapping[int, Column]
    doubles: Doubles = field(default_factory=Doubles)
    known: Acquaintances | None = None


def reading_of(upload: CaseImport) -> Reading | None:
    """How the sheet of an import was read; None where it was not."""
    layout = layout_named(upload.layout)
    return Reading(layout, columns_of(layout, upload.headings)) if layout else None


def columns_of(layout: Layout, headings: Sequence[Mapping[str, Any]]) -> dict[int, Column]:
    found = {each["index"]: layout.coded(each["code"]) for each in headings if "index" in each}
    return {index: column for index, column in found.items() if column}


def late_errors(
    upload: CaseImport, number: int, filing: Mapping[str, Any], problems: Sequence[Problem]
) -> list[dict[str, Any]]:
    """What only showed when a row was filed, at the cells it came from."""
    reading = reading_of(upload) or Reading(penalty_layout(), {})
    cells = {"/" + "/".join(column.to): address(index, number) for index, column in reading.columns.items()}
    row = SheetRow(number, dict(filing), cells)
    for pointer, message in problems:
        row.blame(reading.layout, pointer, message)
    return [error.document() for error in row.errors]


def judge_rows(
    session: Session, deps: Deps, upload: CaseImport, reading: Reading, chunk: Sequence[Raw]
) -> list[Values]:
    """Up to 500 rows of a sheet as rows of the import; empty ones are left out."""
    office = Office(session, local_date(deps.clock.now()))
    if reading.known is None:
        reading.known = Acquaintances.of(session, upload.department_id)
    defaults = _defaults(office, upload)
    rows = [
        read_row(reading.layout, reading.columns, number, cells, defaults)
        for number, cells in chunk
        if any(cell not in (None, "") for cell in cells)
    ]
    for row in rows:
        _judge(office, reading.layout, row, upload.department_id)
    fair = [row for row in rows if not row.errors]
    remarks = reading.doubles.among(session, deps, fair, upload.department_id)
    own = folded_name(office.department(upload.department_id).name)
    for row in fair:
        remarks.setdefault(row.number, []).extend(reading.known.meet(deps, row.filing["subject"], row.number))
    values = [_row_values(deps, upload.id, row, remarks.get(row.number, [])) for row in rows]
    for row, value in zip(rows, values, strict=True):
        if reading.layout.kind == "penalty-decision" and (organ := _organ_of_another(row, own)):
            value["preview"]["remarks"] = [f"作出机关“{organ}”不是本部门，请核对是否应由本部门录入"]
    return values


def _organ_of_another(row: SheetRow, own: str) -> str | None:
    """The organ that is not ours, as it may be shown: told only, for names are written short."""
    organ = row.filing["document"].get("organ")
    name = folded_name(organ or "")
    ours = not name or own.endswith(name) or name.endswith(own)
    return None if ours else shown(("document", "organ"), organ)


def _defaults(office: Office, upload: CaseImport) -> dict[str, Any]:
    """What the upload says for every row; a blacklist table stands on the law its list stands on."""
    rule = office.rule(upload.list_code)
    bases = rule.basis_in(upload.region) if rule else ()
    basis = "；".join(each.cited for each in bases)
    return {
        "list_code": upload.list_code,
        "domain": upload.domain,
        "region": upload.region,
        "basis": basis,
    }


def _judge(office: Office, layout: Layout, row: SheetRow, department_id: str) -> None:
    if row.errors:
        return
    found = [*missing_fields(row.filing), *filing_problems(office, row.filing, department_id)]
    for pointer, message in dict.fromkeys(found):
        row.blame(layout, pointer, message)


def _row_values(deps: Deps, import_id: str, row: SheetRow, remarks: Sequence[Mapping[str, Any]]) -> Values:
    row_id, good = new_id(), not row.errors
    content = row.filing if good else {"cells": list(row.values)}
    kinds = {each["kind"] for each in remarks}
    hint = DUPLICATE if DUPLICATE in kinds else (LIKELY if kinds - {SAME_SUBJECT} else None)
    return {
        "id": row_id,
        "import_id": import_id,
        "row_number": row.number,
        "state": BAD if not good else (HELD if hint == DUPLICATE else GOOD),
        "hint": hint,
        "identity": identity_of(deps, row.filing) if good else None,
        "content": deps.keyring.seal(json.dumps(content, ensure_ascii=False), row_aad(row_id)),
        "preview": _preview(row.filing) | ({"suggestions": list(remarks)} if remarks else {}),
        "errors": [error.document() for error in row.errors],
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


def keep_rows(session: Session, import_id: str, values: Sequence[Values]) -> None:
    """Store judged rows and count them."""
    if not values:
        return
    add_rows(session, ROWS, values)
    states = [value["state"] for value in values]
    counts = {
        "total_rows": CaseImport.total_rows + len(values),
        "good_rows": CaseImport.good_rows + states.count(GOOD),
        "bad_rows": CaseImport.bad_rows + states.count(BAD),
        "held_rows": CaseImport.held_rows + states.count(HELD),
    }
    session.execute(update(CaseImport).where(CaseImport.id == import_id).values(**counts))


def count_again(session: Session, upload: CaseImport) -> None:
    """The counts by the rows' states as they are now; filed rows are good ones too."""
    session.flush()
    wanted = select(CaseImportRow.state, func.count()).where(CaseImportRow.import_id == upload.id)
    found = {row[0]: row[1] for row in session.execute(wanted.group_by(CaseImportRow.state))}
    upload.filed_rows = found.get(FILED, 0)
    upload.good_rows = found.get(GOOD, 0) + upload.filed_rows
    upload.bad_rows, upload.held_rows = found.get(BAD, 0), found.get(HELD, 0)
    upload.skipped_rows = found.get(SKIPPED, 0)
