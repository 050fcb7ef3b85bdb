"""What the public page of a case will show, for those who handle or oversee it."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint

from services.blacklist.cases.queries import find_case
from services.blacklist.cases.usecases.reading import trace_view
from services.blacklist.disclosure import queries, schemas
from services.blacklist.store import Deps
from shared.web.access import access, principal, scope

READ = scope("cases:read", roles=("clerk", "reviewer", "decider", "supervisor", "auditor"))


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/cases/<uuid:case_id>/public-preview")
    @access(READ)
    @bp.output(schemas.PreviewView)
    @bp.doc(summary="公示预览：公众将看到什么，哪些部分遮盖及其理由")
    def preview_case(case_id: UUID) -> dict[str, Any]:
        with deps.db.read() as session:
            case = find_case(session, str(case_id), principal())
            shown = queries.public_preview(case, deps.clock.today())
        trace_view(deps, principal(), case.id, case.subject_type)
        return shown
