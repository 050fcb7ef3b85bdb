"""办理结果回传: what became of requests that came through platforms, and how it got back to them."""

from typing import Any

from apiflask import APIBlueprint

from services.credit_push import requested
from services.credit_push.api.deliveries import DOERS, READERS, visible_region
from services.credit_push.api.schemas_answers import AnswerOut, AnswerPage, AnswerQuery, ToldIn
from services.credit_push.models import RequestAnswer
from services.credit_push.usecases import Deps
from services.credit_push.usecases.answering import send_again, tell_by_hand
from shared.errors import NotFound
from shared.web.access import access, principal, roles
from shared.web.paging import cut, last_id, page
from shared.web.problem import problems


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/answers")
    @access(roles(*READERS))
    @bp.input(AnswerQuery, location="query")
    @bp.output(AnswerPage)
    @bp.doc(summary="异议和修复办理结果的回传")
    def list_answers(query_data: dict[str, Any]) -> dict[str, Any]:
        cursor, limit = query_data.pop("cursor"), query_data.pop("limit")
        before = last_id(cursor)
        with deps.db.read() as session:
            found = requested.answers(
                session, visible_region(principal()), before=before, limit=limit, **query_data
            )
        rows, following = cut(found, limit, lambda row: [row.id])
        return page(rows, following)

    @bp.post("/answers/<answer_id>/again")
    @access(roles(*DOERS))
    @problems(404, 409)
    @bp.output(AnswerOut)
    @bp.doc(
        summary="再次回传",
        description="只有回传失败的可以再次回传。没有得到答复的沿用原幂等键，被拒收的换用新的幂等键。",
    )
    def answer_again(answer_id: str) -> RequestAnswer:
        require_visible(deps, answer_id)
        with deps.db.write() as session:
            return send_again(session, deps, answer_id, principal().username)

    @bp.post("/answers/<answer_id>/told")
    @access(roles(*DOERS))
    @problems(404, 409)
    @bp.input(ToldIn)
    @bp.output(AnswerOut)
    @bp.doc(summary="登记已由人工告知平台")
    def answer_told(answer_id: str, json_data: dict[str, Any]) -> RequestAnswer:
        require_visible(deps, answer_id)
        with deps.db.write() as session:
            return tell_by_hand(session, deps, answer_id, principal().username, json_data["note"])


def require_visible(deps: Deps, answer_id: str) -> None:
    """NotFound outside the caller's region."""
    with deps.db.read() as session:
        if requested.answer(session, answer_id, visible_region(principal())) is None:
            raise NotFound("not-found", "没有这项办理结果")
