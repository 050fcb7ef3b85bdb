"""Which measures a department applies, and who has not acknowledged that a listing ended."""

from typing import Any

from apiflask import APIBlueprint
from apiflask.fields import Boolean, DateTime, String
from marshmallow import validate

from services.notifier.domain import ENDPOINT_KEEPERS
from services.notifier.models import Deps
from services.notifier.queries.enforcing import (
    StopFilter,
    enforcement_of,
    enforcer_view,
    institutions_for,
    stop_page,
)
from services.notifier.routing.enforcement import FIELDS
from services.notifier.usecases import enforcing
from shared.web.access import access, principal, roles, signed_in
from shared.web.paging import PageQuery, page, page_schema
from shared.web.problem import problems
from shared.web.schemas import RegionField, Schema

KEEPERS = roles(*ENDPOINT_KEEPERS)


class EnforcementIn(Schema):
    domain = String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(tuple(FIELDS)),
        metadata={"description": "领域代码，空表示全部"},
    )
    region = RegionField(required=True)


class EnforcementOut(Schema):
    id = String(required=True)
    domain = String(required=True, allow_none=True)
    domain_name = String(required=True)
    region = String(required=True)
    region_name = String(required=True)
    created_by = String(required=True)
    created_at = DateTime(required=True)


EnforcementPage = page_schema(EnforcementOut, "EnforcementPage")


class InstitutionOut(EnforcementOut):
    institution_id = String(required=True)
    institution_name = String(required=True)


InstitutionPage = page_schema(InstitutionOut, "InstitutionPage")


class StopQuery(PageQuery):
    outstanding = Boolean(
        load_default=None,
        truthy={"true"},
        falsy={"false"},
        metadata={"description": "true：只看应停止而尚未签收的"},
    )
    case_id = String(load_default=None, validate=validate.Length(min=1, max=64))


class StopOut(Schema):
    notice_id = String(required=True)
    case_id = String(required=True)
    listing_id = String(required=True, allow_none=True)
    must_stop = Boolean(required=True, metadata={"description": "false：恢复公示的告知，无须签收"})
    cause = String(required=True)
    subject_name = String(required=True)
    document_number = String(required=True, allow_none=True)
    institution_id = String(required=True)
    institution_name = String(required=True)
    told_at = DateTime(required=True)
    acknowledged_at = DateTime(required=True, allow_none=True)
    acknowledged_by = String(required=True, allow_none=True)
    escalation = String(required=True, allow_none=True, metadata={"description": "逐级催办的进展"})


StopPage = page_schema(StopOut, "StopPage")


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_enforcement(bp, deps)
    _add_stops(bp, deps)


def _add_enforcement(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/enforcement")
    @access(signed_in())
    @bp.output(EnforcementPage)
    @bp.doc(summary="本部门实施惩戒措施的领域和地区")
    def list_enforcement() -> dict[str, Any]:
        with deps.db.read() as session:
            return page(enforcement_of(session, principal()), None)

    @bp.get("/institutions")
    @access(signed_in())
    @bp.output(InstitutionPage)
    @bp.doc(summary="本地区列入信息停止时会收到通知的单位（最多二百项）")
    def list_institutions() -> dict[str, Any]:
        with deps.db.read() as session:
            return page(institutions_for(session, principal().region), None)

    @bp.post("/enforcement")
    @access(KEEPERS)
    @problems(409)
    @bp.input(EnforcementIn)
    @bp.output(EnforcementOut, status_code=201)
    @bp.doc(summary="登记本部门实施惩戒措施的领域和地区（移出时收到须签收的通知）")
    def state_enforcement(json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            now = deps.clock.system_now()
            return enforcer_view(enforcing.state_enforcement(session, **json_data, actor=principal(), at=now))

    @bp.delete("/enforcement/<enforcement_id>")
    @access(KEEPERS)
    @bp.output({}, status_code=204)
    @bp.doc(summary="撤回登记")
    def end_enforcement(enforcement_id: str) -> str:
        with deps.db.write() as session:
            enforcing.end_enforcement(session, enforcement_id, actor=principal())
        return ""


def _add_stops(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/stops")
    @access(signed_in())
    @bp.input(StopQuery, location="query")
    @bp.output(StopPage)
    @bp.doc(summary="列入信息停止后，哪些单位已签收、哪些尚未签收")
    def list_stops(query_data: dict[str, Any]) -> dict[str, Any]:
        limit, cursor = query_data.pop("limit"), query_data.pop("cursor")
        with deps.db.read() as session:
            return stop_page(session, principal(), StopFilter(**query_data), cursor, limit)
