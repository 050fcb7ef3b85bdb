"""Texts for 微博、微信、客户端 over HTTP."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from services.blacklist.openness.api.items import ACTORS
from services.blacklist.openness.models import ChannelDraft
from services.blacklist.openness.queries.items import draft_view
from services.blacklist.openness.schemas import answers, inputs
from services.blacklist.openness.usecases.channels import (
    approve_channel_text,
    draft_channel_text,
    drop_channel_text,
    mark_channel_text_sent,
)
from services.blacklist.store import Deps
from shared.web.access import Principal, access, principal, roles
from shared.web.idempotency import Once
from shared.web.place import origin
from shared.web.problem import problems


def add_routes(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    @bp.post("/items/<uuid:item_id>/channel-drafts")
    @access(roles("clerk"))
    @problems(403, 404, 409)
    @bp.input(inputs.ChannelDraftIn)
    @bp.output(answers.ChannelDraftView, 201)
    @bp.doc(summary="拟写微博、微信、客户端、媒体的文字稿")
    @once.write(answers.ChannelDraftView, 201)
    def create_channel_draft(session: Session, item_id: UUID, json_data: dict[str, Any]) -> dict[str, Any]:
        row = draft_channel_text(
            session, str(item_id), json_data["channel"], json_data["text"],
            address=item_address(str(item_id)), actor=principal(), at=deps.clock.now(),
        )  # fmt: skip
        return draft_view(row)

    @bp.post("/channel-drafts/<uuid:draft_id>/actions")
    @access(ACTORS)
    @problems(409)
    @bp.input(inputs.ChannelActIn)
    @bp.output(answers.ChannelDraftView)
    @bp.doc(summary="审批文字稿、登记已发出")
    def handle_channel_draft(draft_id: UUID, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            return draft_view(take(session, deps, str(draft_id), json_data, principal()))


def item_address(item_id: str) -> str:
    return f"{origin()}/items/{item_id}"


def take(session: Session, deps: Deps, draft_id: str, given: dict[str, Any], who: Principal) -> ChannelDraft:
    at = deps.clock.now()
    if given["action"] == "approve":
        return approve_channel_text(session, draft_id, actor=who, at=at)
    if given["action"] == "drop":
        return drop_channel_text(session, draft_id, actor=who, at=at)
    return mark_channel_text_sent(
        session, draft_id, sent_at=given["sent_at"], sent_to=given["sent_to"], actor=who, at=at
    )
