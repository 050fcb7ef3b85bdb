"""Sending a webhook again what it should have got, and how far that has come."""

from typing import Any

from apiflask import APIBlueprint
from apiflask.fields import AwareDateTime, Boolean, DateTime, Integer, String
from sqlalchemy.orm import Session

from services.notifier.domain import ENDPOINT_KEEPERS
from services.notifier.models import Deps, idempotency
from services.notifier.queries.endpoints import endpoint_of
from services.notifier.queries.replays import replay_view, replays_of
from services.notifier.usecases.replaying import MOST, Window, replay
from shared.web.access import access, principal, roles, signed_in
from shared.web.idempotency import Once
from shared.web.paging import page, page_schema
from shared.web.problem import problems
from shared.web.schemas import Flag, Schema

KEEPERS = roles(*ENDPOINT_KEEPERS)


class ReplayIn(Schema):
    since = AwareDateTime(required=True, metadata={"description": "消息产生的时间，最近三十一天内"})
    until = AwareDateTime(load_default=None, allow_none=True, metadata={"description": "不含；空表示到现在"})
    failed_only = Flag(
        load_default=True,
        metadata={"description": "true：只重发未送达的和停用期间漏发的；false：连同已送达的"},
    )


class ReplayOut(Schema):
    id = String(required=True)
    since = DateTime(required=True)
    until = DateTime(required=True)
    failed_only = Boolean(required=True)
    requested_by = String(required=True)
    requested_at = DateTime(required=True)
    total = Integer(required=True, metadata={"description": f"这次重发的条数，最多 {MOST} 条，从最早的起"})
    made_up = Integer(required=True, metadata={"description": "其中停用期间没有发送过的"})
    left_over = Integer(required=True, metadata={"description": "超出上限、尚未重发的条数"})
    waiting = Integer(required=True)
    delivered = Integer(required=True)
    failed = Integer(required=True)
    done = Boolean(required=True)


ReplayPage = page_schema(ReplayOut, "WebhookReplayPage")


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    once = Once(deps.db, idempotency, deps.keyring, deps.clock)

    @bp.post("/webhooks/<webhook_id>/replays")
    @access(KEEPERS)
    @problems(409)
    @bp.input(ReplayIn)
    @bp.output(ReplayOut, status_code=202)
    @bp.doc(summary="重发一段时间的消息（消息编号不变）")
    @once.write(ReplayOut, 202)
    def create_replay(session: Session, webhook_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
        now = deps.clock.system_now()
        window = Window(json_data["since"], json_data["until"] or now, json_data["failed_only"])
        found = endpoint_of(session, principal(), webhook_id)
        made = replay(session, found, window, actor=principal(), at=now)
        return replay_view(session, webhook_id, made.id)

    @bp.get("/webhooks/<webhook_id>/replays")
    @access(signed_in())
    @bp.output(ReplayPage)
    @bp.doc(summary="最近二十次重发及进度")
    def list_replays(webhook_id: str) -> dict[str, Any]:
        with deps.db.read() as session:
            return page(replays_of(session, endpoint_of(session, principal(), webhook_id).id), None)

    @bp.get("/webhooks/<webhook_id>/replays/<replay_id>")
    @access(signed_in())
    @bp.output(ReplayOut)
    @bp.doc(summary="一次重发的进度")
    def get_replay(webhook_id: str, replay_id: str) -> dict[str, Any]:
        with deps.db.read() as session:
            return replay_view(session, endpoint_of(session, principal(), webhook_id).id, replay_id)
