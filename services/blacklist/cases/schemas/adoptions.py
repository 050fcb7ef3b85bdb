"""Shapes of adopting migrated listings (接管)."""

from marshmallow import fields, validate

from services.blacklist.cases.schemas.inputs import IdField
from shared.web.paging import PageQuery, page_schema
from shared.web.schemas import Schema, Text

STATES = ("proposed", "confirmed", "refused")


class AdoptionIn(Schema):
    """Which listing, and why this department answers for it."""

    listing_id = IdField(required=True)
    reason = Text(500, required=True)


class RefusalIn(Schema):
    """Why the listing is not taken over."""

    reason = Text(500, required=True)


class AdoptionQuery(PageQuery):
    """Filter of the list."""

    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


class AdoptionOut(Schema):
    """One proposal and what became of it."""

    id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    listing_id = fields.String(required=True)
    case_id = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "确认后生成的案件，在此案件上办理更正、移出等"},
    )
    subject_name = fields.String(required=True)
    list_code = fields.String(required=True)
    document_number = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True)
    proposed_by = fields.String(required=True)
    proposed_at = fields.DateTime(required=True)
    decided_at = fields.DateTime(required=True, allow_none=True)
    answer = fields.String(required=True, allow_none=True)


AdoptionPage = page_schema(AdoptionOut, "AdoptionPage")
