"""What the cases API answers: identity numbers only as masks."""

from marshmallow import fields

from shared.web.paging import page_schema
from shared.web.schemas import Schema


class ActionOut(Schema):
    action = fields.String(required=True)
    title = fields.String(required=True)
    allowed = fields.Boolean(required=True)
    reason = fields.String()
    rule = fields.String()
    earliest = fields.String(metadata={"description": "最早可以办理的日期"})


class CaseDutyOut(Schema):
    id = fields.String(required=True)
    kind = fields.String(required=True)
    due = fields.String(allow_none=True)
    state = fields.String(required=True)
    late = fields.Boolean(required=True, metadata={"description": "逾期办结"})
    late_wd = fields.Integer(required=True, metadata={"description": "办结时已超期的工作日数"})
    provisional = fields.Boolean(required=True)
    rule = fields.String(required=True)


class NamedOut(Schema):
    id = fields.String(required=True)
    name = fields.String(required=True)


class AttachmentOut(Schema):
    id = fields.String(required=True)
    kind = fields.String(required=True)
    file_name = fields.String(required=True)
    media_type = fields.String(required=True)
    size = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    created_at = fields.String(required=True)


class HeldAttachment(AttachmentOut):
    """An attachment as its case lists it."""


class RequestOut(Schema):
    """An objection or repair request; `result` says what went back to its channel."""

    id = fields.String(required=True)
    case_id = fields.String(required=True)
    kind = fields.String(required=True)
    state = fields.String(required=True)
    channel = fields.String(allow_none=True)
    ticket = fields.String(allow_none=True)
    received_at = fields.String(allow_none=True)
    due = fields.String(allow_none=True)
    awaiting_material = fields.Boolean(required=True)
    material_requested = fields.List(fields.Dict(keys=fields.String()), required=True)
    material_received = fields.List(fields.Dict(keys=fields.String()), required=True)
    extended = fields.String(allow_none=True)
    result = fields.Dict(keys=fields.String(), allow_none=True)


class LinkOut(Schema):
    id = fields.String(required=True)
    side = fields.String(required=True, metadata={"enum": ["parent", "child"]})
    relation = fields.String(required=True)
    relation_name = fields.String(required=True)
    case_id = fields.String(required=True)
    listing_id = fields.String(allow_none=True)
    subject_name = fields.String(required=True)
    state = fields.String(required=True)
    state_name = fields.String(required=True)
    note = fields.String(allow_none=True)
    created_at = fields.String(allow_none=True)
    proposed_at = fields.String(allow_none=True)


class LinksOut(Schema):
    items = fields.List(fields.Nested(LinkOut), required=True)


class WarningOut(Schema):
    title = fields.String(required=True)
    text = fields.String(required=True)
    rule = fields.String(required=True)


class CaseSummary(Schema):
    """A case in a list."""

    id = fields.String(required=True)
    listing_id = fields.String(allow_none=True)
    state = fields.String(required=True)
    state_name = fields.String(required=True)
    version = fields.Integer(required=True)
    procedure = fields.String(required=True)
    overlays = fields.Dict(keys=fields.String(), required=True)
    available_actions = fields.List(fields.Nested(ActionOut), required=True)
    duties = fields.List(fields.Nested(CaseDutyOut), required=True)
    list_code = fields.String(required=True)
    list_name = fields.String(required=True)
    list_class = fields.String(required=True)
    rule_version = fields.String(required=True)
    domain = fields.String(required=True)
    region = fields.String(required=True)
    department = fields.Nested(NamedOut, required=True)
    subject = fields.Dict(keys=fields.String(), required=True)
    misconduct = fields.Dict(keys=fields.String(), required=True)
    document = fields.Dict(keys=fields.String(), required=True)
    disclosure = fields.Dict(keys=fields.String(), required=True)
    publicity = fields.Dict(keys=fields.String(), allow_none=True)
    filed_by = fields.String(required=True)
    reason_code = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    created_at = fields.String(required=True)
    updated_at = fields.String(required=True)


class RejectionOut(Schema):
    """What a platform sent back for good, and the task to correct it."""

    platform = fields.String(required=True)
    platform_name = fields.String(required=True)
    operation = fields.String(required=True)
    version = fields.Integer(required=True)
    field = fields.String(required=True, allow_none=True)
    code = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    times = fields.Integer(required=True, metadata={"description": "被该平台退回的次数"})
    at = fields.DateTime(required=True)
    duty_id = fields.String(required=True, allow_none=True)
    due = fields.Date(required=True, allow_none=True)
    state = fields.String(required=True, allow_none=True, metadata={"description": "更正任务的状态"})


