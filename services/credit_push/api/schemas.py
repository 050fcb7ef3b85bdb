"""What the API takes and answers."""

from apiflask.fields import File
from marshmallow import fields, validate

from services.credit_push.domain import OPERATIONS, REPLAYABLE, STATES
from shared.web.paging import PageQuery, page_schema
from shared.web.schemas import Flag, Schema, Text

SHOWN = "平台网站自何时起显示该记录（选填）"
GONE = "平台网站自何时起不再显示该记录（选填）"


class DeliveryQuery(PageQuery):
    """Filters of the list of deliveries."""

    listing_id = fields.String(load_default=None, validate=validate.Length(max=36))
    platform = fields.String(load_default=None, validate=validate.Length(max=40))
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
    operation = fields.String(load_default=None, validate=validate.OneOf(OPERATIONS))
    q = fields.String(
        load_default=None,
        validate=validate.Length(max=200),
        metadata={"description": "文号或主体名称，须完全一致"},
    )


class AttemptOut(Schema):
    """One try."""

    at = fields.DateTime(required=True)
    kind = fields.String(required=True)
    outcome = fields.String(required=True)
    http_status = fields.Integer(required=True, allow_none=True)
    milliseconds = fields.Integer(required=True, allow_none=True)
    detail = fields.String(required=True, allow_none=True)


