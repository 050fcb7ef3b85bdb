"""What tools send: JSON documents within form or query parameters, and what they are told."""

from typing import Any

from marshmallow import fields, validate

from services.blacklist.register.schemas import Scope
from shared.web.schemas import Schema

MOST_QUERIES, MOST_IDS, MOST_PROPERTIES = 100, 500, 50
STRICT = ("any", "should", "all")


class Asked(Schema):
    """One of the two, as JSON text; neither asks for the manifest."""

    queries = fields.String(load_default=None, metadata={"description": "查询批次（JSON）"})
    extend = fields.String(load_default=None, metadata={"description": "数据扩展请求（JSON）"})


class GivenProperty(Schema):
    pid = fields.String(required=True)
    v = fields.Raw(required=True, allow_none=True)


def types_of(value: Any) -> frozenset[str]:
    """A type's id or several; anything else is no type."""
    return frozenset(
        each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)
    )


def first_text(value: Any) -> str:
    """The first of the values given, as text: a plain value, or another entity by its id."""
    first = value[0] if isinstance(value, list) and value else value
    if isinstance(first, dict):
        first = first.get("id", "")
    return "" if first is None or isinstance(first, list | dict) else str(first).strip()


class Query(Schema):
    """One row to be matched."""

    query = fields.String(load_default="")
    type = fields.Raw(load_default=None)
    limit = fields.Integer(load_default=10, validate=validate.Range(min=1))
    properties = fields.List(
        fields.Nested(GivenProperty), load_default=list, validate=validate.Length(max=MOST_PROPERTIES)
    )
    type_strict = fields.String(load_default="should", validate=validate.OneOf(STRICT))


class WantedProperty(Schema):
    id = fields.String(required=True)
    settings = fields.Dict(load_default=dict)


class Extension(Schema):
    """Which facts of which entities."""

    ids = fields.List(fields.String(), required=True, validate=validate.Length(max=MOST_IDS))
    properties = fields.List(
        fields.Nested(WantedProperty), required=True, validate=validate.Length(max=MOST_PROPERTIES)
    )


class Prefix(Schema):
    """What has been typed so far."""

    prefix = fields.String(load_default="")
    type = fields.String(load_default="", metadata={"description": "提示属性时所属的类型"})
    cursor = fields.Integer(load_default=0, validate=validate.Range(min=0, max=10_000))


class Proposal(Schema):
    type = fields.String(load_default="organization")
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=1000))


class Suggestion(Schema):
    """One line of a menu."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    description = fields.String()
    notable = fields.List(fields.Dict())


class Suggestions(Schema):
    result = fields.List(fields.Nested(Suggestion), required=True)


class SuggestedEntities(Suggestions):
    scope = fields.Nested(Scope, required=True)


class Proposed(Schema):
    """Facts that can be fetched of an entity of this type."""

    type = fields.String(required=True)
    limit = fields.Integer(required=True)
    properties = fields.List(fields.Nested(Suggestion), required=True)
