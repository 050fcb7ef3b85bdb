"""File the good rows of a confirmed import, ≤ 500 in a transaction, each at most once."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from services.blacklist.audit.usecases import Act, record_many
from services.blacklist.cases.models import Case, CaseImport, CaseImportRow, CaseStep
from services.blacklist.cases.usecases.filing import draft_columns, filed_step, filing_problems
from services.blacklist.cases.usecases.imports.judging import BAD, FILED, GOOD, late_errors, row_aad
from services.blacklist.cases.usecases.imports.parsing import CHUNK
from services.blacklist.cases.usecases.imports.receiving import CONFIRMING, DONE
from services.blacklist.cases.usecases.office import Office
from services.blacklist.store import Deps
from shared.clock import local_date
from shared.crash import crash_point
from shared.db import add_rows, change_rows
from shared.web.access import Principal

CASES, STEPS, ROWS = (cast("Table", each.__table__) for each in (Case, CaseStep, CaseImportRow))


def file_import_chunk(deps: Deps, import_id: str) -> bool:
    """The next rows of a confirmed import; False when there are none left and it is done."""
    at = deps.clock.now()
    with deps.db.write() as session:
        upload = session.get(CaseImport, import_id, with_for_update=True)
        if upload is None or upload.state != CONFIRMING:
            return False
        wanted = select(CaseImportRow).where(
            CaseImportRow.import_id == import_id, CaseImportRow.state == GOOD
        )
        rows = session.scalars(wanted.order_by(CaseImportRow.row_number).limit(CHUNK)).all()
        if not rows:
            upload.state, upload.finished_at = DONE, at
            return False
        _file_rows(session, deps, upload, rows, at)
        crash_point("import.before_commit")
    return True


def _file_rows(
    session: Session, deps: Deps, upload: CaseImport, rows: Sequence[CaseImportRow], at: datetime
) -> None:
    office, actor = Office(session, local_date(at)), _filer(upload)
    cases, filed, refused = [], [], []
    for row in rows:
        filing = json.loads(deps.keyring.unseal(row.content or "", row_aad(row.id)))
        problems = filing_problems(office, filing, upload.department_id)
        if problems:
            refused.append((row, late_errors(upload, row.row_number, filing, problems)))
            continue
        columns = draft_columns(office, deps, filing, actor, at)
        columns |= {"import_id": upload.id, "import_row": row.row_number}
        columns["last_editor_id"] = upload.actor.get("uploaded_by", actor.user_id)
        cases.append(columns)
        filed.append({"id": row.id, "state": FILED, "content": None, "case_id": columns["id"]})
    if cases:
        _insert(session, cases, filed, actor, at)
    for row, errors in refused:
        row.state, row.errors = BAD, errors
    upload.filed_rows += len(filed)
    upload.good_rows -= len(refused)
    upload.bad_rows += len(refused)


def _insert(
    session: Session,
    cases: Sequence[dict[str, Any]],
    filed: Sequence[dict[str, Any]],
    actor: Principal,
    at: datetime,
) -> None:
    add_rows(session, CASES, cases)
    add_rows(session, STEPS, [filed_step(case["id"], actor, at) for case in cases])
    change_rows(session, ROWS, filed)
    acts = [
        Act(
            "case.file",
            "case",
            case["id"],
            {
                "list_code": case["list_code"],
                "document_number": case["document_number"],
                "import": case["import_id"],
            },
        )
        for case in cases
    ]
    record_many(session, acts, actor=actor, at=at)


def _filer(upload: CaseImport) -> Principal:
    """The clerk who confirmed, as filer of every row."""
    who = upload.actor
    return Principal(
        user_id=who["user_id"],
        username=who["username"],
        display_name=who["display_name"],
        department_id=upload.department_id,
        department_name=who["department_name"],
        region=who["region"],
        roles=frozenset({"clerk"}),
        key_id=who["key"] or None,
    )
