"""Deliveries: list, one, push again."""

from typing import Any

from apiflask import APIBlueprint

from services.credit_push import queries
from services.credit_push.api.schemas import DeliveryOut, DeliveryPage, DeliveryQuery
from services.credit_push.domain import STATES
from services.credit_push.usecases import Deps
from services.credit_push.usecases.operating import replay
from shared.errors import NotFound
from shared.web.access import Principal, access, principal, roles
from shared.web.paging import cut, last_id, page
from shared.web.problem import problems

READERS = ("operator", "supervisor", "auditor")
DOERS = ("operator", "supervisor")
__all__ = ["DOERS", "READERS", "STATES", "add_routes", "visible_region"]


def visible_region(who: Principal) -> str:
    """An operator runs the exchange for all regions; a supervisor sees the own subtree."""
    return "" if who.has("operator") else queries.subtree(who.region)


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/deliveries")
    @access(roles(*READERS))
    @bp.input(DeliveryQuery, location="query")
    @bp.output(DeliveryPage)
    @bp.doc(summary="推送记录")
    def list_deliveries(query_data: dict[str, Any]) -> dict[str, Any]:
        cursor, limit = query_data.pop("cursor"), query_data.pop("limit")
        wanted = queries.Filter(**query_data, region=visible_region(principal()))
        before = last_id(cursor)
        with deps.db.read() as session:
            rows, following = cut(queries.deliveries(session, wanted, before, limit), limit, lambda r: [r.id])
            tried = queries.attempts(session, [row.id for row in rows])
            views = [queries.delivery_view(row, tried.get(row.id, []), deps.catalogue) for row in rows]
        return page(views, following)

    @bp.get("/deliveries/<delivery_id>")
    @access(roles(*READERS))
    @bp.output(DeliveryOut)
    @bp.doc(summary="一条推送")
    def get_delivery(delivery_id: str) -> dict[str, Any]:
        return delivery_view(deps, delivery_id)

    @bp.post("/deliveries/<delivery_id>/replay")
    @access(roles(*DOERS))
    @problems(409)
    @bp.output(DeliveryOut)
    @bp.doc(summary="重推失败或被退回的记录")
    def replay_delivery(delivery_id: str) -> dict[str, Any]:
        delivery_view(deps, delivery_id)
        with deps.db.write() as session:
            replay(session, deps, delivery_id, principal().username)
        return delivery_view(deps, delivery_id)


def delivery_view(deps: Deps, delivery_id: str) -> dict[str, Any]:
    """One delivery with its attempts; NotFound outside the caller's region."""
    with deps.db.read() as session:
        row = queries.delivery(session, delivery_id, visible_region(principal()))
        if row is None:
            raise NotFound("not-found", "没有这条推送记录")
        tried = queries.attempts(session, [row.id])
        return queries.delivery_view(row, tried.get(row.id, []), deps.catalogue)
