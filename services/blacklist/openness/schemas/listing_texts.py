"""Texts about listings for other outlets: what is sent and answered."""

from marshmallow import fields, validate

from services.blacklist.openness.domain.channels import channels
from services.blacklist.openness.domain.listing_texts import KINDS, STATES
from services.blacklist.openness.schemas.answers import moment, words
from services.blacklist.openness.schemas.inputs import optional_text
from shared.web.paging import PageQuery, page_schema
from shared.web.schemas import Schema

OUTLET = validate.OneOf(tuple(channels()))


class ListingTextIn(Schema):
    """文字稿;不写 text 的,按模板生成."""

    listing_id = fields.UUID(required=True)
    channel = fields.String(required=True, validate=OUTLET)
    text = optional_text(1000, lines=True)


class ListingTextQuery(PageQuery):
    state = fields.String(load_default=None, validate=validate.OneOf(tuple(STATES)))


class ListingTextView(Schema):
    """一份文字稿;列入信息不公示的,text 为空."""

    id = words()
    listing_id = words()
    version = fields.Integer(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(tuple(KINDS)))
    kind_name = words()
    channel = words()
    channel_name = words()
    text = fields.String(required=True)
    public = fields.Boolean(required=True, metadata={"description": "文字现在可以看、可以发"})
    state = fields.String(required=True, validate=validate.OneOf(tuple(STATES)))
    state_name = words()
    can_register = fields.Boolean(required=True, metadata={"description": "可以登记已发出"})
    drafter_name = words()
    approver_name = words(null=True)
    created_at = fields.AwareDateTime(required=True)
    sent_at = moment()
    sent_to = words(null=True)


class OutletsIn(Schema):
    """列入信息变动时自动拟稿的渠道;空表示不自动拟稿."""

    channels = fields.List(
        fields.String(validate=OUTLET), required=True, validate=validate.Length(max=len(channels()))
    )


class OutletView(Schema):
    """自动拟稿的渠道."""

    channel = words()
    name = words()
    since = fields.AwareDateTime(required=True)
    chosen_by = words()


class OutletsView(Schema):
    """本部门自动拟稿的渠道."""

    items = fields.List(fields.Nested(OutletView), required=True)


ListingTextPage = page_schema(ListingTextView, "ListingTextPage")
