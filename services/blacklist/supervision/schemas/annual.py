"""年度报告的公布: what is sent and answered."""

from marshmallow import fields, validate

from services.blacklist.supervision.schemas.answers import AnnualReportOut
from shared.web.paging import page_schema
from shared.web.schemas import Schema, Text


class AnnualProposalIn(Schema):
    """提出公布本地区一年的年度报告."""

    year = fields.Integer(required=True, strict=True, validate=validate.Range(min=2008, max=2199))


class AnnualReturnIn(Schema):
    """退回年度报告的理由."""

    reason = Text(2000, required=True, lines=True)


class PublishedLine(Schema):
    """一份已公布的年度报告;sha256 为报告内容(JSON,键排序)的摘要."""

    region = fields.String(required=True)
    region_name = fields.String(required=True)
    year = fields.Integer(required=True)
    title = fields.String(required=True)
    department = fields.String(required=True)
    version = fields.Integer(required=True)
    published_on = fields.Date(required=True, allow_none=True)
    sha256 = fields.String(required=True, allow_none=True)


class PublishedReport(PublishedLine):
    """年度报告全文,如公布时."""

    report = fields.Nested(AnnualReportOut, required=True)


class AnnualLine(Schema):
    """工作人员看到的年度报告."""

    id = fields.String(required=True)
    number = fields.String(required=True)
    region = fields.String(required=True)
    region_name = fields.String(required=True)
    year = fields.Integer(required=True)
    state = fields.String(required=True)
    state_name = fields.String(required=True)
    department = fields.String(required=True)
    version = fields.Integer(required=True)
    proposer_name = fields.String(required=True, allow_none=True)
    returned_reason = fields.String(required=True, allow_none=True)
    due = fields.Date(required=True, allow_none=True)
    duty_state = fields.String(required=True, allow_none=True)
    published_on = fields.Date(required=True, allow_none=True)
    may_approve = fields.Boolean(required=True)


PublishedPage = page_schema(PublishedLine, "PublishedAnnualReportPage")
AnnualPage = page_schema(AnnualLine, "AnnualReportPage")
