"""What applicants and officers send and are shown."""

from typing import Any

from apiflask.fields import File
from marshmallow import ValidationError, fields, validate, validates_schema

from services.blacklist.disclosure.domain import ACTIONS, APPLICANTS, DELIVERY, STATES, answer_types
from shared.web.paging import PageQuery, page_schema
from shared.web.schemas import Flag, RegionField, Schema, StatutoryDate, Text, UsccField

ID_TYPES = ("resident-id", "passport", "hk-macao-permit", "taiwan-permit", "foreigner-residence", "other")


class ApplicantIn(Schema):
    """申请人:姓名或者名称、身份证明、联系方式(条例第二十九条)."""

    type = fields.String(required=True, validate=validate.OneOf(tuple(APPLICANTS)))
    name = Text(100, required=True)
    id_type = fields.String(load_default=None, allow_none=False, validate=validate.OneOf(ID_TYPES))
    id_number = Text(40, load_default=None, allow_none=False)
    uscc = UsccField(load_default=None, allow_none=False)
    phone = Text(30, load_default=None, allow_none=False)
    email = fields.Email(load_default=None, allow_none=False, validate=validate.Length(max=120))
    address = Text(200, load_default=None, allow_none=False)

    @validates_schema
    def _reachable(self, data: dict[str, Any], **_: Any) -> None:
        """Somebody, provably, who can be reached."""
        if data["type"] == "citizen" and not (data["id_type"] and data["id_number"]):
            raise ValidationError("公民申请须填写证件种类和证件号码。", "id_number")
        if data["type"] == "organization" and not data["uscc"]:
            raise ValidationError("法人或者其他组织申请须填写统一社会信用代码。", "uscc")
        if not (data["phone"] or data["email"] or data["address"]):
            raise ValidationError("电话、电子邮箱、通信地址至少填写一项。", "phone")


class RequestIn(Schema):
    """依申请公开申请."""

    department_id = fields.UUID(required=True)
    applicant = fields.Nested(ApplicantIn, required=True)
    wanted = Text(
        2000, required=True, lines=True,
        metadata={"description": "所需信息的名称、文号或者便于查找的其他特征"},
    )  # fmt: skip
    delivery = fields.String(load_default="online", validate=validate.OneOf(tuple(DELIVERY)))


class ReceiptView(Schema):
    """回执. The code is shown this once; it alone opens the progress page."""

    number = fields.String(required=True)
    code = fields.String(required=True)
    received_on = fields.Date(required=True)
    due = fields.Date(required=True)
    provisional = fields.Boolean(required=True)
    department = fields.String(required=True)


class SupplementIn(Schema):
    """补正内容."""

    content = Text(2000, required=True, lines=True)


class RequestQuery(PageQuery):
    """按办理情况筛选;open 为所有未办结的."""

    state = fields.String(load_default=None, allow_none=False, validate=validate.OneOf(("open", *STATES)))


class ActionIn(Schema):
    """办理事项及其内容;各事项需要哪些内容见 available_actions 和错误提示."""

    action = fields.String(required=True, validate=validate.OneOf(tuple(ACTIONS)))
    content = Text(10000, lines=True)
    reason = Text(2000, lines=True)
    until = StatutoryDate()
    working_days = fields.Integer(strict=True, validate=validate.Range(min=1, max=20))
    department_id = fields.String(validate=validate.Length(max=36))
    answer_type = fields.String(validate=validate.OneOf(tuple(answer_types())))
    exceptions = fields.List(
        fields.String(validate=validate.Length(max=40)), validate=validate.Length(max=10)
    )
    letter_number = Text(60)
    documents_checked = Flag(
        metadata={
            "description": "签发人已逐页核对不能自动检查、或者查出个人信息的文件；有这类文件时必须为 true"
        }
    )
    documents_seen = fields.List(
        fields.String(validate=validate.Length(max=64)),
        validate=validate.Length(max=200),
        metadata={
            "description": "核对时随附的全部文件的 SHA-256（documents 中的 sha256）；"
            "确认核对时必填，与现有文件不同的不予签发"
        },
    )


class DepartmentRef(Schema):
    """部门."""

    id = fields.String(required=True)
    name = fields.String(required=True)


class StepView(Schema):
    """办理经过."""

    action = fields.String(required=True)
    title = fields.String(required=True)
    text = fields.String(required=True, allow_none=True)
    by = fields.String(required=True, allow_none=True)
    at = fields.AwareDateTime(required=True)


