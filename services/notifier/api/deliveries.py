"""Every dispatch of a department's messages with every attempt; a dead one can be sent again."""

from typing import Any

from apiflask import APIBlueprint

from services.notifier.api import schemas
from services.notifier.domain import ENDPOINT_KEEPERS
from services.notifier.models import Deps
from services.notifier.queries import messages
from services.notifier.usecases.sending import resend, resend_matching
from shared.web.access import access, principal, roles, signed_in


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/deliveries")
    @access(signed_in())
    @bp.input(schemas.DeliveryQuery, location="query")
    @bp.output(schemas.DeliveryPage)
    @bp.doc(summary="发送记录")
    def list_deliveries(query_data: dict[str, Any]) -> dict[str, Any]:
        limit, cursor = query_data.pop("limit"), query_data.pop("cursor")
        wanted = messages.DispatchFilter(**query_data)
        with deps.db.read() as session:
            return messages.dispatch_page(session, principal(), wanted, cursor, limit)

    @bp.post("/deliveries/retries")
    @access(roles(*ENDPOINT_KEEPERS))
    @bp.input(schemas.DeliveryFilter)
    @bp.output(schemas.RetriedOut)
    @bp.doc(summary="重新发送符合条件的未送达消息（各渠道，最近二百条）")
    def retry_deliveries(json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            wanted, now = messages.DispatchFilter(**json_data), deps.clock.system_now()
            return {"retried": resend_matching(session, principal(), wanted, now)}

    @bp.post("/deliveries/<delivery_id>/retry")
    @access(roles(*ENDPOINT_KEEPERS))
    @bp.output(schemas.DeliveryOut)
    @bp.doc(summary="重新发送未送达的消息")
    def retry_delivery(delivery_id: str) -> dict[str, Any]:
        with deps.db.write() as session:
            again = resend(session, principal(), delivery_id, deps.clock.system_now())
            return messages.dispatch_views(session, [again])[0]
