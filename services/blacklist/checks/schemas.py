"""What batch checks and tender projects take and answer over HTTP; unknown fields are refused."""

from apiflask.fields import File
from marshmallow import fields, validate

from services.blacklist.register.schemas import SLUG, RegisterVersion
from shared.web.schemas import RegionField, Schema, StatutoryDate

STATES = ("received", "running", "done", "failed")


class JobIn(Schema):
    """A table of organisations, and what they are to be checked for."""

    file = File(required=True)  # type: ignore[no-untyped-call]
    domain = fields.String(load_default=None, validate=SLUG)
    region = RegionField(load_default=None)
    action = fields.String(load_default=None, validate=SLUG)
    as_of = StatutoryDate(load_default=None)
    alike = fields.Boolean(load_default=True, metadata={"description": "名称未查到的，是否再按近似查找"})


class JobOut(Schema):
    """How far a batch check has come; `current` is false once what was found is public no more."""

    id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    file_name = fields.String(required=True)
    progress = fields.Float(required=True, allow_none=True)
    current = fields.Boolean(required=True)
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
