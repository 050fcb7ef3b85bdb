"""What a receiver or a route is narrowed to, as the API takes and gives it; and routes themselves."""

from typing import Any

from apiflask.fields import DateTime, Integer, List, Nested, String
from marshmallow import validate

from services.notifier.domain import ROLE_NAMES, SEVERITIES
from services.notifier.routing.added import SOURCES
from services.notifier.routing.enforcement import FIELDS
from services.notifier.routing.scopes import LIST_CODE, MOST_EACH, Scope
from shared.web.paging import page_schema
from shared.web.schemas import RegionField, Schema, Text, VersionField

SOME = validate.Length(max=MOST_EACH)
KIND = validate.Regexp(r"^[a-z][a-z.-]{0,58}\*?\Z", error="应为消息类型，如 case.published 或 case.*。")


class ScopeField(Schema):
    """Empty means all."""

    domains = List(String(validate=validate.OneOf(tuple(FIELDS))), load_default=list, validate=SOME)
    regions = List(RegionField(), load_default=list, validate=SOME)
    lists = List(
        String(validate=validate.Regexp(rf"^{LIST_CODE}\Z", error="应为名单代码。")),
        load_default=list,
        validate=SOME,
    )
    severities = List(String(validate=validate.OneOf(SEVERITIES)), load_default=list, validate=SOME)


def scoped(given: dict[str, Any]) -> dict[str, Any]:
    """The fields of a body, with the scope as the use cases take it."""
    return {**given, "scope": Scope.read(given["scope"])} if "scope" in given else given


class AddedRouteIn(Schema):
    name = Text(100, required=True)
    source = String(
        required=True,
        validate=validate.OneOf(tuple(SOURCES)),
        metadata={"description": "own：本部门的事项；others：其他部门已公示的单位列入信息"},
    )
    event_types = List(String(validate=KIND), load_default=list, validate=SOME)
    scope = Nested(ScopeField, load_default=dict)
    roles = List(
        String(validate=validate.OneOf(tuple(ROLE_NAMES))),
        required=True,
        validate=validate.Length(min=1, max=len(ROLE_NAMES)),
    )


class AddedRouteChangeIn(AddedRouteIn):
    version = VersionField(required=True)


class AddedRouteOut(Schema):
    id = String(required=True)
    name = String(required=True)
    source = String(required=True)
    source_name = String(required=True)
    event_types = List(String(), required=True, metadata={"description": "空表示全部"})
    scope = Nested(ScopeField, required=True)
    scope_text = String(required=True)
    roles = List(String(), required=True)
    role_names = List(String(), required=True)
    version = Integer(required=True)
    created_by = String(required=True)
    created_at = DateTime(required=True)
    updated_at = DateTime(required=True)


AddedRoutePage = page_schema(AddedRouteOut, "AddedRoutePage")
