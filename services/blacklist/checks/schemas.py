"""What batch checks and tender projects take and answer over HTTP; unknown fields are refused."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apiflask.fields import File
from marshmallow import ValidationError, fields, validate, validates_schema

from services.blacklist.checks.domain.figures import figure
from services.blacklist.register.schemas import OrganisationName, RegisterVersion, Scope
from services.blacklist.rules.filters import existing_action, existing_domain
from services.blacklist.transparency.schemas import SignedOut
from shared.clock import SHANGHAI
from shared.web.paging import page_schema
from shared.web.schemas import RegionField, Schema, StatutoryDate, Text, UsccField

STATES = ("received", "running", "done", "failed")


class CheckFor(Schema):
    """What organisations are to be checked for."""

    domain = fields.String(load_default=None, validate=existing_domain)
    region = RegionField(load_default=None)
    action = fields.String(load_default=None, validate=existing_action)
    as_of = StatutoryDate(load_default=None)
    alike = fields.Boolean(load_default=True, metadata={"description": "名称未查到的，是否再按近似查找"})


class JobIn(CheckFor):
    """A table of organisations."""

    file = File(required=True)  # type: ignore[no-untyped-call]


class ListIn(CheckFor):
    """A pasted list, an organisation a line."""

    lines = fields.String(required=True, validate=validate.Length(max=300_000))


class JobOut(Schema):
    """How far a batch check has come; `current` is false once what was found is public no more."""

    id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    file_name = fields.String(required=True)
    progress = fields.Float(required=True, allow_none=True)
    current = fields.Boolean(required=True)
    scope = fields.Nested(Scope, required=True)
    register = fields.Nested(RegisterVersion, required=True, allow_none=True)
    done_rows = fields.Integer(required=True)
    expected_rows = fields.Integer(required=True, allow_none=True)
    listed_rows = fields.Integer(required=True)
    possible_rows = fields.Integer(required=True)
    barred_rows = fields.Integer(required=True)
    bad_rows = fields.Integer(required=True)
    problem = fields.String(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)
    expires_at = fields.AwareDateTime(required=True)


class JobMade(JobOut):
    """With the code of its link, told this once."""

    code = fields.String(required=True)
    url = fields.String(required=True)


class JobList(Schema):
    items = fields.List(fields.Nested(JobOut), required=True)
    next = fields.String(required=True, allow_none=True)


class CutoffField(fields.AwareDateTime):
    """A moment; without an offset it is Beijing time."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=SHANGHAI, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        at: datetime = super()._deserialize(value, attr, data, **kwargs)
        if not 2000 <= at.year <= 2100:
            raise ValidationError("应在 2000 年至 2100 年之间。")
        return at


class BidderIn(Schema):
    """One organisation by name, code or both."""

    name = OrganisationName(200, load_default=None)
    uscc = UsccField(load_default=None)

    @validates_schema
    def names_someone(self, data: dict[str, Any], **_: Any) -> None:
        if not (data.get("name") or data.get("uscc")):
            raise ValidationError({"name": ["请填写名称或统一社会信用代码。"]})


class GroupIn(Schema):
    """Who bids together; one alone is a group as well."""

    name = Text(200, load_default=None)
    members = fields.List(
        fields.Nested(BidderIn),
        required=True,
        validate=validate.Length(min=1, max=figure("projects", "max_members")),
    )


class ProjectFacts(Schema):
    """项目编号、名称、招标人或者代理机构、投标截止时间, and for what the bidders are to be judged."""

    number = Text(100, required=True)
    name = Text(200, required=True)
    operator = Text(200, required=True)
    cutoff_at = CutoffField(required=True)
    domain = fields.String(load_default=None, validate=existing_domain)
    region = RegionField(load_default=None)
    action = fields.String(load_default=None, validate=existing_action)


class ProjectIn(ProjectFacts):
    groups = fields.List(
        fields.Nested(GroupIn),
        required=True,
        validate=validate.Length(min=1, max=figure("projects", "max_groups")),
    )


class CloseIn(Schema):
    """定标: the number of the group that won, or nothing where the project ends without award."""

    winner = fields.Integer(
        load_default=None, strict=True, validate=validate.Range(min=1, max=figure("projects", "max_groups"))
    )


class ProjectLine(Schema):
    """A project without its bidders."""

    id = fields.String(required=True)
    number = fields.String(required=True)
    name = fields.String(required=True)
    operator = fields.String(required=True)
    cutoff_at = fields.AwareDateTime(required=True)
    domain = fields.String(required=True, allow_none=True)
    region = fields.String(required=True, allow_none=True)
    action = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(("open", "awarded", "ended")))
    winner = fields.Integer(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)


class ProjectMade(ProjectLine):
    """With the code of its link, told this once."""

    code = fields.String(required=True)
    url = fields.String(required=True)


class MemberOut(Schema):
    """A member's answer, dates as text."""

    name = fields.String(required=True, allow_none=True)
    uscc = fields.String(required=True, allow_none=True)
    listed = fields.Boolean(required=True)
    verdict = fields.String(required=True)
    list_class = fields.String(required=True, allow_none=True)
    barred = fields.String(required=True)
    listings = fields.List(fields.Dict(), required=True)
    measures = fields.List(fields.Dict(), required=True)


class GroupOut(Schema):
    """A group as its worst member."""

    number = fields.Integer(required=True)
    name = fields.String(required=True, allow_none=True)
    verdict = fields.String(
        required=True, validate=validate.OneOf(("listed", "possible", "outdated", "none"))
    )
    barred = fields.String(required=True, validate=validate.OneOf(("yes", "unclear", "no")))
    list_class = fields.String(required=True, allow_none=True)
    members = fields.List(fields.Nested(MemberOut), required=True)


class NewsOut(Schema):
    """What changed for a bidder before the award."""

    kind = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    bidder = fields.Dict(required=True)


class SheetLine(Schema):
    code = fields.String(required=True)
    issued_at = fields.AwareDateTime(required=True)


class ProjectOut(ProjectLine):
    """With its groups as last asked (`outdated` where what was found is public no more), news and sheets."""

    answered_at = fields.AwareDateTime(required=True)
    scope = fields.Nested(Scope, required=True)
    groups = fields.List(fields.Nested(GroupOut), required=True)
    news = fields.List(fields.Nested(NewsOut), required=True)
    sheets = fields.List(fields.Nested(SheetLine), required=True)


class SheetMade(SignedOut):
    """The signed sheet, and where to get and check it."""

    code = fields.String(required=True)
    verify_at = fields.String(required=True)
    pdf = fields.String(required=True)


ProjectPage = page_schema(ProjectLine, "TenderProjectPage")
