"""Adding, changing and closing entries of the catalogue, by two people."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint

from services.blacklist.disclosure import schemas
from services.blacklist.disclosure.models import CatalogueChange
from services.blacklist.disclosure.queries.changes import list_changes
from services.blacklist.disclosure.usecases.catalogue import confirm_change, propose_change, refuse_change
from services.blacklist.store import Deps
from shared.web.access import access, principal, roles
from shared.web.paging import cut, last_id, page
from shared.web.problem import problems

READERS = roles("clerk", "reviewer", "decider", "supervisor", "auditor")
PROPOSERS = roles("clerk", "supervisor")
SETTLERS = roles("decider", "supervisor")
SHOWN = (
    "id", "region", "code", "act", "edition", "state", "reason", "before", "after", "proposer_name",
    "proposed_at", "settler_name", "settled_at", "answer",
)  # fmt: skip


def change_view(row: CatalogueChange) -> dict[str, Any]:
    return {name: getattr(row, name) for name in SHOWN}


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_proposing(bp, deps)
    _add_settling(bp, deps)


def _add_proposing(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/disclosure-catalogue/changes")
    @access(PROPOSERS)
    @problems(409)
    @bp.input(schemas.ChangeIn)
    @bp.output(schemas.ChangeView, 201)
    @bp.doc(summary="提出增加、修改或者取消一个公开事项，待另一人确认")
    def propose_catalogue_change(json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            return change_view(propose_change(session, json_data, actor=principal(), at=deps.clock.now()))

    @bp.get("/disclosure-catalogue/changes")
    @access(READERS)
    @bp.input(schemas.ChangeQuery, location="query")
    @bp.output(schemas.ChangePage)
    @bp.doc(summary="公开事项目录的变动")
    def list_catalogue_changes(query_data: dict[str, Any]) -> dict[str, Any]:
        cursor, limit = query_data["cursor"], query_data["limit"]
        before = last_id(cursor)
        with deps.db.read() as session:
            rows = list_changes(
                session, principal(), state=query_data["state"], before=before, limit=limit + 1
            )
        shown, following = cut(rows, limit, lambda row: [row.id])
        return page([change_view(row) for row in shown], following)


def _add_settling(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/disclosure-catalogue/changes/<uuid:change_id>/confirm")
    @access(SETTLERS)
    @problems(404, 409)
    @bp.output(schemas.ChangeView)
    @bp.doc(summary="确认目录变动（不得由提出人确认）")
    def confirm_catalogue_change(change_id: UUID) -> dict[str, Any]:
        with deps.db.write() as session:
            row = confirm_change(session, str(change_id), actor=principal(), at=deps.clock.now())
            return change_view(row)

    @bp.post("/disclosure-catalogue/changes/<uuid:change_id>/refuse")
    @access(SETTLERS)
    @problems(404, 409)
    @bp.input(schemas.ChangeAnswerIn)
    @bp.output(schemas.ChangeView)
    @bp.doc(summary="退回目录变动")
    def refuse_catalogue_change(change_id: UUID, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            row = refuse_change(
                session, str(change_id), json_data["reason"], actor=principal(), at=deps.clock.now()
            )
            return change_view(row)
