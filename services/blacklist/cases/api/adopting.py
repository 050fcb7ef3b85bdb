"""Adopting migrated listings (接管): proposed by a clerk, answered by a decider who is somebody else."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from services.blacklist.cases.api.filing import READ
from services.blacklist.cases.models import Adoption
from services.blacklist.cases.queries.adoptions import adoption_view, find_adoptions
from services.blacklist.cases.schemas.adoptions import (
    AdoptionIn,
    AdoptionOut,
    AdoptionPage,
    AdoptionQuery,
    RefusalIn,
)
from services.blacklist.cases.usecases.adopting import confirm_adoption, propose_adoption, refuse_adoption
from services.blacklist.cases.usecases.reading import persons_of, trace_list
from services.blacklist.register.models import Listing
from services.blacklist.store import Deps
from shared.errors import describe_errors
from shared.web.access import access, principal, roles
from shared.web.paging import cut, last_id, page
from shared.web.problem import problems

describe_errors(
    {
        "listing-not-adoptable": "只有迁入的、还没有案件的历史公示信息才需要接管。",
        "adoption-waiting": "这条信息已有接管申请，等待另一名工作人员确认。",
        "adoption-answered": "这件接管申请已经确认或者不予接管。",
        "adoption-not-found": "没有这件接管申请，或者当前账号不可查看。",
    }
)


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_asking(bp, deps)
    _add_answers(bp, deps)


def _add_asking(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/adoptions")
    @access(roles("clerk"))
    @bp.input(AdoptionIn)
    @bp.output(AdoptionOut, 201)
    @problems(404, 409)
    @bp.doc(summary="申请接管一条迁入的历史公示信息")
    def propose(json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            wish = propose_adoption(session, **json_data, actor=principal(), at=deps.clock.now())
            return _view(session, wish)

    @bp.get("/adoptions")
    @access(READ)
    @bp.input(AdoptionQuery, location="query")
    @bp.output(AdoptionPage)
    @bp.doc(summary="接管申请")
    def list_adoptions(query_data: dict[str, Any]) -> dict[str, Any]:
        cursor, limit = query_data["cursor"], query_data["limit"]
        before = last_id(cursor)
        with deps.db.read() as session:
            found = find_adoptions(
                session, principal(), state=query_data["state"], before=before, limit=limit
            )
            rows, following = cut(found, limit, lambda row: (row[0].id,))
            views = [adoption_view(*row) for row in rows]
        trace_list(deps, principal(), "adoptions", persons_of((r.id, r.subject_type) for _, r in rows))
        return page(views, following)


def _add_answers(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/adoptions/<adoption_id>/confirm")
    @access(roles("decider"))
    @bp.output(AdoptionOut)
    @problems(404, 409)
    @bp.doc(summary="确认接管：生成已公示的案件（不得由申请人确认）")
    def confirm(adoption_id: str) -> dict[str, Any]:
        with deps.db.write() as session:
            wish = confirm_adoption(session, deps, adoption_id, actor=principal(), at=deps.clock.now())
            return _view(session, wish)

    @bp.post("/adoptions/<adoption_id>/refuse")
    @access(roles("decider"))
    @bp.input(RefusalIn)
    @bp.output(AdoptionOut)
    @problems(404, 409)
    @bp.doc(summary="不予接管")
    def refuse(adoption_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            at = deps.clock.now()
            wish = refuse_adoption(session, adoption_id, json_data["reason"], actor=principal(), at=at)
            return _view(session, wish)


def _view(session: Session, wish: Adoption) -> dict[str, Any]:
    return adoption_view(wish, session.get_one(Listing, wish.listing_id))
