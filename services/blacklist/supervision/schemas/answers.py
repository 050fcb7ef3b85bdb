"""What the supervision API answers."""

from marshmallow import fields

from shared.web.paging import page_schema
from shared.web.schemas import Schema


def _decimal(*, allow_none: bool = False, about: str = "") -> fields.Decimal:
    """A decimal written as text, so that no reader turns 4.10 into 4.0999."""
    shown = {"type": ["string", "null"] if allow_none else "string"} | (
        {"description": about} if about else {}
    )
    return fields.Decimal(required=True, allow_none=allow_none, as_string=True, metadata=shown)


class RateOut(Schema):
    """A share with both its numbers; without cases there is no percentage."""

    part = fields.Integer(required=True)
    whole = fields.Integer(required=True)
    percent = _decimal(allow_none=True)


class PushOut(Schema):
    """推送: success, lag in hours."""

    total = fields.Integer(required=True)
    confirmed = fields.Integer(required=True)
    failed = fields.Integer(required=True)
    late = fields.Integer(required=True)
    by_hand = fields.Integer(required=True, metadata={"description": "待人工报送，不计入成功率"})
    under_way = fields.Integer(required=True, metadata={"description": "在途且未逾期，不计入成功率"})
    success = fields.Nested(RateOut, required=True)
    timely = fields.Nested(RateOut, required=True)
    median_hours = _decimal(allow_none=True)
    slow_hours = _decimal(allow_none=True, about="九成不超过的小时数")
    median_text = fields.String(required=True, metadata={"description": "用时中位数，按人读的单位"})