class DocumentView(Schema):
    """随答复提供的一份文件."""

    id = fields.String(required=True)
    file_name = fields.String(required=True)
    media_type = fields.String(required=True)
    size = fields.Integer(required=True)
    sha256 = fields.String(required=True)


class DocumentLine(DocumentView):
    """一份文件；identities 为发现的证件号码数，空为不能自动检查，checked 为经办人写明的核对情况."""

    identities = fields.Integer(required=True, allow_none=True)
    checked = fields.String(required=True, allow_none=True)
    by = fields.String(required=True)
    added_at = fields.AwareDateTime(required=True)


class DocumentForm(Schema):
    """文件以外的各项."""

    checked = Text(
        500, lines=True,
        metadata={"description": "个人信息的核对情况；文件中发现个人信息或者不能自动检查的，须写明"},
    )  # fmt: skip


class DocumentIn(DocumentForm):
    """附一份文件."""

    file = File(required=True)  # type: ignore[no-untyped-call]


class AnswerView(Schema):
    """答复."""

    answer_type = fields.String(required=True)
    name = fields.String(required=True)
    article = fields.String(required=True)
    content = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    exceptions = fields.List(fields.String(), required=True)
    letter_number = fields.String(required=True, allow_none=True)
    issued_on = fields.Date(required=True, allow_none=True)
    documents = fields.List(fields.Nested(DocumentView), required=True)


class ActionView(Schema):
    """可以办理的事项."""

    action = fields.String(required=True)
    title = fields.String(required=True)
    allowed = fields.Boolean(required=True)
    reason = fields.String(required=True, allow_none=True)


class RequestLine(Schema):
    """一件申请的概况;公众凭查询码查看时没有编号 id."""

    id = fields.String(required=True, allow_none=True)
    number = fields.String(required=True)
    state = fields.String(required=True)
    state_name = fields.String(required=True)
    department = fields.Nested(DepartmentRef, required=True)
    region = fields.String(required=True)
    applicant_type = fields.String(required=True)
    wanted = fields.String(required=True)
    delivery = fields.String(required=True)
    received_on = fields.Date(required=True)
    correction_until = fields.Date(required=True, allow_none=True)
    answered_on = fields.Date(required=True, allow_none=True)
    due = fields.Date(required=True, allow_none=True)
    provisional = fields.Boolean(required=True)
    duty_state = fields.String(required=True, allow_none=True)
    extended_wd = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)


class RequestView(RequestLine):
    """一件申请;申请人、拟稿和可办事项只给经办部门的工作人员."""

    steps = fields.List(fields.Nested(StepView), required=True)
    answer = fields.Nested(AnswerView, required=True, allow_none=True)
    letter = fields.String(required=True, allow_none=True)
    applicant = fields.Dict(keys=fields.String())
    draft = fields.Dict(keys=fields.String(), allow_none=True)
    documents = fields.List(fields.Nested(DocumentLine))
    available_actions = fields.List(fields.Nested(ActionView))


class CatalogueQuery(Schema):
    """公开事项目录的筛选条件."""

    region = RegionField(load_default=None, allow_none=False)
    department_id = fields.UUID(load_default=None, allow_none=False)
    domain = fields.String(load_default=None, allow_none=False, validate=validate.Length(max=40))
    on = StatutoryDate(load_default=None, metadata={"description": "这一天的目录，缺省为今天"})


class CatalogueRow(Schema):
    """事项、内容、时限、方式、责任主体、监督渠道."""

    code = fields.String(required=True)
    origin = fields.String(required=True)
    region = fields.String(required=True)
    region_name = fields.String(required=True)
    domain = fields.String(required=True)
    domain_name = fields.String(required=True)
    attribute = fields.String(required=True)
    title = fields.String(required=True)
    content = fields.String(required=True)
    time_limit = fields.String(required=True)
    method = fields.String(required=True)
    responsible = fields.List(fields.Nested(DepartmentRef), required=True)
    supervision = fields.String(required=True)
    basis = fields.String(required=True)
    rule_version = fields.String(required=True, allow_none=True)


class EntryIn(Schema):
    """公开事项目录的一个事项."""

    domain = fields.String(required=True, validate=validate.Length(max=40))
    title = Text(200, required=True)
    content = Text(2000, required=True, lines=True)
    time_limit = Text(300, required=True)
    method = Text(1000, required=True)
    organ = fields.String(
        required=True, validate=validate.Length(max=40),
        metadata={"description": "责任主体的职能条线；* 为各管理部门"},
    )  # fmt: skip
    supervision = Text(1000, required=True)
    source = Text(200, required=True, metadata={"description": "依据：法律、法规或者文件的名称、文号、条款"})


