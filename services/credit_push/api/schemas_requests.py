"""Objections and repairs as platforms bring them and operators see them."""

from marshmallow import fields, validate

from services.credit_push.usecases.requesting import KINDS
from shared.web.paging import PageQuery, page_schema
from shared.web.schemas import Schema, Text


class RequestIn(Schema):
    """One party's request, under the platform's own ticket."""

    kind = fields.String(required=True, validate=validate.OneOf(tuple(KINDS)))
    listing_id = Text(36, required=True)
    ticket = Text(100, required=True)
    received_on = fields.Date(required=True, metadata={"description": "平台收到申请的日期"})
    evidence = Text(2000, required=True, lines=True)
    commitment = Text(4000, load_default=None, allow_none=True, lines=True)


class RequestOut(Schema):
    """What was taken and handed on to the case."""

    id = fields.String(required=True)
    platform = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(tuple(KINDS)))
    listing_id = fields.String(required=True)
    document_number = fields.String(required=True)
    ticket = fields.String(required=True)
    received_on = fields.Date(required=True)
    taken_at = fields.DateTime(required=True)


class RequestQuery(PageQuery):
    """Filters of the list of requests."""

    listing_id = fields.String(load_default=None, validate=validate.Length(max=36))


RequestPage = page_schema(RequestOut, "RequestPage")
