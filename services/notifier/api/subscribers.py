"""Outside subscribers over HTTP: applying, which is open to anyone, and the officers' decisions."""

from typing import Any

from apiflask import APIBlueprint
from apiflask.fields import Boolean, DateTime, Integer, List, Nested, String
from flask import request
from marshmallow import validate

from services.notifier.api.schemas_scopes import ScopeField, scoped
from services.notifier.domain import ENDPOINT_KEEPERS, LISTING_KINDS
from services.notifier.models import Deps
from services.notifier.models.outside import APPROVED, REFUSED, REVOKED
from services.notifier.queries.outside import STATES, subscriber_of, subscriber_view, subscribers
from services.notifier.usecases import outside
from shared.web.access import access, principal, public, roles
from shared.web.paging import page, page_schema
from shared.web.problem import problems
from shared.web.schemas import Schema, Text, VersionField

KEEPERS = roles(*ENDPOINT_KEEPERS)
KINDS = List(
    String(validate=validate.OneOf(tuple(LISTING_KINDS))),
    load_default=list,
    validate=validate.Length(max=len(LISTING_KINDS)),
    metadata={"description": "空表示全部"},
)


class ApplicationIn(Schema):
    organization = Text(200, required=True)
    purpose = Text(500, required=True)
    email = String(required=True, validate=validate.Length(min=3, max=254))
    url = Text(500, required=True, metadata={"description": "公网 https 地址"})
    event_types = KINDS
    scope = Nested(ScopeField, load_default=dict)


class AppliedOut(Schema):
    page = String(required=True, metadata={"description": "管理页面的地址，仅此一次给出，凭它领取密钥"})


class DecisionIn(Schema):
    version = VersionField(required=True)
    verdict = String(required=True, validate=validate.OneOf((APPROVED, REFUSED, REVOKED)))
    reason = Text(300, shortest=0, load_default="")


class SubscriberOut(Schema):
    id = String(required=True)
    organization = String(required=True)
    purpose = String(required=True)
    email = String(required=True)
    state = String(required=True, validate=validate.OneOf(tuple(STATES)))
    state_name = String(required=True)
    version = Integer(required=True)
    asked_at = DateTime(required=True)
    decided_at = DateTime(required=True, allow_none=True)
    decided_by = String(required=True, allow_none=True)
    reason = String(required=True, allow_none=True)
    url = String(required=True)
    event_types = List(String(), required=True)
    event_names = List(String(), required=True)
    scope = Nested(ScopeField, required=True)
    scope_text = String(required=True)
    enabled = Boolean(required=True)
    disabled_reason = String(required=True, allow_none=True)


SubscriberPage = page_schema(SubscriberOut, "SubscriberPage")


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_applying(bp, deps)
    _add_deciding(bp, deps)


def _add_applying(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/subscribers")
    @access(public())
    @problems(409, 429)
    @bp.input(ApplicationIn)
    @bp.output(AppliedOut, status_code=201)
    @bp.doc(summary="申请外部推送（只推送已公示的单位列入信息，须经审批）")
    def apply_outside(json_data: dict[str, Any]) -> dict[str, Any]:
        given = scoped(json_data)
        given["event_types"] = tuple(given["event_types"])
        wish = outside.Application(**given, network=request.remote_addr or "")
        with deps.db.write() as session:
            at, hosts = deps.clock.system_now(), deps.allowed_hosts
            link = outside.apply_for(session, deps.keyring, wish, allowed_hosts=hosts, at=at)
        return {"page": f"{request.path.removesuffix('/api/v1/subscribers')}/subscribers/mine/{link}"}


def _add_deciding(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/subscribers")
    @access(KEEPERS)
    @bp.output(SubscriberPage)
    @bp.doc(summary="外部推送的申请（最多五百个，待审批的在前）")
    def list_subscribers() -> dict[str, Any]:
        with deps.db.read() as session:
            return page(subscribers(session, deps.keyring), None)

    @bp.post("/subscribers/<subscriber_id>/decision")
    @access(KEEPERS)
    @problems(404, 409)
    @bp.input(DecisionIn)
    @bp.output(SubscriberOut)
    @bp.doc(summary="通过、不通过或者停止外部推送")
    def decide_subscriber(subscriber_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            found = subscriber_of(session, subscriber_id)
            at, mails, who = deps.clock.system_now(), bool(deps.mail_origin), principal()
            outside.decide(session, found, **json_data, actor=who, mails=mails, at=at)
            return subscriber_view(session, deps.keyring, found)
