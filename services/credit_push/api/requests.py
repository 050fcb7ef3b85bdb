"""Parties' objections and repairs that came back through platforms."""

from typing import Any

from apiflask import APIBlueprint

from services.credit_push import requested
from services.credit_push.api.deliveries import READERS, visible_region
from services.credit_push.api.schemas_requests import RequestPage, RequestQuery
from services.credit_push.usecases import Deps
from shared.web.access import access, principal, roles
from shared.web.paging import cut, last_id, page


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/requests")
    @access(roles(*READERS))
    @bp.input(RequestQuery, location="query")
    @bp.output(RequestPage)
    @bp.doc(summary="平台转来的异议和修复申请")
    def list_requests(query_data: dict[str, Any]) -> dict[str, Any]:
        cursor, limit = query_data["cursor"], query_data["limit"]
        before = last_id(cursor)
        region = visible_region(principal())
        with deps.db.read() as session:
            found = requested.requests(session, region, query_data["listing_id"], before, limit)
        rows, following = cut(found, limit, lambda row: [row.id])
        return page(rows, following)
