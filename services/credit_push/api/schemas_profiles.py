"""What the profile routes take and answer."""

from marshmallow import fields, validate

from services.credit_push.usecases.profiles import LONGEST, REFUSED, RELEASED, WAITING
from shared.web.paging import PageQuery, page_schema
from shared.web.schemas import Flag, Schema, Text


class TextIn(Schema):
    """A platform's file (TOML)."""

    text = Text(LONGEST, required=True, lines=True)


class ProfileIn(TextIn):
    """A proposal."""

    reason = Text(500, required=True)


class DecideProfileIn(Schema):
    """Released, or sent back."""

    agree = Flag(required=True)


class DraftQuery(PageQuery):
    """Filters of the list of profiles."""

    platform = fields.String(load_default=None, validate=validate.Length(max=40))


class ProblemOut(Schema):
    """One thing wrong in the text."""

    line = fields.Integer(required=True)
    field = fields.String(required=True)
    message = fields.String(required=True)


class CheckedOut(Schema):
    """Everything wrong; nothing: it may be proposed."""

    platform = fields.String(required=True)
    problems = fields.List(fields.Nested(ProblemOut), required=True)


class DraftOut(Schema):
    """A proposal or a release."""

    id = fields.String(required=True)
    platform = fields.String(required=True)
    text = fields.String(required=True)
    reason = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf((WAITING, RELEASED, REFUSED)))
    number = fields.Integer(required=True, allow_none=True)
    proposed_by = fields.String(required=True)
    proposed_at = fields.DateTime(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = fields.DateTime(required=True, allow_none=True)


DraftPage = page_schema(DraftOut, "DraftPage")
