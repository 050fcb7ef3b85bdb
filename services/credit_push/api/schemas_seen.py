"""What is seen of a listing at public sites, as the API takes and tells it."""

from marshmallow import fields, validate

from services.credit_push.sights import ABSENT, ACKNOWLEDGED_ONLY, DISPLAYED, HOW_NAMES, NOTHING
from shared.web.schemas import Schema, Text

EVIDENCE = (*HOW_NAMES, ACKNOWLEDGED_ONLY, NOTHING)


class AppearanceOut(Schema):
    """One public site: what should be seen there, what is, and how that is known."""

    platform = fields.String(required=True)
    platform_name = fields.String(required=True)
    site = fields.String(required=True)
    via = fields.String(
        required=True, allow_none=True, metadata={"description": "由哪个平台转送；直接推送的为空"}
    )
    via_name = fields.String(required=True, allow_none=True)
    expects = fields.String(required=True, validate=validate.OneOf((DISPLAYED, ABSENT)))
    acknowledged_at = fields.DateTime(required=True)
    displayed_at = fields.DateTime(required=True, allow_none=True)
    displayed_how = fields.String(required=True, allow_none=True)
    absent_at = fields.DateTime(required=True, allow_none=True)
    absent_how = fields.String(required=True, allow_none=True)
    seen_at = fields.DateTime(required=True, allow_none=True)
    lag_seconds = fields.Integer(required=True, allow_none=True)
    asked_at = fields.DateTime(required=True, allow_none=True)
    asks = fields.Integer(required=True)
    evidence = fields.String(
        required=True,
        validate=validate.OneOf(EVIDENCE),
        metadata={"description": "asked 经查询，reported 平台报告，hand 人工查看，acknowledged 只有回执"},
    )


class ObservationOut(Schema):
    """One sight, as it was recorded."""

    platform = fields.String(required=True)
    seen = fields.String(required=True, validate=validate.OneOf((DISPLAYED, ABSENT)))
    how = fields.String(required=True, validate=validate.OneOf(tuple(HOW_NAMES)))
    at = fields.DateTime(required=True)
    who = fields.String(required=True)
    url = fields.String(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)
    screenshot_sha256 = fields.String(required=True, allow_none=True)
    recorded_at = fields.DateTime(required=True)


class AppearancesOut(Schema):
    """A listing at every public site, and every sight of it (the newest 200)."""

    items = fields.List(fields.Nested(AppearanceOut), required=True)
    next = fields.String(required=True, allow_none=True)
    observations = fields.List(fields.Nested(ObservationOut), required=True)


class SightIn(Schema):
    """What a person has seen at a public site."""

    platform = Text(40, required=True)
    seen = fields.String(required=True, validate=validate.OneOf((DISPLAYED, ABSENT)))
    at = fields.AwareDateTime(load_default=None, allow_none=True, metadata={"description": "不填为现在"})
    url = fields.String(load_default="", validate=validate.Length(max=500))
    note = Text(500, shortest=0, load_default="", lines=True)
    screenshot_sha256 = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(r"^[0-9a-f]{64}\Z", error="应为 64 位小写十六进制摘要。"),
    )
