"""Rounds of watching for public opinion (监测), for officers."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from services.blacklist.openness.api.items import ACTORS, OFFICERS, before_of
from services.blacklist.openness.queries.rounds import list_rounds, round_view
from services.blacklist.openness.schemas import answers, inputs
from services.blacklist.openness.usecases.watching import record_round
from services.blacklist.store import Deps
from shared.web.access import access, principal
from shared.web.idempotency import Once
from shared.web.paging import PageQuery, cut, page


def add_routes(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    @bp.get("/opinion-rounds")
    @access(OFFICERS)
    @bp.input(PageQuery, location="query")
    @bp.output(answers.RoundPage)
    @bp.doc(summary="本部门（监督地区）的舆情监测记录")
    def list_opinion_rounds(query_data: dict[str, Any]) -> dict[str, Any]:
        limit, before = query_data["limit"], before_of(query_data["cursor"])
        with deps.db.read() as session:
            rows = list_rounds(session, principal(), before=before, limit=limit + 1)
            shown, following = cut(rows, limit, lambda row: [row.id])
            return page([round_view(row) for row in shown], following)

    @bp.post("/opinion-rounds")
    @access(ACTORS)
    @bp.input(inputs.RoundIn)
    @bp.output(answers.RoundView, 201)
    @bp.doc(summary="登记一次舆情监测")
    @once.write(answers.RoundView, 201)
    def create_opinion_round(session: Session, json_data: dict[str, Any]) -> dict[str, Any]:
        return round_view(record_round(session, json_data, actor=principal(), at=deps.clock.now()))
