"""认领 as the API takes and tells it."""

from marshmallow import fields, validate

from services.credit_push.usecases.adopting import ADOPTED, LEFT, OPEN, PUSHED
from shared.web.paging import PageQuery, page_schema
from shared.web.schemas import Schema, Text

STATES = (*OPEN, ADOPTED, PUSHED, LEFT)
ACTIONS = ("choose", "leave", "push", "confirm", "refuse")


class CandidateDifferenceOut(Schema):
    """A field in which the candidates differ."""

    name = fields.String(required=True)
    value = fields.String(required=True, metadata={"description": "证件号码和自然人姓名已遮盖"})


class CandidateOut(Schema):
    """A record of the platform that may be the listing."""

    key = fields.String(
        required=True, metadata={"description": "该记录的标识，随登记名称和内容而定，选定时填写"}
    )
    chosen = fields.Boolean(required=True, metadata={"description": "已由一人选定，待另一人确认"})
    differs = fields.List(fields.Nested(CandidateDifferenceOut), required=True)
    subject_name = fields.String(required=True)
    uscc = fields.String(required=True, allow_none=True)
    document_number = fields.String(required=True)
    listed_in = fields.String(required=True, metadata={"description": "名单代码，或者所在的表"})
    own_id = fields.String(required=True, allow_none=True, metadata={"description": "平台登记的名单编号"})


class AdoptionOut(Schema):
    """A migrated listing at one platform."""

    id = fields.String(required=True)
    platform = fields.String(required=True)
    listing_id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    document_number = fields.String(required=True)
    candidates = fields.List(fields.Nested(CandidateOut), required=True)
    found_at = fields.DateTime(required=True)
    reason = fields.String(required=True, allow_none=True)
    proposed_by = fields.String(required=True, allow_none=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = fields.DateTime(required=True, allow_none=True)
    delivery_id = fields.String(required=True, allow_none=True)


class AdoptionQuery(PageQuery):
    """Filters of the list; without a state, what is open."""

    platform = fields.String(load_default=None, validate=validate.Length(max=40))
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


class AnswerIn(Schema):
    """What a person decides: choose a candidate, leave the platform alone, push; or the second word on it."""

    action = fields.String(required=True, validate=validate.OneOf(ACTIONS))
    candidate = fields.String(
        load_default="",
        validate=validate.Regexp(r"\A([0-9a-f]{32})?\Z"),
        metadata={"description": "选定（choose）时必填：候选记录的 key"},
    )
    reason = Text(500, shortest=0, load_default="", lines=True)


AdoptionPage = page_schema(AdoptionOut, "AdoptionPage")
