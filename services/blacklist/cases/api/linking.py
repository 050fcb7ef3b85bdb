"""Links between cases, and requests with their answers."""

from typing import Any

from apiflask import APIBlueprint

from services.blacklist.cases import schemas
from services.blacklist.cases.api.filing import READ
from services.blacklist.cases.queries.requests import find_requests, request_view
from services.blacklist.cases.queries.views import link_views
from services.blacklist.cases.usecases.linking import link_case, unlink_case
from services.blacklist.store import Deps
from shared.web.access import access, principal, roles
from shared.web.paging import cut, last_id, page

LINKERS = roles("clerk", "reviewer", "decider")


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_links(bp, deps)
    _add_requests(bp, deps)


def _add_links(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/cases/<case_id>/links")
    @access(LINKERS)
    @bp.input(schemas.LinkIn)
    @bp.output(schemas.LinksOut, 201)
    @bp.doc(summary="关联主案（责任人员、关联企业、承继主体）")
    def create_link(case_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
        note = json_data.pop("note", None)
        with deps.db.write() as session:
            link_case(session, case_id, **json_data, note=note, actor=principal(), at=deps.clock.now())
            return {"items": link_views(session, case_id)}

    @bp.delete("/cases/<case_id>/links/<link_id>")
    @access(LINKERS)
    @bp.output({}, 204)
    @bp.doc(summary="解除关联")
    def delete_link(case_id: str, link_id: str) -> str:
        with deps.db.write() as session:
            unlink_case(session, case_id, link_id, actor=principal(), at=deps.clock.now())
        return ""


def _add_requests(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/requests")
    @access(READ)
    @bp.input(schemas.RequestQuery, location="query")
    @bp.output(schemas.RequestPage)
    @bp.doc(summary="异议和修复申请及其办理结果，可按提出渠道和受理编号查询")
    def list_requests(query_data: dict[str, Any]) -> dict[str, Any]:
        cursor, limit = query_data.pop("cursor"), query_data.pop("limit")
        before = last_id(cursor)
        with deps.db.read() as session:
            found = find_requests(session, principal(), **query_data, before=before, limit=limit)
            rows, following = cut(found, limit, lambda row: (row.id,))
            return page([request_view(row) for row in rows], following)
