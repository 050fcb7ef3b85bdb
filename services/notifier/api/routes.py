"""What a department wants to hear of beyond the routing data, and what receivers of each channel are told."""

from typing import Any

from apiflask import APIBlueprint
from apiflask.fields import Boolean, Integer, List, Nested, String

from services.notifier.api import schemas_scopes as schemas
from services.notifier.channels import RECEIVERS
from services.notifier.channels.receiving import asked_of
from services.notifier.domain import CHANNEL_NAMES, ENDPOINT_KEEPERS
from services.notifier.models import Deps
from services.notifier.queries.routes import added_route_of, added_route_view, routes_of
from services.notifier.usecases import routes
from shared.web.access import access, principal, roles, signed_in
from shared.web.paging import page, page_schema
from shared.web.problem import problems
from shared.web.schemas import Schema

KEEPERS = roles(*ENDPOINT_KEEPERS)


class AskedOut(Schema):
    name = String(required=True)
    label = String(required=True)
    hint = String(required=True)
    required = Boolean(required=True)
    longest = Integer(required=True, metadata={"description": "最多字数"})
    secret = Boolean(required=True, metadata={"description": "true：只写，保存后不再显示"})


class ChannelFormOut(Schema):
    channel = String(required=True)
    name = String(required=True)
    fields_ = List(Nested(AskedOut), required=True, data_key="fields")


ChannelFormPage = page_schema(ChannelFormOut, "ChannelFormPage")


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_forms(bp)
    _add_list(bp, deps)
    _add_one(bp, deps)


def _add_forms(bp: APIBlueprint) -> None:
    @bp.get("/channels")
    @access(signed_in())
    @bp.output(ChannelFormPage)
    @bp.doc(summary="各渠道的接收端须填写的内容")
    def list_channel_forms() -> dict[str, Any]:
        forms = [
            {
                "channel": name,
                "name": CHANNEL_NAMES[name],
                "fields_": [vars(each) for each in asked_of(schema)],
            }
            for name, schema in RECEIVERS.items()
        ]
        return page(forms, None)


def _add_list(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/routes")
    @access(signed_in())
    @bp.output(schemas.AddedRoutePage)
    @bp.doc(summary="本部门在法定底线之外加收的消息")
    def list_added_routes() -> dict[str, Any]:
        with deps.db.read() as session:
            return page([added_route_view(each) for each in routes_of(session, principal())], None)

    @bp.post("/routes")
    @access(KEEPERS)
    @problems(409)
    @bp.input(schemas.AddedRouteIn)
    @bp.output(schemas.AddedRouteOut, status_code=201)
    @bp.doc(summary="新增加收（按消息类型、领域、地区、名单、程度和角色）")
    def add_route(json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            now = deps.clock.system_now()
            return added_route_view(routes.add_route(session, _wanted(json_data), actor=principal(), at=now))


def _add_one(bp: APIBlueprint, deps: Deps) -> None:
    @bp.put("/routes/<route_id>")
    @access(KEEPERS)
    @problems(404, 409)
    @bp.input(schemas.AddedRouteChangeIn)
    @bp.output(schemas.AddedRouteOut)
    @bp.doc(summary="修改加收")
    def change_route(route_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
        version = json_data.pop("version")
        with deps.db.write() as session:
            found = added_route_of(session, principal(), route_id)
            now = deps.clock.system_now()
            routes.change_route(session, found, _wanted(json_data), version=version, at=now)
            return added_route_view(found)

    @bp.delete("/routes/<route_id>")
    @access(KEEPERS)
    @bp.output({}, status_code=204)
    @bp.doc(summary="删除加收")
    def delete_route(route_id: str) -> str:
        with deps.db.write() as session:
            routes.remove_route(session, added_route_of(session, principal(), route_id))
        return ""


def _wanted(given: dict[str, Any]) -> routes.Wanted:
    return routes.Wanted(**schemas.scoped(given))