class LedgerFigures(Schema):
    """台账: counts by status, and the rates from them."""

    total = fields.Integer(required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    concealment = fields.Nested(RateOut, required=True, metadata={"description": "瞒报率"})
    lateness = fields.Nested(RateOut, required=True, metadata={"description": "迟报率"})
    compliance = fields.Nested(RateOut, required=True, metadata={"description": "合规率"})


class FiguresOut(Schema):
    """Everything counted for one department, or for all of them."""

    published = fields.Integer(required=True)
    publication = fields.Nested(RateOut, required=True, metadata={"description": "公开率"})
    timeliness = fields.Nested(RateOut, required=True, metadata={"description": "及时率"})
    timely_7 = fields.Nested(RateOut, required=True)
    timely_20 = fields.Nested(RateOut, required=True)
    objection = fields.Nested(RateOut, required=True)
    repair = fields.Nested(RateOut, required=True)
    applications = fields.Nested(RateOut, required=True, metadata={"description": "依申请公开按期答复"})
    items = fields.Nested(RateOut, required=True, metadata={"description": "主动公开信息按期公开"})
    interpretations = fields.Nested(RateOut, required=True, metadata={"description": "政策解读按期发布"})
    opinions = fields.Nested(RateOut, required=True, metadata={"description": "政务舆情按时回应"})
    reports = fields.Nested(RateOut, required=True, metadata={"description": "监督举报按期答复"})
    rectification = fields.Nested(RateOut, required=True)
    push = fields.Nested(PushOut, required=True)
    ledger = fields.Nested(LedgerFigures, required=True)
    overdue = fields.Integer(required=True, metadata={"description": "当前逾期件数"})


class DepartmentFigures(FiguresOut):
    department_id = fields.String(required=True)
    department_name = fields.String(required=True)
    region = fields.String(required=True)


class PeriodOut(Schema):
    name = fields.String(required=True)
    start = fields.Date(required=True)
    end = fields.Date(required=True)


class IndicatorsOut(Schema):
    """各部门指标; `total` counts them together."""

    period = fields.Nested(PeriodOut, required=True)
    items = fields.List(fields.Nested(DepartmentFigures), required=True)
    total = fields.Nested(FiguresOut, required=True)
    next = fields.String(required=True, allow_none=True)


class DutyOut(Schema):
    """期限事项; persons' names are masked."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    rule = fields.String(required=True)
    case_id = fields.String(required=True, allow_none=True)
    request_id = fields.String(
        required=True, allow_none=True, metadata={"description": "依申请公开的申请，而不是案件"}
    )
    item_id = fields.String(
        required=True, allow_none=True, metadata={"description": "主动公开的信息，而不是案件"}
    )
    subject_name = fields.String(required=True)
    document_number = fields.String(required=True, allow_none=True)
    list_name = fields.String(required=True)
    department_id = fields.String(required=True)
    department_name = fields.String(required=True)
    due = fields.Date(required=True, allow_none=True)
    due_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "按钟点计算的期限；其余为空"}
    )
    provisional = fields.Boolean(required=True)
    done_on = fields.Date(required=True, allow_none=True)
    late = fields.Boolean(required=True)
    days_late = fields.Integer(required=True)


class ScoreOut(Schema):
    code = fields.String(required=True)
    group = fields.String(required=True)
    name = fields.String(required=True)
    weight = _decimal()
    rate = fields.Nested(RateOut, required=True)
    points = _decimal(allow_none=True)
    source = fields.String(required=True)
    status = fields.String(required=True)


class LossOut(Schema):
    code = fields.String(required=True)
    name = fields.String(required=True)
    count = fields.Integer(required=True)
    points = _decimal()
    source = fields.String(required=True)
    status = fields.String(required=True)


class SheetOut(Schema):
    """一个部门的考核表."""

    department_id = fields.String(required=True)
    department_name = fields.String(required=True)
    scores = fields.List(fields.Nested(ScoreOut), required=True)
    losses = fields.List(fields.Nested(LossOut), required=True)
    reached = _decimal(allow_none=True)
    deducted = _decimal()
    total = _decimal(allow_none=True)
    yearly_points = _decimal(allow_none=True)


class AssessmentOut(Schema):
    year = fields.Integer(required=True)
    scheme = fields.String(required=True)
    share_percent = _decimal()
    share_source = fields.String(required=True)
    items = fields.List(fields.Nested(SheetOut), required=True)
    next = fields.String(required=True, allow_none=True)


class SectionOut(Schema):
    heading = fields.String(required=True)
    paragraphs = fields.List(fields.String(), required=True)


class TableOut(Schema):
    title = fields.String(required=True)
    section = fields.String(required=True)
    head = fields.List(fields.String(), required=True)
    rows = fields.List(fields.List(fields.Raw()), required=True)


class PointOut(Schema):
    name = fields.String(required=True)
    value = fields.Integer(required=True)


class AnnualReportOut(Schema):
    """政府信息公开年度报告; `complete` only once the year is over."""

    year = fields.Integer(required=True)
    title = fields.String(required=True)
    place = fields.String(required=True)
    until = fields.Date(required=True)
    complete = fields.Boolean(required=True)
    sections = fields.List(fields.Nested(SectionOut), required=True)
    tables = fields.List(fields.Nested(TableOut), required=True)
    series = fields.List(fields.Nested(PointOut), required=True)


class DecisionOut(Schema):
    """台账中的一件决定,以及公开情况."""

    id = fields.String(required=True)
    department_id = fields.String(required=True)
    department_name = fields.String(required=True)
    number = fields.String(required=True)
    decided_on = fields.Date(required=True)
    organ = fields.String(required=True)
    kind = fields.String(required=True)
    due_on = fields.Date(required=True)
    provisional = fields.Boolean(required=True)
    status = fields.String(required=True)
    published_on = fields.Date(required=True, allow_none=True)
    case_id = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class EnteredOut(Schema):
    number = fields.String(required=True)
    result = fields.String(required=True, metadata={"description": "added、known 或者 differs"})
    id = fields.String(required=True)


class EnteredList(Schema):
    items = fields.List(fields.Nested(EnteredOut), required=True)


class CellErrorOut(Schema):
    cell = fields.String(required=True)
    column = fields.String(required=True)
    message = fields.String(required=True)


class UploadRowOut(Schema):
    row = fields.Integer(required=True)
    number = fields.String(required=True)
    date = fields.String(required=True, allow_none=True)
    organ = fields.String(required=True)
    kind = fields.String(required=True)
    errors = fields.List(fields.Nested(CellErrorOut), required=True)
    result = fields.String()


class UploadOut(Schema):
    """台账导入的预览或者结果."""

    id = fields.String(required=True)
    state = fields.String(required=True)
    file_name = fields.String(required=True)
    good = fields.Integer(required=True)
    bad = fields.Integer(required=True)
    added = fields.Integer(required=True)
    rows = fields.List(fields.Nested(UploadRowOut), required=True)


class ZeroReturnOut(Schema):
    id = fields.String(required=True)
    department_id = fields.String(required=True)
    department_name = fields.String(required=True)
    period = fields.String(required=True)
    note = fields.String(required=True, allow_none=True)
    signer_name = fields.String(required=True)
    signed_at = fields.AwareDateTime(required=True)
    contradicted = fields.Boolean(required=True, metadata={"description": "签署之后又发现该期间有决定"})


class ExplanationOut(Schema):
    id = fields.String(required=True)
    department_id = fields.String(required=True)
    number = fields.String(required=True)
    reason_code = fields.String(required=True)
    reason = fields.String(required=True)
    explainer_name = fields.String(required=True)
    explained_at = fields.AwareDateTime(required=True)


class GapOut(Schema):
    """断号或者已登记但逾期未公开."""

    department_id = fields.String(required=True)
    department_name = fields.String(required=True)
    title = fields.String(required=True)
    prefix = fields.String(required=True)
    year = fields.Integer(required=True)
    first = fields.Integer(required=True)
    last = fields.Integer(required=True)
    numbers = fields.Integer(required=True)
    kind = fields.String(required=True)


class InspectionOut(Schema):
    id = fields.String(required=True)
    title = fields.String(required=True)
    region = fields.String(required=True)
    period = fields.String(required=True)
    office_id = fields.String(required=True)
    office_name = fields.String(required=True)
    seed = fields.String(required=True)
    method = fields.String(required=True)
    population = fields.Integer(required=True)
    population_digest = fields.String(required=True)
    drawer_name = fields.String(required=True)
    drawn_at = fields.AwareDateTime(required=True)
    circular_number = fields.String(required=True, allow_none=True)
    circular_opinion = fields.String(required=True, allow_none=True)
    circular_at = fields.AwareDateTime(required=True, allow_none=True)


class ItemOut(Schema):
    """一件样本."""

    id = fields.String(required=True)
    position = fields.Integer(required=True)
    department_id = fields.String(required=True)
    department_name = fields.String(required=True)
    case_id = fields.String(required=True, allow_none=True)
    decision_id = fields.String(required=True, allow_none=True)
    document_number = fields.String(required=True)
    state = fields.String(required=True)
    state_name = fields.String(required=True)
    category = fields.String(required=True, allow_none=True)
    finding = fields.String(required=True, allow_none=True)
    requirement = fields.String(required=True, allow_none=True)
    order_number = fields.String(required=True, allow_none=True)
    due_on = fields.Date(required=True, allow_none=True)
    overdue = fields.Boolean(required=True)
    found_at = fields.AwareDateTime(required=True, allow_none=True)
    rectification = fields.String(required=True, allow_none=True)
    rectified_at = fields.AwareDateTime(required=True, allow_none=True)
    opinion = fields.String(required=True, allow_none=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)


class InspectionDetail(InspectionOut):
    items = fields.List(fields.Nested(ItemOut), required=True)


DutyPage = page_schema(DutyOut, "SupervisedDutyPage")
DecisionPage = page_schema(DecisionOut, "LedgerDecisionPage")
ZeroReturnPage = page_schema(ZeroReturnOut, "ZeroReturnPage")
GapPage = page_schema(GapOut, "NumberGapPage")
InspectionPage = page_schema(InspectionOut, "InspectionPage")
