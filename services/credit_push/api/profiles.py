"""Platform profiles of this site: check, propose, and release by a second person."""

from typing import Any

from apiflask import APIBlueprint

from services.credit_push.api.schemas_profiles import (
    CheckedOut,
    DecideProfileIn,
    DraftOut,
    DraftPage,
    DraftQuery,
    ProfileIn,
    TextIn,
)
from services.credit_push.models import ProfileDraft
from services.credit_push.usecases import Deps
from services.credit_push.usecases.profiles import (
    check_text,
    decide_profile,
    drafts,
    propose_profile,
    state_of,
)
from shared.web.access import access, principal, roles
from shared.web.paging import cut, last_id, page
from shared.web.problem import problems

EDITORS = ("operator", "system-admin")


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/profiles/check")
    @access(roles(*EDITORS))
    @bp.input(TextIn)
    @bp.output(CheckedOut)
    @bp.doc(summary="检查一份平台配置，逐行指出问题")
    def check_profile(json_data: dict[str, Any]) -> dict[str, Any]:
        platform, found = check_text(deps, json_data["text"])
        told = [{"line": one.line, "field": one.field, "message": one.message} for one in found]
        return {"platform": platform, "problems": told}

    @bp.post("/profiles")
    @access(roles(*EDITORS))
    @problems(409)
    @bp.input(ProfileIn)
    @bp.output(DraftOut, 201)
    @bp.doc(summary="提出平台配置（新平台或改动），待另一人发布")
    def propose(json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            who = principal().username
            return draft_view(propose_profile(session, deps, json_data["text"], json_data["reason"], who))

    @bp.post("/profiles/<draft_id>/decision")
    @access(roles(*EDITORS))
    @problems(409)
    @bp.input(DecideProfileIn)
    @bp.output(DraftOut)
    @bp.doc(summary="发布或退回平台配置", description="提出人不能自己发布。发布后一秒内在各进程生效。")
    def decide(draft_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            agree, who = json_data["agree"], principal().username
            return draft_view(decide_profile(session, deps, draft_id, who, agree=agree))

    @bp.get("/profiles")
    @access(roles(*EDITORS))
    @bp.input(DraftQuery, location="query")
    @bp.output(DraftPage)
    @bp.doc(summary="本站的平台配置，新的在前")
    def list_drafts(query_data: dict[str, Any]) -> dict[str, Any]:
        limit, cursor = query_data["limit"], query_data["cursor"]
        before = last_id(cursor)
        with deps.db.read() as session:
            found = list(drafts(session, query_data["platform"], before, limit))
            rows, following = cut(found, limit, lambda row: [row.id])
            return page([draft_view(row) for row in rows], following)


def draft_view(row: ProfileDraft) -> dict[str, Any]:
    """A proposal as the API answers it."""
    names = ("id", "platform", "text", "reason", "proposed_by", "proposed_at", "decided_by", "decided_at")
    return {name: getattr(row, name) for name in names} | {"state": state_of(row), "number": row.number}