class CaseOut(CaseSummary):
    """A case in full."""

    decision = fields.Dict(keys=fields.String(), allow_none=True)
    notice = fields.Dict(keys=fields.String(), allow_none=True)
    statement = fields.Dict(keys=fields.String(), allow_none=True)
    hearing = fields.Dict(
        keys=fields.String(),
        allow_none=True,
        metadata={
            "description": "听证：通知的时间、地点、主持人和公开与否，如何结束，意见是否采纳，"
            "听证通知书的送达（notice），"
            "以及听证笔录（record）、撤回听证申请书（withdrawal）、"
            "终止听证的证明材料（termination）的材料编号和 SHA-256"
        },
    )
    legal_review = fields.Dict(
        keys=fields.String(),
        allow_none=True,
        metadata={"description": "法制审核：审核人员、日期、结论和意见"},
    )
    revocation = fields.Dict(
        keys=fields.String(), allow_none=True, metadata={"description": "撤销列入所依据的文书"}
    )
    service = fields.Dict(keys=fields.String(), allow_none=True)
    attachments = fields.List(fields.Nested(HeldAttachment), required=True)
    steps = fields.List(fields.Dict(keys=fields.String()), required=True)
    notices = fields.List(fields.Dict(keys=fields.String()), required=True)
    obligations = fields.Dict(keys=fields.String(), allow_none=True)
    requests = fields.List(fields.Nested(RequestOut), required=True)
    rejections = fields.List(fields.Nested(RejectionOut), required=True)
    links = fields.List(fields.Nested(LinkOut), required=True)
    warnings = fields.List(fields.Nested(WarningOut), required=True)


CasePage = page_schema(CaseSummary, "CasePage")


class RequestItem(RequestOut):
    """A request as the list of its channel shows it."""


RequestPage = page_schema(RequestItem, "RequestPage")


class RowResult(Schema):
    """What became of one row of a bulk."""

    id = fields.String(required=True)
    ok = fields.Boolean(required=True)
    state = fields.String()
    version = fields.Integer()
    listing_id = fields.String(allow_none=True)
    problem = fields.Dict(keys=fields.String())


class BulkOut(Schema):
    action = fields.String(required=True)
    done = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    items = fields.List(fields.Nested(RowResult), required=True)


class ImportOut(Schema):
    id = fields.String(required=True)
    state = fields.String(required=True)
    file_name = fields.String(required=True)
    list_code = fields.String(required=True)
    domain = fields.String(required=True)
    region = fields.String(required=True)
    size = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    total_rows = fields.Integer(required=True)
    good_rows = fields.Integer(required=True)
    bad_rows = fields.Integer(required=True)
    filed_rows = fields.Integer(required=True)
    held_rows = fields.Integer(required=True, metadata={"description": "重复、待决定的行"})
    skipped_rows = fields.Integer(required=True)
    problem = fields.String(allow_none=True)
    layout = fields.String(allow_none=True)
    headings = fields.List(fields.Dict(keys=fields.String()))
    chosen_layout = fields.String(allow_none=True)
    replaces = fields.String(allow_none=True)
    corrects = fields.String(allow_none=True, metadata={"description": "更正哪次导入的行"})
    progress = fields.Float(allow_none=True)
    created_at = fields.String(required=True)
    confirmed_at = fields.String(allow_none=True)
    finished_at = fields.String(allow_none=True)


class HeadingOut(Schema):
    layout = fields.String(required=True, metadata={"description": "表格格式代码，空表示所有格式"})
    heading = fields.String(required=True)
    code = fields.String(required=True)


class MappingOut(Schema):
    items = fields.List(fields.Nested(HeadingOut), required=True)


class LayoutsOut(Schema):
    items = fields.List(fields.Dict(keys=fields.String()), required=True)


class CellError(Schema):
    cell = fields.String(required=True, metadata={"description": "单元格，如 C7"})
    row = fields.Integer()
    column = fields.String(required=True)
    value = fields.String(allow_none=True, metadata={"description": "单元格内容，身份证件号码已遮盖"})
    message = fields.String(required=True)
    remedy = fields.String(metadata={"description": "改法"})


class ImportRowOut(Schema):
    row = fields.Integer(required=True)
    state = fields.String(required=True)
    hint = fields.String(allow_none=True, metadata={"description": "duplicate 重复，likely 疑似同一主体"})
    preview = fields.Dict(keys=fields.String(), required=True)
    errors = fields.List(fields.Nested(CellError), required=True)
    case_id = fields.String(allow_none=True)


class ImportDetail(ImportOut):
    items = fields.List(fields.Nested(ImportRowOut), required=True)
    next = fields.String(allow_none=True, required=True)


ImportPage = page_schema(ImportOut, "ImportPage")
