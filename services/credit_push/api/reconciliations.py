"""Reconciliation runs: ask for one, see how it went."""

from typing import Any

from apiflask import APIBlueprint

from services.credit_push import queries
from services.credit_push.api.deliveries import DOERS, READERS
from services.credit_push.api.schemas import RequestedOut, RunIn, RunOut, RunPage, RunQuery
from services.credit_push.models import ReconciliationRun
from services.credit_push.reconciliation import request_runs
from services.credit_push.usecases import Deps
from shared.errors import NotFound
from shared.web.access import access, principal, roles
from shared.web.paging import cut, last_id, page


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/reconciliations")
    @access(roles(*DOERS))
    @bp.input(RunIn)
    @bp.output(RequestedOut, 201)
    @bp.doc(summary="发起对账（不写平台的，全部平台各一次）")
    def request_reconciliation(json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            runs = request_runs(
                session, deps, json_data["platform"], principal().username, repair=json_data["repair"]
            )
            views = [queries.run_view(each) for each in runs]
            return views[0] | {"items": views}

    @bp.get("/reconciliations")
    @access(roles(*READERS))
    @bp.input(RunQuery, location="query")
    @bp.output(RunPage)
    @bp.doc(summary="对账记录")
    def list_reconciliations(query_data: dict[str, Any]) -> dict[str, Any]:
        limit, cursor = query_data["limit"], query_data["cursor"]
        before = last_id(cursor)
        with deps.db.read() as session:
            found = queries.runs(session, query_data["platform"], before, limit)
            rows, following = cut(found, limit, lambda row: [row.id])
            return page([_view(session, row) for row in rows], following)

    @bp.get("/reconciliations/<run_id>")
    @access(roles(*READERS))
    @bp.output(RunOut)
    @bp.doc(summary="一次对账")
    def get_reconciliation(run_id: str) -> dict[str, Any]:
        with deps.db.read() as session:
            row = session.get(ReconciliationRun, run_id)
            if row is None:
                raise NotFound("not-found", "没有这次对账")
            return _view(session, row)


def _view(session: Any, row: ReconciliationRun) -> dict[str, Any]:
    return queries.run_view(row, queries.run_differences(session, row.id))
