"""Export of cases as XLSX, with a purpose."""

from typing import Any

from apiflask import APIBlueprint, FileSchema
from flask import Response

from services.blacklist.cases import schemas
from services.blacklist.cases.api.filing import READERS
from services.blacklist.cases.queries.finding import CaseFilter
from services.blacklist.cases.usecases.exporting import export_cases
from services.blacklist.store import Deps
from shared.web.access import access, principal, roles

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/cases/export")
    @access(roles(*READERS))
    @bp.input(schemas.ExportIn)
    @bp.output(FileSchema(type="string", format="binary"), content_type=XLSX)
    @bp.doc(summary="导出案件（XLSX），记录用途")
    def export_found_cases(json_data: dict[str, Any]) -> Response:
        purpose = json_data.pop("purpose")
        with deps.db.write() as session:
            content = export_cases(
                session, CaseFilter(**json_data), purpose, actor=principal(), at=deps.clock.now()
            )
        response = Response(content, mimetype=XLSX)
        response.headers["Content-Disposition"] = "attachment; filename=cases.xlsx"
        response.headers["Cache-Control"] = "no-store"
        return response
