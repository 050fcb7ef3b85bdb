"""认领: migrated listings matched with what platforms already hold."""

from typing import Any

from apiflask import APIBlueprint

from services.credit_push import queries
from services.credit_push.api.deliveries import DOERS, READERS, visible_region
from services.credit_push.api.schemas_adoptions import AdoptionOut, AdoptionPage, AdoptionQuery, AnswerIn
from services.credit_push.usecases import Deps
from services.credit_push.usecases.adopting import OPEN, answer
from services.credit_push.usecases.choosing import adoption_view
from shared.errors import NotFound
from shared.web.access import access, principal, roles
from shared.web.paging import cut, last_id, page
from shared.web.problem import problems


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/adoptions")
    @access(roles(*READERS))
    @bp.input(AdoptionQuery, location="query")
    @bp.output(AdoptionPage)
    @bp.doc(
        summary="迁入名单的认领",
        description="其他系统公示过的名单，与平台已有的记录按统一社会信用代码、文号、名单完全一致的自动认领，"
        "其余由人处理；认领的不再推送。",
    )
    def list_adoptions(query_data: dict[str, Any]) -> dict[str, Any]:
        cursor, limit, state = query_data["cursor"], query_data["limit"], query_data["state"]
        before = last_id(cursor)
        states = (state,) if state else OPEN
        with deps.db.read() as session:
            found = queries.adoptions(
                session, states, query_data["platform"], visible_region(principal()), before, limit
            )
            rows, following = cut(found, limit, lambda row: [row.id])
            return page([adoption_view(deps, row) for row in rows], following)

    @bp.post("/adoptions/<adoption_id>/answer")
    @access(roles(*DOERS))
    @problems(403, 404, 409)
    @bp.input(AnswerIn)
    @bp.output(AdoptionOut)
    @bp.doc(
        summary="处理一项认领",
        description="补推、从多条候选中选定（choose）须由两人办理：一人提出，另一人确认（confirm）。",
    )
    def answer_adoption(adoption_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.read() as session:
            if queries.adoption(session, adoption_id, visible_region(principal())) is None:
                raise NotFound("not-found", "没有这项认领")
        with deps.db.write() as session:
            return adoption_view(deps, answer(session, deps, adoption_id, principal().username, json_data))
