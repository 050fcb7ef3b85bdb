"""An officer's general preferences and stand-ins."""

from typing import Any

from apiflask import APIBlueprint
from apiflask.fields import Boolean, Date, DateTime, Integer, List, Nested, String
from marshmallow import validate

from services.notifier.api.schemas import ID
from services.notifier.domain import SEVERITIES
from services.notifier.models import Deps
from services.notifier.queries.people import (
    BY_SEVERITY,
    profile_of,
    stand_in_of,
    stand_in_views,
    stand_ins_of,
)
from services.notifier.templates import LANGUAGES
from services.notifier.usecases.standing_in import Absence, end_stand_in, name_stand_in, prefer
from shared.web.access import access, principal, signed_in
from shared.web.paging import page, page_schema
from shared.web.problem import problems
from shared.web.schemas import Flag, Schema, StatutoryDate


class SeverityChoice(Schema):
    severity = String(required=True, validate=validate.OneOf(SEVERITIES))
    email = Flag(required=True)
    sms = Flag(required=True)


class PreferencesIn(Schema):
    channels = List(Nested(SeverityChoice), required=True, validate=validate.Length(max=len(SEVERITIES)))
    digest_hour = Integer(required=True, strict=True, validate=validate.Range(min=0, max=23))
    language = String(load_default="zh", validate=validate.OneOf(tuple(LANGUAGES)))


class SeverityShown(Schema):
    severity = String(required=True)
    email = Boolean(required=True)
    sms = Boolean(required=True)


class PreferencesOut(Schema):
    channels = List(Nested(SeverityShown), required=True)
    digest_hour = Integer(required=True, metadata={"description": "每日汇总的钟点"})
    language = String(required=True)


class StandInIn(Schema):
    stand_in_id = String(required=True, validate=ID)
    from_day = StatutoryDate(required=True)
    to_day = StatutoryDate(required=True, metadata={"description": "含当日"})
    reason = String(load_default="", validate=validate.Length(max=200))
    hands_over = Flag(load_default=False, metadata={"description": "true：同时交接未签收的消息"})


class StandInOut(Schema):
    id = String(required=True)
    user_name = String(required=True)
    stand_in_id = String(required=True)
    stand_in_name = String(required=True)
    from_day = Date(required=True)
    to_day = Date(required=True)
    reason = String(required=True)
    hands_over = Boolean(required=True)
    mine = Boolean(required=True, metadata={"description": "true：本人的安排；false：本人代班"})
    ended_at = DateTime(required=True, allow_none=True)


StandInPage = page_schema(StandInOut, "StandInPage")


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_preferences(bp, deps)
    _add_stand_ins(bp, deps)


def _add_preferences(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/preferences")
    @access(signed_in())
    @bp.output(PreferencesOut)
    @bp.doc(summary="本人按紧急程度的接收设置")
    def get_preferences() -> dict[str, Any]:
        with deps.db.read() as session:
            return profile_of(session, principal().user_id)

    @bp.put("/preferences")
    @access(signed_in())
    @bp.input(PreferencesIn)
    @bp.output(PreferencesOut)
    @bp.doc(summary="设置本人按紧急程度的接收方式；没有写明的程度一律接收")
    def put_preferences(json_data: dict[str, Any]) -> dict[str, Any]:
        stated = {each["severity"]: [c for c in BY_SEVERITY if each[c]] for each in json_data["channels"]}
        wanted = {severity: stated.get(severity, BY_SEVERITY) for severity in SEVERITIES}
        hour, language, now = json_data["digest_hour"], json_data["language"], deps.clock.system_now()
        with deps.db.write() as session:
            prefer(session, wanted=wanted, digest_hour=hour, language=language, actor=principal(), at=now)
            session.flush()
            return profile_of(session, principal().user_id)


def _add_stand_ins(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/stand-ins")
    @access(signed_in())
    @bp.output(StandInPage)
    @bp.doc(summary="本人的代班安排，以及本人代班的安排")
    def get_stand_ins() -> dict[str, Any]:
        with deps.db.read() as session:
            return page(stand_ins_of(session, principal()), None)

    @bp.post("/stand-ins")
    @access(signed_in())
    @problems(409)
    @bp.input(StandInIn)
    @bp.output(StandInOut, 201)
    @bp.doc(summary="请本部门同事代班：期间的邮件和短信同时发给代班人")
    def post_stand_in(json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            row = name_stand_in(
                session,
                Absence(**json_data),
                actor=principal(),
                today=deps.clock.today(),
                at=deps.clock.system_now(),
                mails=bool(deps.mail_origin),
            )
            return stand_in_views(session, [row], principal())[0]

    @bp.post("/stand-ins/<stand_in_id>/end")
    @access(signed_in())
    @problems(409)
    @bp.output(StandInOut)
    @bp.doc(summary="提前结束代班")
    def post_stand_in_end(stand_in_id: str) -> dict[str, Any]:
        with deps.db.write() as session:
            row = stand_in_of(session, principal(), stand_in_id)
            end_stand_in(session, row, at=deps.clock.system_now())
            return stand_in_views(session, [row], principal())[0]
