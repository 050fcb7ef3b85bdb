"""The rules as the public reads them."""

from marshmallow import fields, validate

from shared.web.paging import PageQuery, page_schema
from shared.web.schemas import Schema, StatutoryDate, Text


class OnQuery(Schema):
    """The day whose rules are asked for; today by default."""

    on = StatutoryDate(load_default=None, metadata={"description": "这一天的规则，缺省为今天"})


class DueQuery(Schema):
    """起算日(当日不计)和工作日数."""

    start = StatutoryDate(required=True)
    working_days = fields.Integer(required=True, validate=validate.Range(min=0, max=400))


class BasisView(Schema):
    """法律依据."""

    title = fields.String(required=True)
    document = fields.String(required=True)
    region = fields.String(required=True, metadata={"description": "施行地区的行政区划代码，000000为全国"})
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
    minor_needs_necessity = fields.Boolean(required=True)
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
    editions = fields.List(
        fields.String(), required=True, metadata={"description": "列有这项措施的全国失信惩戒措施基础清单版本"}
    )
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


class CalendarYearView(Schema):
    """一年的放假(周末以外)和调休上班日期."""

    year = fields.Integer(required=True)
    imported = fields.Boolean(required=True)
    source = fields.String(required=True)
    number = fields.String(required=True, allow_none=True)
    rest = fields.List(fields.Date(), required=True)
    work = fields.List(fields.Date(), required=True)


class NoticeIn(Schema):
    """节假日通知全文."""

    notice = Text(20000, required=True, lines=True)
    year = fields.Integer(load_default=None, allow_none=False, validate=validate.Range(min=2008, max=2199))


class HolidayView(Schema):
    """一个节日的连休."""

    name = fields.String(required=True)
    start = fields.Date(required=True)
    end = fields.Date(required=True)


class ReadingView(Schema):
    """从通知中读到的日期和疑点."""

    year = fields.Integer(required=True, allow_none=True)
    number = fields.String(required=True, allow_none=True)
    holidays = fields.List(fields.Nested(HolidayView), required=True)
    rest = fields.List(fields.Date(), required=True)
    work = fields.List(fields.Date(), required=True)
    doubts = fields.List(fields.String(), required=True)


class ProposalIn(Schema):
    """一年的工作日历:通知全文,或者手工填写的日期."""

    year = fields.Integer(load_default=None, allow_none=False, validate=validate.Range(min=2008, max=2199))
    rest = fields.List(StatutoryDate(), load_default=list, validate=validate.Length(max=120))
    work = fields.List(StatutoryDate(), load_default=list, validate=validate.Length(max=60))
    notice = Text(20000, load_default=None, allow_none=False, lines=True)
    source = Text(300, required=True)


class ProposalQuery(PageQuery):
    """按办理情况筛选."""

    state = fields.String(
        load_default=None, allow_none=False, validate=validate.OneOf(("proposed", "confirmed", "rejected"))
    )


class RejectIn(Schema):
    """退回理由."""

    reason = Text(500, required=True)


class ProposalView(Schema):
    """提出的工作日历."""

    id = fields.UUID(required=True)
    year = fields.Integer(required=True)
    state = fields.String(required=True)
    generation = fields.Integer(required=True, allow_none=True)
    source = fields.String(required=True)
    number = fields.String(required=True, allow_none=True)
    rest = fields.List(fields.Date(), required=True)
    work = fields.List(fields.Date(), required=True)
    doubts = fields.List(fields.String(), required=True)
    proposer_name = fields.String(required=True)
    proposed_at = fields.AwareDateTime(required=True)
    settler_name = fields.String(required=True, allow_none=True)
    settled_at = fields.AwareDateTime(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class DutyQuery(Schema):
    """未办结的期限."""

    due_by = StatutoryDate(load_default=None, metadata={"description": "这一天（含）以前到期的"})
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=200))


class PauseIn(Schema):
    """中止的理由,以法定情形开头."""

    reason = Text(500, required=True)


class ExtendIn(Schema):
    """延长多少个工作日,为什么."""

    working_days = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=60))
    reason = Text(500, required=True)


class PauseView(Schema):
    """一次中止; until is empty while it lasts."""

    since = fields.String(required=True, data_key="from", attribute="from")
    until = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True)


class ExtensionView(Schema):
    """一次延长."""

    on = fields.String(required=True)
    working_days = fields.Integer(required=True)
    reason = fields.String(required=True)


class DutyView(Schema):
    """一项期限."""

    id = fields.UUID(required=True)
    case_id = fields.String(required=True)
    kind = fields.String(required=True)
    kind_name = fields.String(required=True)
    rule = fields.String(required=True)
    rule_version = fields.String(required=True)
    state = fields.String(required=True)
    start = fields.Date(required=True, allow_none=True)
    due = fields.Date(required=True, allow_none=True)
    done_on = fields.Date(required=True, allow_none=True)
    late = fields.Boolean(required=True, metadata={"description": "逾期办结"})
    late_wd = fields.Integer(required=True, metadata={"description": "办结时已超期的工作日数"})
    provisional = fields.Boolean(required=True)
    calendar_version = fields.String(required=True)
    extended_wd = fields.Integer(required=True)
    extend_left_wd = fields.Integer(required=True)
    pause_reasons = fields.List(fields.String(), required=True)
    pauses = fields.List(fields.Nested(PauseView), required=True)
    extensions = fields.List(fields.Nested(ExtensionView), required=True)


CalendarYearPage = page_schema(CalendarYearView, "CalendarYearPage")
ProposalPage = page_schema(ProposalView, "CalendarProposalPage")
DutyPage = page_schema(DutyView, "DutyPage")
ListPage = page_schema(ListView, "ListRulePage")
DomainPage = page_schema(DomainView, "DomainPage")
MeasurePage = page_schema(MeasureView, "MeasurePage")
