"""Receipts and requests of platforms that were not believed."""

from typing import Any

from apiflask import APIBlueprint

from services.credit_push import queries
from services.credit_push.api.deliveries import READERS
from services.credit_push.api.schemas_refused import RefusedPage, RefusedQuery
from services.credit_push.usecases import Deps
from shared.web.access import access, roles
from shared.web.paging import cut, last_id, page


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/refused-receipts")
    @access(roles(*READERS))
    @bp.input(RefusedQuery, location="query")
    @bp.output(RefusedPage)
    @bp.doc(
        summary="拒收的回执与请求",
        description="签名不符、重放、过期、冒用或来源不明的，一律不办理，只留正文摘要。",
    )
    def list_refused(query_data: dict[str, Any]) -> dict[str, Any]:
        cursor, limit = query_data["cursor"], query_data["limit"]
        before = last_id(cursor)
        with deps.db.read() as session:
            found = queries.refused_receipts(
                session, query_data["platform"], query_data["why"], before, limit
            )
        rows, following = cut(found, limit, lambda row: [row.id])
        return page(rows, following)
