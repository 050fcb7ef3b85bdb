"""政务舆情 over HTTP, for officers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from services.blacklist.openness.api.items import ACTORS, OFFICERS, before_of
from services.blacklist.openness.models import Opinion
from services.blacklist.openness.queries.opinions import list_opinions, opinion_views
from services.blacklist.openness.queries.sight import find
from services.blacklist.openness.schemas import answers, inputs
from services.blacklist.openness.usecases.opinions import (
    close_opinion,
    raise_opinion,
    record_opinion,
    record_press,
)
from services.blacklist.store import Deps
from shared.web.access import Principal, access, principal
from shared.web.idempotency import Once
from shared.web.paging import cut, page
from shared.web.problem import problems


def add_routes(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    _add_reading(bp, deps)
    _add_handling(bp, deps, once)


def _add_reading(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/opinions")
    @access(OFFICERS)
    @bp.input(inputs.OpinionQuery, location="query")
    @bp.output(answers.OpinionPage)
    @bp.doc(summary="本部门（监督地区）的政务舆情")
    def list_own_opinions(query_data: dict[str, Any]) -> dict[str, Any]:
        limit, before = query_data["limit"], before_of(query_data["cursor"])
        with deps.db.read() as session:
            rows = list_opinions(
                session, principal(), state=query_data["state"], before=before, limit=limit + 1
            )
            shown, following = cut(rows, limit, lambda row: [row.id])
            return page(opinion_views(session, shown, principal(), deps.clock.now()), following)

    @bp.get("/opinions/<uuid:opinion_id>")
    @access(OFFICERS)
    @bp.output(answers.OpinionView)
    @bp.doc(summary="一件政务舆情")
    def show_opinion(opinion_id: UUID) -> dict[str, Any]:
        with deps.db.read() as session:
            found = find(session, Opinion, str(opinion_id), principal())
            return view(session, found, deps.clock.now())


def _add_handling(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    @bp.post("/opinions")
    @access(ACTORS)
    @bp.input(inputs.OpinionIn)
    @bp.output(answers.OpinionView, 201)
    @bp.doc(summary="登记政务舆情")
    @once.write(answers.OpinionView, 201)
    def create_opinion(session: Session, json_data: dict[str, Any]) -> dict[str, Any]:
        made = record_opinion(session, deps, json_data, actor=principal(), at=deps.clock.now())
        return view(session, made, deps.clock.now())

    @bp.post("/opinions/<uuid:opinion_id>/actions")
    @access(ACTORS)
    @problems(409)
    @bp.input(inputs.OpinionActIn)
    @bp.output(answers.OpinionView)
    @bp.doc(summary="升为重大、登记新闻发布、办结")
    def handle_opinion(opinion_id: UUID, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            return view(
                session, take(session, deps, str(opinion_id), json_data, principal()), deps.clock.now()
            )


def take(session: Session, deps: Deps, opinion_id: str, given: dict[str, Any], who: Principal) -> Opinion:
    at = deps.clock.now()
    if given["action"] == "raise":
        return raise_opinion(session, deps, opinion_id, actor=who, at=at)
    if given["action"] == "press":
        return record_press(session, opinion_id, given, actor=who, at=at)
    return close_opinion(session, opinion_id, given.get("reason"), actor=who, at=at)


def view(session: Session, row: Opinion, now: datetime) -> dict[str, Any]:
    session.flush()
    return opinion_views(session, [row], principal(), now)[0]
