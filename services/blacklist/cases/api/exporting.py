"""Export of cases as XLSX or CSV, with a purpose."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from services.blacklist.cases import schemas
from services.blacklist.cases.api.filing import READERS
from services.blacklist.cases.queries.finding import CaseFilter
from services.blacklist.cases.usecases.exporting import export_cases
from services.blacklist.store import Deps
from shared.sheets import TYPES
from shared.web.access import access, principal, roles
from shared.web.openapi import produces


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/cases/export")
    @access(roles(*READERS))
    @bp.input(schemas.ExportIn)
    @produces(*TYPES.values())
    @bp.doc(summary="导出案件（XLSX 或 CSV），记录用途")
    def export_found_cases(json_data: dict[str, Any]) -> Response:
        return exported(deps, json_data)


def exported(deps: Deps, asked: dict[str, Any]) -> Response:
    """The file an `ExportIn` asks for."""
    purpose, form = asked.pop("purpose"), asked.pop("format")
    with deps.db.write() as session:
        content = export_cases(
            session, CaseFilter(**asked), purpose, form, actor=principal(), at=deps.clock.now()
        )
    return sheet_response(content, f"cases.{form}", TYPES[form])


def sheet_response(content: bytes, name: str, media_type: str) -> Response:
    """A file for one person: saved, never kept by a cache."""
    response = Response(content, mimetype=media_type)
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    response.headers["Cache-Control"] = "no-store"
    return response
