"""Refused receipts as the API tells them."""

from marshmallow import fields, validate

from services.credit_push.usecases.refusing import DOORS, WHYS
from shared.web.paging import PageQuery, page_schema
from shared.web.schemas import Schema


class RefusedQuery(PageQuery):
    """Filters of the list of refused receipts."""

    platform = fields.String(load_default=None, validate=validate.Length(max=40))
    why = fields.String(load_default=None, validate=validate.OneOf(tuple(WHYS)))


class RefusedOut(Schema):
    """One receipt or request that was not believed; of its body only the digest is known."""

    id = fields.String(required=True)
    platform = fields.String(required=True, metadata={"description": "`-`：没有这个平台"})
    door = fields.String(required=True, validate=validate.OneOf(tuple(DOORS)))
    why = fields.String(required=True, validate=validate.OneOf(tuple(WHYS)))
    key_id = fields.String(required=True, allow_none=True)
    body_sha256 = fields.String(required=True)
    address = fields.String(required=True, allow_none=True)
    received_at = fields.DateTime(required=True)


RefusedPage = page_schema(RefusedOut, "RefusedPage")
