"""What is seen of a listing at public sites, as the API takes and tells it."""

from marshmallow import fields, validate

from services.credit_push.queries import OPEN_FINDINGS
from services.credit_push.sights import (
    ABSENT,
    ACKNOWLEDGED_ONLY,
    CONTRADICTED,
    DISPLAYED,
    HOW_NAMES,
    NOTHING,
)
from shared.web.paging import PageQuery, page_schema
from shared.web.schemas import Schema, Text

EVIDENCE = (*HOW_NAMES, ACKNOWLEDGED_ONLY, NOTHING, CONTRADICTED)


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
    against_at = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "最近一次查见与回执相反的时间"}
    )
    against_how = fields.String(required=True, allow_none=True)
    evidence = fields.String(
        required=True,
        validate=validate.OneOf(EVIDENCE),
        metadata={
            "description": "asked 经查询，reported 平台报告，hand 人工查看，acknowledged 只有回执，"
            "nothing 尚无依据，contradicted 查见与回执相反"
        },
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


class FindingOut(Schema):
    """One site seen otherwise than a receipt says."""

    id = fields.String(required=True)
    platform = fields.String(required=True)
    listing_id = fields.String(required=True)
    document_number = fields.String(required=True)
    via = fields.String(required=True, metadata={"description": "回执所属的平台；直接推送的即平台本身"})
    expects = fields.String(required=True, validate=validate.OneOf((DISPLAYED, ABSENT)))
    since = fields.DateTime(required=True, metadata={"description": "回执时间"})
    seen_at = fields.DateTime(required=True)
    seen_how = fields.String(required=True, validate=validate.OneOf(tuple(HOW_NAMES)))
    opened_at = fields.DateTime(required=True)
    due = fields.Date(required=True, attribute="due_on")
    taken_by = fields.String(required=True, allow_none=True)
    taken_at = fields.DateTime(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)
    closed_at = fields.DateTime(required=True, allow_none=True)
    closed_why = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "seen 查见与回执一致，passed 该名单已有新的回执"},
    )


class FindingQuery(PageQuery):
    """Filters of the list of findings."""

    platform = fields.String(load_default=None, validate=validate.Length(max=40))
    listing_id = fields.String(load_default=None, validate=validate.Length(max=36))
    state = fields.String(load_default="open", validate=validate.OneOf(tuple(OPEN_FINDINGS)))


class NoteIn(Schema):
    """What a person has done about a finding."""

    note = Text(500, required=True, lines=True)


FindingPage = page_schema(FindingOut, "FindingPage")


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