class ReceiptOut(Schema):
    """What the platform said."""

    number = fields.String(required=True, allow_none=True)
    field = fields.String(required=True, allow_none=True)
    code = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class DeliveryOut(Schema):
    """One listing version on its way to one platform."""

    id = fields.String(required=True)
    listing_id = fields.String(required=True)
    version = fields.Integer(required=True)
    platform = fields.String(required=True)
    platform_name = fields.String(required=True)
    operation = fields.String(required=True, validate=validate.OneOf(OPERATIONS))
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    due = fields.Date(required=True, allow_none=True)
    late = fields.Boolean(required=True)
    receipt = fields.Nested(ReceiptOut, required=True, allow_none=True)
    attempts = fields.List(fields.Nested(AttemptOut), required=True)
    next_attempt_at = fields.DateTime(required=True, allow_none=True)
    region = fields.String(required=True)
    department_id = fields.String(required=True)
    list_code = fields.String(required=True)
    subject_name = fields.String(required=True)
    document_number = fields.String(required=True)
    batch_id = fields.String(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    settled_at = fields.DateTime(required=True, allow_none=True)


class DifferenceOut(Schema):
    """One record on which both sides disagree."""

    listing_id = fields.String(required=True, allow_none=True)
    kind = fields.String(required=True)
    detail = fields.String(required=True)
    repair_id = fields.String(required=True, allow_none=True)


class RunOut(Schema):
    """A reconciliation run."""

    id = fields.String(required=True)
    platform = fields.String(required=True)
    state = fields.String(required=True)
    repair = fields.Boolean(required=True)
    requested_at = fields.DateTime(required=True)
    finished_at = fields.DateTime(required=True, allow_none=True)
    ours = fields.Integer(required=True, allow_none=True)
    theirs = fields.Integer(required=True, allow_none=True)
    rows_exchanged = fields.Integer(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    differences = fields.List(fields.Nested(DifferenceOut), required=True)


class RequestedOut(RunOut):
    """The run asked for; where no platform was named, the first of them."""

    items = fields.List(
        fields.Nested(RunOut), required=True, metadata={"description": "发起的全部对账，每个平台一条"}
    )


class RunIn(Schema):
    """Ask for a reconciliation."""

    platform = Text(
        40, load_default=None, allow_none=True, metadata={"description": "不填的，对全部推送平台各发起一次"}
    )
    repair = Flag(load_default=True, metadata={"description": "是否对差异自动重推"})


class RunQuery(PageQuery):
    """Filters of the list of runs."""

    platform = fields.String(load_default=None, validate=validate.Length(max=40))


class HealthOut(Schema):
    """How a platform fares."""

    breaker = fields.String(required=True, validate=validate.OneOf(("open", "closed")))
    retry_at = fields.DateTime(required=True, allow_none=True)
    paused_at = fields.DateTime(required=True, allow_none=True)
    paused_by = fields.String(required=True, allow_none=True)
    paused_reason = fields.String(required=True, allow_none=True)
    last_success_at = fields.DateTime(required=True, allow_none=True)
    last_failure_at = fields.DateTime(required=True, allow_none=True)
    last_problem = fields.String(required=True, allow_none=True)
    oldest_waiting_at = fields.DateTime(required=True, allow_none=True)
    per_minute = fields.Float(required=True)
    backfilling = fields.Boolean(required=True)
    backfilled = fields.Integer(required=True, allow_none=True)


class PauseIn(Schema):
    """Why nothing is to be handed over for now."""

    reason = Text(500, required=True)


class ReplayIn(Schema):
    """Which dead and refused deliveries to push again; all that fit every filter given."""

    platform = Text(40, load_default=None, allow_none=True)
    states = fields.List(
        fields.String(validate=validate.OneOf(REPLAYABLE)),
        load_default=list(REPLAYABLE),
        validate=validate.Length(min=1, max=2),
    )
    operation = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(OPERATIONS))
    list_code = Text(64, load_default=None, allow_none=True)
    code = Text(64, load_default=None, allow_none=True, metadata={"description": "平台退回代码"})
    since = fields.AwareDateTime(load_default=None, allow_none=True)
    until = fields.AwareDateTime(load_default=None, allow_none=True)
    dry_run = Flag(load_default=False, metadata={"description": "只计数，不重推"})


class ReplayedOut(Schema):
    """How many go again, and how many still fit."""

    replayed = fields.Integer(required=True)
    left = fields.Integer(required=True)


class TriedOut(Schema):
    """What came of asking a platform; where it cannot be asked, what to do in its place."""

    asked = fields.Boolean(required=True)
    well = fields.Boolean(required=True)
    title = fields.String(required=True)
    told = fields.String(required=True)


class SeenFiguresOut(Schema):
    """What is known of a platform's public site; also of one that is reached by relay only."""

    displayed = fields.Integer(required=True)
    absent = fields.Integer(required=True)
    awaiting_display = fields.Integer(required=True)
    awaiting_absence = fields.Integer(required=True)
    oldest_awaited = fields.DateTime(required=True, allow_none=True)
    mean_lag_seconds = fields.Integer(required=True, allow_none=True)
    contradicted = fields.Integer(required=True, metadata={"description": "查见与回执相反、尚未办结的"})
    contradicted_overdue = fields.Integer(required=True, metadata={"description": "其中已过核查期限的"})


class PlatformOut(Schema):
    """A platform of the catalogue and what is under way there."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    site = fields.String(required=True)
    level = fields.String(required=True)
    region = fields.String(required=True)
    transport = fields.String(required=True)
    format = fields.String(required=True)
    receipts = fields.String(required=True)
    withdrawal = fields.String(required=True)
    pushed = fields.Boolean(required=True)
    relay = fields.List(fields.String(), required=True)
    basis = fields.String(required=True)
    source = fields.String(required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    appearance = fields.Nested(SeenFiguresOut, required=True)
    health = fields.Nested(HealthOut, required=True)
    last_reconciliation = fields.Nested(RunOut, required=True, allow_none=True)


class BatchOut(Schema):
    """A sheet or letter that a person carries."""

    id = fields.String(required=True)
    platform = fields.String(required=True)
    kind = fields.String(required=True)
    state = fields.String(required=True)
    number = fields.String(required=True, allow_none=True)
    rows = fields.Integer(required=True)
    created_at = fields.DateTime(required=True)
    downloaded_at = fields.DateTime(required=True, allow_none=True)
    recorded_at = fields.DateTime(required=True, allow_none=True)
    reply_due = fields.Date(required=True, allow_none=True)
    replied_at = fields.DateTime(required=True, allow_none=True)
    reply = fields.String(required=True, allow_none=True)
    screenshot = fields.Boolean(required=True, metadata={"description": "是否有上传成功的截图"})
    deliveries = fields.List(fields.String(), required=True)


class HandIn(Schema):
    """登记批号: the platform's batch number and, where there is one, a screenshot (multipart)."""

    batch_number = Text(100, required=True)
    screenshot = File(load_default=None)  # type: ignore[no-untyped-call]


class FeedbackIn(Schema):
    """The platform's feedback sheet."""

    sheet = File(required=True)  # type: ignore[no-untyped-call]


class SettledOut(Schema):
    """How many rows moved."""

    settled = fields.Integer(required=True)


class ReplyIn(Schema):
    """The reply to a withdrawal letter."""

    result = fields.String(
        required=True,
        validate=validate.OneOf(("accepted", "rejected", "absent")),
        metadata={"description": "accepted 已撤下；rejected 未撤下；absent 平台称没有该记录"},
    )
    reply_number = Text(100, required=True)
    message = Text(500, load_default="")


class RowReceiptIn(Schema):
    """One row's receipt as a platform calls it back."""

    idempotency_key = Text(200, required=True)
    result = fields.String(required=True, validate=validate.OneOf(("accepted", "rejected")))
    receipt_number = fields.String(load_default="", validate=validate.Length(max=100))
    field = fields.String(load_default="", validate=validate.Length(max=200))
    code = fields.String(load_default="", validate=validate.Length(max=64))
    message = fields.String(load_default="", validate=validate.Length(max=1000))
    displayed_at = fields.AwareDateTime(load_default=None, allow_none=True, metadata={"description": SHOWN})
    absent_at = fields.AwareDateTime(load_default=None, allow_none=True, metadata={"description": GONE})


class ReceiptsIn(Schema):
    """A platform's callback."""

    batch_id = fields.String(load_default="", validate=validate.Length(max=100))
    receipts = fields.List(fields.Nested(RowReceiptIn), required=True, validate=validate.Length(max=1000))


class ReceiptsOut(Schema):
    """Receipts are taken, whether or not they were news to us."""

    received = fields.Integer(required=True)


DeliveryPage = page_schema(DeliveryOut, "DeliveryPage")
RunPage = page_schema(RunOut, "RunPage")
PlatformPage = page_schema(PlatformOut, "PlatformPage")
BatchPage = page_schema(BatchOut, "BatchPage")


class ProofQuery(Schema):
    """As what to give a proof."""

    format = fields.String(load_default="pdf", validate=validate.OneOf(("pdf", "json", "xlsx")))


class ReportQuery(ProofQuery):
    """Whose reconciliations, from `since` (included) to `until`."""

    platform = fields.String(required=True, validate=validate.Length(max=40))
    since = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(required=True)


class SignatureIn(Schema):
    """A signature as a paper carries it."""

    algorithm = Text(20, required=True)
    key_id = Text(100, required=True)
    value = Text(200, required=True)


class PaperIn(Schema):
    """A paper's JSON."""

    document = fields.Dict(keys=fields.String(), required=True)
    signature = fields.Nested(SignatureIn, required=True)


class CheckedOut(Schema):
    """Whether the paper is ours, unchanged."""

    genuine = fields.Boolean(required=True)


class EventQuery(Schema):
    """Where to go on: the `next` of the answer before."""

    after = fields.Integer(load_default=0, validate=validate.Range(min=0, max=2**62))
    limit = fields.Integer(load_default=200, validate=validate.Range(min=1, max=500))


class ExchangeEventOut(Schema):
    """A CloudEvent with its place."""

    specversion = fields.String(required=True)
    id = fields.String(required=True)
    source = fields.String(required=True)
    type = fields.String(required=True)
    subject = fields.String(required=True)
    time = fields.String(required=True)
    sequence = fields.Integer(required=True)
    position = fields.Integer(required=True)
    datacontenttype = fields.String(required=True)
    data = fields.Dict(keys=fields.String(), required=True)


class EventPage(Schema):
    """Events in order; `next` is never null, for there may be more later."""

    items = fields.List(fields.Nested(ExchangeEventOut), required=True)
    next = fields.String(required=True)


class HandledRowIn(Schema):
    """What a platform has done with one version of a listing."""

    listing_id = Text(36, required=True)
    version = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=2**31 - 1))
    result = fields.String(required=True, validate=validate.OneOf(("accepted", "rejected")))
    receipt_number = fields.String(load_default="", validate=validate.Length(max=100))
    field = fields.String(load_default="", validate=validate.Length(max=200))
    code = fields.String(load_default="", validate=validate.Length(max=64))
    message = fields.String(load_default="", validate=validate.Length(max=1000))
    displayed_at = fields.AwareDateTime(load_default=None, allow_none=True, metadata={"description": SHOWN})
    absent_at = fields.AwareDateTime(load_default=None, allow_none=True, metadata={"description": GONE})


class HandledIn(Schema):
    """What a platform brings to the door."""

    receipts = fields.List(
        fields.Nested(HandledRowIn), required=True, validate=validate.Length(min=1, max=1000)
    )
