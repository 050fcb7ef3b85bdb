"""Reading imports: their counts, and their rows with errors by cell."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.layout import all_layouts
from services.blacklist.cases.models import CaseImport, CaseImportRow, ImportMapping
from shared.errors import NotFound
from shared.web.access import Principal


def find_import(session: Session, import_id: str, who: Principal, *, lock: bool = False) -> CaseImport:
    """An import of one's own department; others do not exist."""
    wanted = select(CaseImport).where(
        CaseImport.id == import_id, CaseImport.department_id == who.department_id
    )
    row = session.scalars(wanted.with_for_update() if lock else wanted).first()
    if row is None:
        raise NotFound("import-not-found", "没有这次导入")
    return row


def list_imports(session: Session, who: Principal, *, before: str | None, limit: int) -> Sequence[CaseImport]:
    """Newest first, one more than `limit`."""
    wanted = select(CaseImport).where(CaseImport.department_id == who.department_id)
    if before:
        wanted = wanted.where(CaseImport.id < before)
    return session.scalars(wanted.order_by(CaseImport.id.desc()).limit(limit + 1)).all()


def import_rows(
    session: Session, import_id: str, *, state: str | None, after: int, limit: int
) -> Sequence[CaseImportRow]:
    """In order of the sheet, one more than `limit`; `likely` are those of a perhaps known subject."""
    wanted = select(CaseImportRow).where(
        CaseImportRow.import_id == import_id, CaseImportRow.row_number > after
    )
    if state == "likely":
        wanted = wanted.where(CaseImportRow.hint == state)
    elif state:
        wanted = wanted.where(CaseImportRow.state == state)
    return session.scalars(wanted.order_by(CaseImportRow.row_number).limit(limit + 1)).all()


def import_view(row: CaseImport) -> dict[str, Any]:
    return {
        "id": row.id,
        "state": row.state,
        "file_name": row.file_name,
        "list_code": row.list_code,
        "domain": row.domain,
        "region": row.region,
        "size": row.size,
        "sha256": row.sha256,
        "total_rows": row.total_rows,
        "good_rows": row.good_rows,
        "bad_rows": row.bad_rows,
        "filed_rows": row.filed_rows,
        "held_rows": row.held_rows,
        "skipped_rows": row.skipped_rows,
        "problem": row.problem,
        "layout": row.layout,
        "headings": row.headings,
        "chosen_layout": row.chosen_layout,
        "replaces": row.replaces,
        "corrects": row.corrects,
        "progress": _progress(row),
        "created_at": _instant(row.created_at),
        "confirmed_at": _instant(row.confirmed_at),
        "finished_at": _instant(row.finished_at),
    }


def row_view(row: CaseImportRow) -> dict[str, Any]:
    return {
        "row": row.row_number,
        "state": row.state,
        "hint": row.hint,
        "preview": row.preview,
        "errors": row.errors,
        "case_id": row.case_id,
    }


def _progress(row: CaseImport) -> float | None:
    """How much is read, or of a confirmed import filed, 0 to 1; None where nothing is under way."""
    if row.state in {"received", "parsing"}:
        return min(row.total_rows / row.expected_rows, 1.0) if row.expected_rows else 0.0
    if row.state not in {"confirming", "done"}:
        return None
    return round(row.filed_rows / row.good_rows, 4) if row.good_rows else 1.0


def mapping_of(session: Session, department_id: str) -> dict[str, dict[str, str]]:
    """Layout ("" for any) → folded heading → column code, as the department taught it."""
    rows = session.scalars(select(ImportMapping).where(ImportMapping.department_id == department_id))
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row.layout, {})[row.heading] = row.code
    return found


def mapping_view(session: Session, department_id: str) -> list[dict[str, str]]:
    wanted = select(ImportMapping).where(ImportMapping.department_id == department_id)
    rows = session.scalars(wanted.order_by(ImportMapping.layout, ImportMapping.shown))
    return [{"layout": row.layout, "heading": row.shown, "code": row.code} for row in rows]


def layouts_view() -> list[dict[str, Any]]:
    """Every layout a sheet may have, with its columns."""
    return [
        {
            "code": layout.code,
            "name": layout.name,
            "source": layout.source,
            "columns": [
                {"code": column.code, "label": column.label, "required": column.required}
                for column in layout.columns
            ],
        }
        for layout in all_layouts()
    ]


def _instant(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
