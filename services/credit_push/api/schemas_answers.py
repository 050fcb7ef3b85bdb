"""What became of requests, on its way back to the platforms."""

from marshmallow import fields, validate

from services.credit_push.usecases.answering import STATES
from services.credit_push.usecases.requesting import KINDS
from shared.contracts.request_outcomes import OUTCOMES
from shared.web.paging import PageQuery, page_schema
from shared.web.schemas import Schema, Text


class AnswerOut(Schema):
    """One outcome of one ticket."""

    id = fields.String(
        required=True,
        metadata={"description": "也是发给平台的幂等键；被平台拒收后再次回传的，其后另加序号（r1、r2）"},
    )
    platform = fields.String(required=True)
    ticket = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(tuple(KINDS)))
    listing_id = fields.String(required=True)
    document_number = fields.String(required=True)
    outcome = fields.String(required=True, validate=validate.OneOf(tuple(OUTCOMES)))
    reason = fields.String(required=True, allow_none=True)
    decided_at = fields.DateTime(required=True)
    state = fields.String(required=True, validate=validate.OneOf(tuple(STATES)))
    attempts = fields.Integer(required=True, strict=True)
    next_at = fields.DateTime(required=True, allow_none=True)
    problem = fields.String(required=True, allow_none=True)
    receipt_number = fields.String(required=True, allow_none=True)
    answered_at = fields.DateTime(required=True, allow_none=True)
    told_by = fields.String(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)


class AnswerQuery(PageQuery):
    """Filters of the list of outcomes."""

    state = fields.String(load_default=None, validate=validate.OneOf(tuple(STATES)))
    platform = fields.String(load_default=None, validate=validate.Length(max=40))
    ticket = fields.String(load_default=None, validate=validate.Length(max=100))


class ToldIn(Schema):
    """How a person told the platform."""

    note = Text(500, required=True, lines=True)


AnswerPage = page_schema(AnswerOut, "AnswerPage")
