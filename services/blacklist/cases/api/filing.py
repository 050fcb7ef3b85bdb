"""File, read and edit cases."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from services.blacklist.cases import queries, schemas
from services.blacklist.cases.queries.finding import CaseFilter
from services.blacklist.cases.usecases.editing import edit_case
from services.blacklist.cases.usecases.filing import file_case
from services.blacklist.cases.usecases.reading import persons_of, trace_list, trace_view
from services.blacklist.store import Deps
from shared.web.access import access, principal, scope
from shared.web.idempotency import Once
from shared.web.paging import cut, last_id, page

READERS = ("clerk", "reviewer", "decider", "supervisor", "auditor")
WRITE = scope("cases:write", roles=("clerk",))
READ = scope("cases:read", roles=READERS)


def add_routes(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    _add_file(bp, deps, once)
    _add_list(bp, deps)
    _add_get(bp, deps)
    _add_edit(bp, deps)


def _add_file(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    @bp.post("/cases")
    @access(WRITE)
    @bp.input(schemas.CaseIn)
    @bp.output(schemas.CaseOut, 201)
    @bp.doc(summary="录入案件")
    @once.write(schemas.CaseOut, 201)
    def create_case(session: Session, json_data: dict[str, Any]) -> dict[str, Any]:
        filing, who = schemas.plain_filing(json_data), principal()
        case = file_case(session, deps, filing, actor=who, at=deps.clock.now())
        return queries.case_view(session, case, who, deps.clock.today())


def _add_list(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/cases")
    @access(READ)
    @bp.input(schemas.CaseQuery, location="query")
    @bp.output(schemas.CasePage)
    @bp.doc(summary="案件列表")
    def list_cases(query_data: dict[str, Any]) -> dict[str, Any]:
        cursor, limit = query_data.pop("cursor"), query_data.pop("limit")
        before = last_id(cursor)
        with deps.db.read() as session:
            found = queries.list_cases(
                session, principal(), CaseFilter(**query_data), before=before, limit=limit
            )
            rows, following = cut(found, limit, lambda case: (case.id,))
            views = queries.case_views(session, rows, principal(), deps.clock.today())
        trace_list(deps, principal(), "cases", persons_of((row.id, row.subject_type) for row in rows))
        return page(views, following)


def _add_get(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/cases/<case_id>")
    @access(READ)
    @bp.output(schemas.CaseOut)
    @bp.doc(summary="一个案件")
    def get_case(case_id: str) -> dict[str, Any]:
        with deps.db.read() as session:
            case = queries.find_case(session, case_id, principal())
            view = queries.case_view(session, case, principal(), deps.clock.today())
        trace_view(deps, principal(), case_id, view["subject"]["type"])
        return view


def _add_edit(bp: APIBlueprint, deps: Deps) -> None:
    @bp.patch("/cases/<case_id>")
    @access(WRITE)
    @bp.input(schemas.CasePatch)
    @bp.output(schemas.CaseOut)
    @bp.doc(summary="修改草稿或被退回的案件")
    def update_case(case_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
        version, changes = json_data["version"], schemas.plain_filing(json_data)
        with deps.db.write() as session:
            case = edit_case(session, deps, case_id, version, changes, actor=principal(), at=deps.clock.now())
            return queries.case_view(session, case, principal(), deps.clock.today())
