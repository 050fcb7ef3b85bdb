"""The doors for platforms that cannot reach the broker: events to fetch, receipts to bring (contract §2)."""

from ipaddress import ip_address, ip_network
from typing import Any

from apiflask import APIBlueprint
from flask import request
from sqlalchemy.orm import Session

from services.credit_push.api.schemas import EventPage, EventQuery, HandledIn, ReceiptsOut
from services.credit_push.api.schemas_requests import RequestIn, RequestOut
from services.credit_push.api.signatures import check_signature, refusals_kept
from services.credit_push.catalogue import Profile
from services.credit_push.models import PartyRequest
from services.credit_push.transports.base import FILED, REFUSED
from services.credit_push.usecases import Deps
from services.credit_push.usecases.observing import Report, keep_reports
from services.credit_push.usecases.offering import Handled, events_after, take_handled
from services.credit_push.usecases.requesting import Asked, take_request
from shared.errors import Forbidden
from shared.web.access import access, public
from shared.web.problem import problems

RESULTS = {"accepted": FILED, "rejected": REFUSED}
SIGNED = "请求头 X-Key-Id、X-Timestamp、X-Nonce、X-Signature，以平台自己的密钥签名；只受理登记网段内的地址。"


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/events")
    @access(public())  # whoever signs with a platform's key
    @problems(401, 403)
    @bp.input(EventQuery, location="query")
    @bp.output(EventPage)
    @bp.doc(summary="交换事件（平台自取）", description=f"证件号码以平台公钥封装。{SIGNED}")
    def fetch_events(query_data: dict[str, Any]) -> dict[str, Any]:
        with refusals_kept(deps, "events"), deps.db.write() as session:  # the nonce is kept
            profile = whoever_asks(session, deps)
        with deps.db.read() as session:
            offer = events_after(session, deps, profile, query_data["after"], query_data["limit"])
        return {"items": offer.items, "next": str(offer.last)}

    @bp.post("/receipts")
    @access(public())  # whoever signs with a platform's key
    @problems(401, 403)
    @bp.input(HandledIn)
    @bp.output(ReceiptsOut)
    @bp.doc(summary="平台办理结果（平台送达）", description=SIGNED)
    def bring_receipts(json_data: dict[str, Any]) -> dict[str, Any]:
        handled = [Handled(**{**row, "result": RESULTS[row["result"]]}) for row in json_data["receipts"]]
        reports = [Report(one.displayed_at, one.absent_at, listing_id=one.listing_id) for one in handled]
        with refusals_kept(deps, "receipts"), deps.db.write() as session:
            profile = whoever_asks(session, deps)
            take_handled(session, deps, profile, handled)
        keep_reports(deps, profile, reports)
        return {"received": len(handled)}

    @bp.post("/requests")
    @access(public())  # whoever signs with a platform's key
    @problems(401, 403, 404, 409)
    @bp.input(RequestIn)
    @bp.output(RequestOut, 201)
    @bp.doc(
        summary="平台转来的异议和修复申请",
        description=f"同一受理号重复送达只受理一次。办理结果按平台配置回传，没有约定的由交换事件得知。{SIGNED}",
    )
    def bring_request(json_data: dict[str, Any]) -> PartyRequest:
        with refusals_kept(deps, "requests"), deps.db.write() as session:
            profile = whoever_asks(session, deps)
            return take_request(session, deps, profile, Asked(**json_data))


def whoever_asks(session: Session, deps: Deps) -> Profile:
    """The platform whose key signed the request, if it may come from where it comes."""
    doors = {profile.door.key: profile for profile in deps.catalogue.values() if profile.door.key}
    key_id = check_signature(session, deps, {name: one.signature for name, one in doors.items()})
    profile = next(doors[name] for name in doors if (key := deps.keys.get(name)) and key.key_id == key_id)
    networks = [ip_network(text) for text in profile.door.addresses]
    if networks and not any(ip_address(request.remote_addr or "0.0.0.0") in each for each in networks):  # noqa: S104
        raise Forbidden("foreign-address", "来源地址不在登记网段内")
    return profile
