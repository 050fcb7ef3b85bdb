"""Texts about listings for other outlets over HTTP: drafted, approved by another, sent by hand."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from services.blacklist.openness.api.items import ACTORS, CLERK, OFFICERS, before_of
from services.blacklist.openness.domain.channels import channels
from services.blacklist.openness.models import ListingText
from services.blacklist.openness.queries.listing_texts import (
    list_texts,
    outlets_of,
    text_to_act_on,
    text_views,
)
from services.blacklist.openness.schemas import listing_texts as schemas
from services.blacklist.openness.schemas.inputs import ChannelActIn
from services.blacklist.openness.usecases.listing_texts import (
    approve_text,
    choose_outlets,
    draft_text,
    drop_text,
    mark_text_sent,
)
from services.blacklist.store import Deps
from shared.clock import local_date
from shared.web.access import Principal, access, principal, roles
from shared.web.idempotency import Once
from shared.web.paging import cut, page
from shared.web.place import origin
from shared.web.problem import problems

DECIDER = roles("decider")


def add_routes(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    _add_texts(bp, deps, once)
    _add_outlets(bp, deps)


def _add_texts(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    @bp.get("/listing-texts")
    @access(OFFICERS)
    @bp.input(schemas.ListingTextQuery, location="query")
    @bp.output(schemas.ListingTextPage)
    @bp.doc(summary="列入信息的对外文字稿（微博、微信等），只涉及单位")
    def list_listing_texts(query_data: dict[str, Any]) -> dict[str, Any]:
        limit, before = query_data["limit"], before_of(query_data["cursor"])
        with deps.db.read() as session:
            rows = list_texts(session, principal(), state=query_data["state"], before=before, limit=limit + 1)
            shown, following = cut(rows, limit, lambda row: [row[0].id])
            return page(text_views(session, shown, local_date(deps.clock.now())), following)

    @bp.post("/listing-texts")
    @access(CLERK)
    @problems(403, 404, 409)
    @bp.input(schemas.ListingTextIn)
    @bp.output(schemas.ListingTextView, 201)
    @bp.doc(summary="就单位的列入信息拟写对外文字稿")
    @once.write(schemas.ListingTextView, 201)
    def create_listing_text(session: Session, json_data: dict[str, Any]) -> dict[str, Any]:
        at, who = deps.clock.now(), principal()
        row = draft_text(
            session, str(json_data["listing_id"]), json_data["channel"], json_data["text"], site=origin(),
            actor=who, at=at,
        )  # fmt: skip
        return view_of(session, row, who, at)

    @bp.post("/listing-texts/<uuid:text_id>/actions")
    @access(ACTORS)
    @problems(403, 404, 409)
    @bp.input(ChannelActIn)
    @bp.output(schemas.ListingTextView)
    @bp.doc(summary="审批对外文字稿、登记已发出")
    def handle_listing_text(text_id: UUID, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            at, who = deps.clock.now(), principal()
            return view_of(session, take_text(session, str(text_id), json_data, who, at), who, at)


def _add_outlets(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/listing-outlets")
    @access(OFFICERS)
    @bp.output(schemas.OutletsView)
    @bp.doc(summary="本部门列入信息变动时自动拟稿的渠道")
    def show_listing_outlets() -> dict[str, Any]:
        with deps.db.read() as session:
            return _outlets(session)

    @bp.put("/listing-outlets")
    @access(DECIDER)
    @bp.input(schemas.OutletsIn)
    @bp.output(schemas.OutletsView)
    @bp.doc(summary="确定自动拟稿的渠道")
    def set_listing_outlets(json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            choose_outlets(session, json_data["channels"], actor=principal(), at=deps.clock.now())
            return _outlets(session)


def _outlets(session: Session) -> dict[str, Any]:
    found = outlets_of(session, principal().department_id)
    return {
        "items": [
            {
                "channel": each.channel,
                "name": channels()[each.channel].name,
                "since": each.since,
                "chosen_by": each.chosen_by,
            }
            for each in found
        ]
    }


def take_text(
    session: Session, text_id: str, given: dict[str, Any], who: Principal, at: datetime
) -> ListingText:
    if given["action"] == "approve":
        return approve_text(session, text_id, actor=who, at=at)
    if given["action"] == "drop":
        return drop_text(session, text_id, actor=who, at=at)
    return mark_text_sent(
        session, text_id, sent_at=given["sent_at"], sent_to=given["sent_to"], actor=who, at=at
    )


def view_of(session: Session, row: ListingText, who: Principal, at: datetime) -> dict[str, Any]:
    return text_views(session, [text_to_act_on(session, row.id, who)], local_date(at))[0]
