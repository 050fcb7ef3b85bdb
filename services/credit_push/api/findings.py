"""与回执相反: sites seen otherwise than receipts say, for a person to look into."""

from typing import Any

from apiflask import APIBlueprint

from services.credit_push import queries
from services.credit_push.api.deliveries import DOERS, READERS, visible_region
from services.credit_push.api.schemas_seen import FindingOut, FindingPage, FindingQuery, NoteIn
from services.credit_push.models import Finding
from services.credit_push.usecases import Deps
from services.credit_push.usecases.contradicting import take
from shared.errors import NotFound
from shared.web.access import access, principal, roles
from shared.web.paging import cut, last_id, page
from shared.web.problem import problems


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/findings")
    @access(roles(*READERS))
    @bp.input(FindingQuery, location="query")
    @bp.output(FindingPage)
    @bp.doc(
        summary="网站情况与回执相反的名单",
        description="已撤下的仍显示，或者已入库的过了通常时间仍不显示；查见与回执一致后自动办结。",
    )
    def list_findings(query_data: dict[str, Any]) -> dict[str, Any]:
        cursor, limit = query_data["cursor"], query_data["limit"]
        before = last_id(cursor)
        wanted = queries.FindingFilter(
            query_data["platform"],
            query_data["listing_id"],
            queries.OPEN_FINDINGS[query_data["state"]],
            visible_region(principal()),
        )
        with deps.db.read() as session:
            found = queries.findings(session, wanted, before, limit)
        rows, following = cut(found, limit, lambda row: [row.id])
        return page(rows, following)

    @bp.post("/findings/<finding_id>/note")
    @access(roles(*DOERS))
    @problems(404, 409)
    @bp.input(NoteIn)
    @bp.output(FindingOut)
    @bp.doc(summary="登记核查情况", description="登记不办结；再次查看与回执一致才办结。")
    def note_finding(finding_id: str, json_data: dict[str, Any]) -> Finding:
        with deps.db.read() as session:
            if queries.finding(session, finding_id, visible_region(principal())) is None:
                raise NotFound("not-found", "没有这项核查")
        with deps.db.write() as session:
            return take(session, deps, finding_id, principal().username, json_data["note"])
