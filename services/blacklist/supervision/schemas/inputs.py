"""What the supervision API takes."""

from marshmallow import fields, validate

from services.blacklist.rules.domain import DOCUMENT_KINDS
from services.blacklist.supervision.domain.decisions import PENALTY, REASONS, STATUS_NAMES
from services.blacklist.supervision.domain.numbers import LONGEST
from services.blacklist.supervision.domain.periods import PATTERN
from services.blacklist.supervision.queries.inspections import CATEGORIES
from services.blacklist.supervision.queries.overdue import MEASURES
from shared.web.paging import PageQuery
from shared.web.schemas import Flag, RegionField, Schema, StatutoryDate, Text

MOST_DECISIONS = 1000
MOST_SAMPLES = 200
LONGEST_TERM = 60


def _period(**kwargs: object) -> fields.String:
    shown = {"description": "2026、2026-Q3 或者 2026-11"}
    wrong = "应为年、季度或者月份，如 2026、2026-Q3、2026-11。"
    return fields.String(validate=validate.Regexp(PATTERN, error=wrong), metadata=shown, **kwargs)  # type: ignore[arg-type]


def _one_of(names: object) -> validate.OneOf:
    return validate.OneOf(tuple(names), error="没有这个选项。")  # type: ignore[arg-type]


def _year(**kwargs: object) -> fields.Integer:
    return fields.Integer(validate=validate.Range(min=2000, max=2099), **kwargs)  # type: ignore[arg-type]


def _kind() -> fields.String:
    return fields.String(load_default=PENALTY, validate=_one_of(DOCUMENT_KINDS))


class ScopeQuery(Schema):
    """Which departments: one, or those of a region; without either, all in sight."""

    region = RegionField(load_default=None)
    department_id = fields.UUID(load_default=None)


class PeriodQuery(ScopeQuery):
    """统计范围和期间; without a period, this year."""

    period = _period(load_default=None)


class YearQuery(ScopeQuery):
    """统计范围和年度; without a year, this year."""

    year = _year(load_default=None)


class OverdueQuery(PageQuery, ScopeQuery):
    """逾期事项的范围."""


class MeasureQuery(PageQuery, PeriodQuery):
    """指标背后的事项."""

    measure = fields.String(required=True, validate=_one_of(MEASURES))


class LedgerQuery(PageQuery, PeriodQuery):
    """台账的范围."""

    status = fields.String(load_default=None, validate=_one_of(STATUS_NAMES))


class DecisionIn(Schema):
    """一件决定: 文号、日期、机关."""

    number = Text(LONGEST, required=True)
    date = StatutoryDate(required=True)
    organ = Text(200, required=True)
    kind = _kind()


class DecisionsIn(Schema):
    """登记一批决定."""

    decisions = fields.List(
        fields.Nested(DecisionIn), required=True, validate=validate.Length(min=1, max=MOST_DECISIONS)
    )


class CorrectionIn(Schema):
    """更正台账中的一件决定; the number stays."""

    date = StatutoryDate(required=True)
    organ = Text(200, required=True)
    kind = _kind()
    reason = Text(500, required=True)


class SheetIn(Schema):
    """台账表格."""

    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class ZeroReturnIn(Schema):
    """签署零报告."""

    period = _period(required=True)
    note = Text(500, load_default=None, lines=True)


class ExplanationIn(Schema):
    """说明一个文号为何不公开."""

    number = Text(LONGEST, required=True)
    reason_code = fields.String(required=True, validate=_one_of(REASONS))
    reason = Text(500, required=True, lines=True)


class InspectionIn(Schema):
    """开展监督抽查; without departments, every department of the region."""

    title = Text(200, required=True)
    period = _period(required=True)
    region = RegionField(load_default=None)
    department_ids = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=500))
    size = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=MOST_SAMPLES))
    seed = Text(64, load_default=None)


class PassIn(Schema):
    """未发现问题."""

    opinion = Text(2000, load_default=None, lines=True)


class FindingIn(Schema):
    """发现问题,下达督办单."""

    category = fields.String(required=True, validate=_one_of(CATEGORIES))
    finding = Text(2000, required=True, lines=True)
    requirement = Text(2000, required=True, lines=True)
    order_number = Text(LONGEST, required=True)
    working_days = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=1, max=LONGEST_TERM)
    )


class RectificationIn(Schema):
    """报告整改."""

    rectification = Text(4000, required=True, lines=True)


class ClosureIn(Schema):
    """销号,或者退回继续整改."""

    accepted = Flag(required=True)
    opinion = Text(2000, required=True, lines=True)
    working_days = fields.Integer(
        load_default=5, strict=True, validate=validate.Range(min=1, max=LONGEST_TERM)
    )


class CircularIn(Schema):
    """印发通报."""

    number = Text(LONGEST, required=True)
    opinion = Text(4000, required=True, lines=True)