class ChangeIn(Schema):
    """增加、修改、取消一个公开事项。修改和取消须写明 code."""

    act = fields.String(required=True, validate=validate.OneOf(("add", "change", "close")))
    region = RegionField(load_default=None, allow_none=False)
    code = fields.String(
        load_default=None, allow_none=False,
        validate=validate.Regexp(r"[A-Za-z0-9][A-Za-z0-9-]{1,59}\Z", error="由字母、数字和连字符组成。"),
    )  # fmt: skip
    entry = fields.Nested(EntryIn, load_default=None, allow_none=False)
    reason = Text(500, required=True)


class ChangeAnswerIn(Schema):
    """退回的理由."""

    reason = Text(500, required=True)


class ChangeQuery(PageQuery):
    """按办理情况筛选."""

    state = fields.String(
        load_default=None, allow_none=False, validate=validate.OneOf(("proposed", "confirmed", "refused"))
    )


class ChangeView(Schema):
    """目录的一次变动：谁提出、谁确认、改前和改后."""

    id = fields.String(required=True)
    region = fields.String(required=True)
    code = fields.String(required=True)
    act = fields.String(required=True)
    edition = fields.Integer(required=True)
    state = fields.String(required=True)
    reason = fields.String(required=True)
    before = fields.Dict(keys=fields.String(), required=True, allow_none=True)
    after = fields.Dict(keys=fields.String(), required=True, allow_none=True)
    proposer_name = fields.String(required=True)
    proposed_at = fields.AwareDateTime(required=True)
    settler_name = fields.String(required=True, allow_none=True)
    settled_at = fields.AwareDateTime(required=True, allow_none=True)
    answer = fields.String(required=True, allow_none=True)


class GroundView(Schema):
    """不予公开的情形."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    article = fields.String(required=True)
    text = fields.String(required=True)
    scope = fields.String(required=True)
    also = fields.String(required=True)
    status = fields.String(required=True)
    source = fields.String(required=True)


class AnswerTypeView(Schema):
    """答复类型."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    article = fields.String(required=True)
    needs = fields.List(fields.String(), required=True)
    review_first = fields.Boolean(required=True)
    attaches = fields.Boolean(required=True, metadata={"description": "是否可以附文件"})
    lead = fields.String(required=True)


class ObstacleView(Schema):
    """不能公示的原因."""

    reason = fields.String(required=True)
    basis = fields.String(required=True)


class PartView(Schema):
    """公示页面的一部分:如何显示、为什么."""

    pointer = fields.String(required=True)
    label = fields.String(required=True)
    value = fields.Raw(required=True, allow_none=True)
    treatment = fields.String(required=True, validate=validate.OneOf(("shown", "masked", "withheld")))
    reason = fields.String(required=True)
    basis = fields.String(required=True)


class WindowView(Schema):
    """公示期;estimated 为按今天公示推算."""

    start = fields.Date(required=True)
    min_end = fields.Date(required=True, allow_none=True)
    max_end = fields.Date(required=True)
    estimated = fields.Boolean(required=True)


class ClaimedView(Schema):
    """适用的公开例外."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    basis = fields.String(required=True)


class RedactionView(Schema):
    """须遮盖的信息，和遮盖后的内容是否已由另一人审核."""

    needed = fields.List(fields.String(), required=True)
    approved = fields.Boolean(required=True)


class PreviewView(Schema):
    """公示预览."""

    case_id = fields.String(required=True)
    publishable = fields.Boolean(required=True)
    obstacles = fields.List(fields.Nested(ObstacleView), required=True)
    attribute = fields.String(required=True)
    attribute_reason = fields.String(required=True, allow_none=True)
    page = fields.Dict(keys=fields.String(), required=True)
    publicity = fields.Nested(WindowView, required=True, allow_none=True)
    exceptions = fields.List(fields.Nested(ClaimedView), required=True)
    redaction = fields.Nested(RedactionView, required=True)
    parts = fields.List(fields.Nested(PartView), required=True)


RequestPage = page_schema(RequestLine, "DisclosureRequestPage")
CataloguePage = page_schema(CatalogueRow, "DisclosureCataloguePage")
ChangePage = page_schema(ChangeView, "CatalogueChangePage")
GroundPage = page_schema(GroundView, "DisclosureExceptionPage")
AnswerTypePage = page_schema(AnswerTypeView, "DisclosureAnswerTypePage")
