"""The rules as the public reads them."""

from marshmallow import fields, validate

from shared.web.paging import page_schema
from shared.web.schemas import Schema, StatutoryDate


class OnQuery(Schema):
    """The day whose rules are asked for; today by default."""

    on = StatutoryDate(load_default=None, metadata={"description": "这一天的规则,缺省为今天"})


class DueQuery(Schema):
    """起算日(当日不计)和工作日数."""

    start = StatutoryDate(required=True)
    working_days = fields.Integer(required=True, validate=validate.Range(min=0, max=400))


class BasisView(Schema):
    """法律依据."""

    title = fields.String(required=True)
    document = fields.String(required=True)
    article = fields.String(required=True)
    source = fields.String(required=True)
    status = fields.String(required=True)


class RangeView(Schema):
    """公示期的上下限(月)."""

    min_months = fields.Integer(required=True)
    max_months = fields.Integer(required=True)


class OverrideView(Schema):
    """个别领域的法定公示期."""

    domains = fields.List(fields.String(), required=True)
    severity = fields.String(required=True)
    publicity = fields.Nested(RangeView, required=True)
    status = fields.String(required=True)
    source = fields.String(required=True)


class RemovalView(Schema):
    """移出与信用修复规则."""

    repair_after_months = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    accept_wd = fields.Integer(required=True)
    settle_wd = fields.Integer(required=True)
    extend_wd = fields.Integer(required=True)
    stop_wd = fields.Integer(required=True)
    conditions = fields.List(fields.String(), required=True)
    archive_after_expiry = fields.Boolean(required=True)
    restorable = fields.Boolean(required=True)
    basis = fields.String(required=True)


class PublicityView(Schema):
    """公示规则."""

    start = fields.String(required=True)
    by_severity = fields.Dict(keys=fields.String(), values=fields.Nested(RangeView), required=True)
    overrides = fields.List(fields.Nested(OverrideView), required=True)
    default_severity = fields.String(required=True)
    default_months = fields.Integer(required=True)
    follows_ban = fields.Boolean(required=True)
    duty_working_days = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    duty_start = fields.String(required=True)


class ListView(Schema):
    """一个名单在某一天的规则."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    list_class = fields.String(required=True, data_key="class")
    class_name = fields.String(required=True)
    procedure = fields.String(required=True)
    procedure_name = fields.String(required=True)
    version = fields.String(required=True)
    valid_from = fields.Date(required=True)
    valid_to = fields.Date(required=True, allow_none=True)
    status = fields.String(required=True)
    source = fields.String(required=True)
    legal_basis = fields.List(fields.Nested(BasisView), required=True)
    deciding_levels = fields.List(fields.String(), required=True)
    deciding_organs = fields.List(fields.String(), required=True)
    filing_organs = fields.List(fields.String(), required=True)
    subject_types = fields.List(fields.String(), required=True)
    requires_documents = fields.List(fields.String(), required=True)
    statement_window_wd = fields.Integer(required=True)
    hearing_window_wd = fields.Integer(required=True)
    superior_consent = fields.Boolean(required=True)
    publicity = fields.Nested(PublicityView, required=True)
    removal = fields.Nested(RemovalView, required=True)
    remedy = fields.String(required=True)


class DomainView(Schema):
    """配置领域."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    trading = fields.Boolean(required=True)
    items = fields.List(fields.String(), required=True)
    organs = fields.List(fields.String(), required=True)
    source = fields.String(required=True)


class MeasureView(Schema):
    """惩戒措施."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    basis = fields.String(required=True)
    organs = fields.List(fields.String(), required=True)
    domains = fields.List(fields.String(), required=True)
    list_classes = fields.List(fields.String(), required=True)
    max_months = fields.Integer(required=True, allow_none=True)
    valid_from = fields.Date(required=True)
    valid_to = fields.Date(required=True, allow_none=True)
    status = fields.String(required=True)
    source = fields.String(required=True)


class CalendarView(Schema):
    """工作日历: its version, today's business date and whether it is a working day."""

    version = fields.String(required=True)
    today = fields.Date(required=True)
    working_day = fields.Boolean(required=True)
    covered = fields.Boolean(required=True)


class DueView(Schema):
    """到期日; provisional where the calendar of its year is not published yet."""

    due = fields.Date(required=True)
    provisional = fields.Boolean(required=True)
    calendar_version = fields.String(required=True)


ListPage = page_schema(ListView, "ListRulePage")
DomainPage = page_schema(DomainView, "DomainPage")
MeasurePage = page_schema(MeasureView, "MeasurePage")
