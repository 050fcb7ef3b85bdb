"""What is late and what does not work: ladders of unsigned messages, and how each provider does."""

from datetime import timedelta
from typing import Any

from apiflask import APIBlueprint
from apiflask.fields import Boolean, DateTime, Float, Integer, List, String
from marshmallow import validate

from services.notifier.models import Deps
from services.notifier.queries.bounces import recent_bounces
from services.notifier.queries.escalations import STATES, escalation_page, ladder_rows
from services.notifier.queries.providers import WATCHERS, provider_health
from shared.web.access import access, principal, roles, signed_in
from shared.web.paging import PageQuery, page, page_schema
from shared.web.schemas import Schema

MOST_DAYS = 366


class EscalationQuery(PageQuery):
    state = String(load_default=None, validate=validate.OneOf(tuple(STATES)))


class EscalationOut(Schema):
    notice_id = String(required=True)
    event_type = String(required=True)
    title = String(required=True)
    department_name = String(required=True)
    own = Boolean(required=True, metadata={"description": "本部门的消息"})
    since = DateTime(required=True, metadata={"description": "开始等待签收的时间"})
    told = Integer(required=True, metadata={"description": "已催办几次"})
    next_at = DateTime(required=True, allow_none=True)
    next_name = String(required=True, metadata={"description": "下一次催办告知谁；已结束时为空"})
    state = String(required=True, validate=validate.OneOf(tuple(STATES)))
    state_name = String(required=True)
    acknowledged_at = DateTime(required=True, allow_none=True)
    acknowledged_by = String(required=True, allow_none=True)


EscalationPage = page_schema(EscalationOut, "EscalationPage")


class LadderOut(Schema):
    name = String(required=True)
    events = List(String(), required=True, metadata={"description": "适用的消息"})
    steps = List(String(), required=True)
    repeats = Integer(required=True, metadata={"description": "最后一级再重复几次"})
    source = String(required=True, metadata={"description": "依据"})
    assumed = Boolean(required=True, metadata={"description": "true：没有明文规定，为本系统的设定"})


LadderPage = page_schema(LadderOut, "LadderPage")


class ProviderQuery(Schema):
    days = Integer(load_default=7, validate=validate.Range(1, MOST_DAYS))


class ProviderOut(Schema):
    channel = String(required=True)
    channel_name = String(required=True)
    provider = String(required=True, metadata={"description": "- 表示该渠道没有单独的服务商"})
    attempts = Integer(required=True)
    delivered = Integer(required=True)
    failed = Integer(required=True)
    success_rate = Float(required=True, metadata={"description": "0 至 1"})
    cost = Integer(required=True, metadata={"description": "费用，单位为厘"})
    mean_ms = Integer(required=True)
    last_success_at = DateTime(required=True, allow_none=True)
    last_failure_at = DateTime(required=True, allow_none=True)
    last_failure_reason = String(required=True, allow_none=True)


ProviderPage = page_schema(ProviderOut, "ProviderPage")


class BounceOut(Schema):
    mail_id = String(required=True)
    kind = String(required=True)
    kind_name = String(required=True)
    status = String(required=True, metadata={"description": "邮件服务器答复的状态码，如 5.1.1"})
    effect = String(required=True)
    effect_name = String(required=True)
    at = DateTime(required=True)
    repeats = Integer(required=True, metadata={"description": "同一报告又出现几次，均不再生效"})
    repeated_at = DateTime(required=True, allow_none=True)


BouncePage = page_schema(BounceOut, "BouncePage")


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/escalations")
    @access(signed_in())
    @bp.input(EscalationQuery, location="query")
    @bp.output(EscalationPage)
    @bp.doc(summary="无人签收的消息催办到哪一级：本部门的；监督人员可见本行政区域的")
    def list_escalations(query_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.read() as session:
            return escalation_page(session, principal(), **query_data)

    @bp.get("/ladders")
    @access(signed_in())
    @bp.output(LadderPage)
    @bp.doc(summary="逐级催办的规则：哪些消息、多久以后、告知谁、依据")
    def list_ladders() -> dict[str, Any]:
        return page(ladder_rows(), None)

    @bp.get("/providers")
    @access(roles(*WATCHERS))
    @bp.input(ProviderQuery, location="query")
    @bp.output(ProviderPage)
    @bp.doc(summary="各渠道各服务商最近的发送、成功率、用时和费用")
    def list_providers(query_data: dict[str, Any]) -> dict[str, Any]:
        since = deps.clock.system_now() - timedelta(days=query_data["days"])
        with deps.db.read() as session:
            return page([vars(each) for each in provider_health(session, since=since)], None)

    @bp.get("/bounces")
    @access(roles(*WATCHERS))
    @bp.input(ProviderQuery, location="query")
    @bp.output(BouncePage)
    @bp.doc(summary="最近一百件有凭证的退信报告：是否生效、重复出现几次")
    def list_bounces(query_data: dict[str, Any]) -> dict[str, Any]:
        since = deps.clock.system_now() - timedelta(days=query_data["days"])
        with deps.db.read() as session:
            return page(recent_bounces(session, since=since), None)
