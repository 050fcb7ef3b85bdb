"""The clerk's word on rows: duplicates are kept or skipped, one by one or all together."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.cases.models import CaseImport, CaseImportRow
from services.blacklist.cases.queries.imports import find_import
from services.blacklist.cases.usecases.imports.judging import (
    GOOD,
    HELD,
    SKIPPED,
    count_again,
)
from services.blacklist.cases.usecases.imports.receiving import DONE, PREVIEW
from services.blacklist.cases.usecases.moves import invalid
from shared.errors import Conflict
from shared.web.access import Principal

KEEP, SKIP = "keep", "skip"
DECISIONS = {KEEP: ((HELD, SKIPPED), GOOD), SKIP: ((HELD, GOOD), SKIPPED)}
"""Decision → the states it changes, and into what."""


def decide_rows(
    session: Session,
    import_id: str,
    decision: str,
    *,
    rows: Sequence[int] = (),
    hint: str | None = None,
    actor: Principal,
    at: datetime,
) -> CaseImport:
    """Rows by number, or every row with a hint; rows that are wrong or filed stay as they are."""
    if bool(rows) == bool(hint):
        raise invalid(("/rows", "写明行号，或者写明 hint（duplicate 重复、likely 疑似），二者选一"))
    upload = find_import(session, import_id, actor, lock=True)
    if upload.state not in (PREVIEW, DONE):
        raise Conflict("import-not-ready", "现在不能决定", "请等待处理完成后再决定。", state=upload.state)
    sources, target = DECISIONS[decision]
    changed = _change(session, upload.id, sources, target, _meant(rows, hint))
    count_again(session, upload)
    upload.state = DONE if upload.filed_rows and upload.good_rows == upload.filed_rows else PREVIEW
    audit.record(
        session,
        actor=actor,
        action="import.decide",
        object_type="import",
        object_id=upload.id,
        detail={"decision": decision, "hint": hint, "asked": len(rows), "changed": changed},
        at=at,
    )
    return upload


def _meant(rows: Sequence[int], hint: str | None) -> ColumnElement[bool]:
    return CaseImportRow.hint == hint if hint else CaseImportRow.row_number.in_(rows)


def _change(
    session: Session, import_id: str, sources: Sequence[str], target: str, meant: ColumnElement[bool]
) -> int:
    own = (CaseImportRow.import_id == import_id, CaseImportRow.state.in_(sources), meant)
    found = session.scalars(select(CaseImportRow.id).where(*own)).all()
    session.execute(
        update(CaseImportRow).where(*own).values(state=target),
        execution_options={"synchronize_session": False},
    )
    return len(found)
