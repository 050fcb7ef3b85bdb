"""What officers and the public send. Unknown fields are refused."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from services.blacklist.openness.domain import items, opinions, reports
from services.blacklist.openness.domain.channels import channels
from services.blacklist.openness.domain.terms import kinds
from shared.web.paging import PageQuery
from shared.web.schemas import RegionField, Schema, StatutoryDate, Text, VersionField

MOST_WORKING_DAYS = 60


def optional_text(longest: int, **more: Any) -> Text:
    return Text(longest, load_default=None, allow_none=True, **more)


class SecrecyIn(Schema):
    """密级和保密期限;标有密级的只登记,不录入内容."""

    level = fields.String(required=True, validate=validate.OneOf(tuple(items.SECRECY)))
    term = Text(40, required=True)


class OwnTermIn(Schema):
    """法律、法规另有规定的公开时限及依据."""

    working_days = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=1, max=MOST_WORKING_DAYS)
    )
    basis = Text(100, required=True)


class ItemIn(Schema):
    """一条公开信息."""

    catalogue_code = Text(60, required=True)
    kind = fields.String(required=True, validate=validate.OneOf(tuple(kinds())))
    title = Text(200, required=True)
    body = optional_text(50000, lines=True)
    formed_on = StatutoryDate(required=True)
    document_number = optional_text(128)
    medium = optional_text(200)
    attribute = fields.String(load_default=items.PROACTIVE, validate=validate.OneOf(tuple(items.ATTRIBUTES)))
    attribute_reason = optional_text(2000, lines=True)
    exceptions = fields.List(
        fields.String(validate=validate.Length(max=40)), load_default=list, validate=validate.Length(max=10)
    )
    secrecy = fields.Nested(SecrecyIn, load_default=None, allow_none=True)
    own_term = fields.Nested(OwnTermIn, load_default=None, allow_none=True)
    related_id = optional_text(36)


class ItemEditIn(ItemIn):
    """草稿的全部内容;edition 为看到的稿次."""

    edition = VersionField(required=True)


class ItemActIn(Schema):
    """办理事项;各事项需要哪些内容见 available_actions 和错误提示."""

    action = fields.String(required=True, validate=validate.OneOf(tuple(items.ACTS)))
    edition = VersionField(required=True)
    reason = Text(2000, lines=True)
    title = Text(200)
    body = Text(50000, lines=True)
    changed_on = StatutoryDate()


class FileIn(Schema):
    """附件."""

    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class ItemQuery(PageQuery):
    """本部门的公开信息;waiting 为等待审批的."""

    state = fields.String(
        load_default=None, allow_none=False, validate=validate.OneOf(("waiting", *items.STATES))
    )
    kind = fields.String(load_default=None, allow_none=False, validate=validate.OneOf(tuple(kinds())))


class PublicItemQuery(PageQuery):
    """公开信息的查询条件."""

    q = Text(100, load_default=None, allow_none=False)
    region = RegionField(load_default=None, allow_none=False)
    domain = Text(40, load_default=None, allow_none=False)
    catalogue_code = Text(60, load_default=None, allow_none=False)
    kind = fields.String(load_default=None, allow_none=False, validate=validate.OneOf(tuple(kinds())))
    department_id = fields.UUID(load_default=None, allow_none=False)
    since = StatutoryDate(load_default=None)


class OpinionIn(Schema):
    """政务舆情;重大的自 reported_at 起计5小时和24小时."""

    title = Text(200, required=True)
    summary = Text(5000, required=True, lines=True)
    source = Text(300, required=True)
    level = fields.String(required=True, validate=validate.OneOf(tuple(opinions.LEVELS)))
    reported_at = fields.AwareDateTime(required=True)


class RoundIn(Schema):
    """一次监测；没有发现的，found 填 0."""

    sources = Text(1000, required=True, lines=True)
    found = fields.Integer(required=True, strict=True, validate=validate.Range(0, 10_000))
    note = Text(2000, lines=True, allow_none=True)


class OpinionQuery(PageQuery):
    """按办理情况筛选."""

    state = fields.String(
        load_default=None, allow_none=False, validate=validate.OneOf(tuple(opinions.STATES))
    )


class OpinionActIn(Schema):
    """raise 升为重大,press 登记新闻发布,close 办结."""

    action = fields.String(required=True, validate=validate.OneOf(("raise", "press", "close")))
    held_at = fields.AwareDateTime()
    note = Text(1000, lines=True)
    reason = Text(2000, lines=True)

    @validates_schema
    def _fits(self, data: dict[str, Any], **_: Any) -> None:
        wanted = {"press": ({"held_at", "note"}, set()), "close": (set(), {"reason"})}
        needs, may = wanted.get(data["action"], (set(), set()))
        wrong = {name: ["这个事项没有此项，请删去。"] for name in set(data) - needs - may - {"action"}}
        wrong |= {name: ["必填，请补充。"] for name in needs - set(data)}
        if wrong:
            raise ValidationError(wrong)


class ChannelDraftIn(Schema):
    """文字稿;不写 text 的,按信息内容生成."""

    channel = fields.String(required=True, validate=validate.OneOf(tuple(channels())))
    text = optional_text(1000, lines=True)


class ChannelActIn(Schema):
    """approve 审批,drop 不发出,sent 登记已发出."""

    action = fields.String(required=True, validate=validate.OneOf(("approve", "drop", "sent")))
    sent_at = fields.AwareDateTime()
    sent_to = Text(300)

    @validates_schema
    def _fits(self, data: dict[str, Any], **_: Any) -> None:
        needs = {"sent_at", "sent_to"} if data["action"] == "sent" else set()
        wrong = {name: ["这个事项没有此项，请删去。"] for name in set(data) - needs - {"action"}}
        wrong |= {name: ["必填，请补充。"] for name in needs - set(data)}
        if wrong:
            raise ValidationError(wrong)


class ReporterIn(Schema):
    """举报人;可以不填。填写的须留下联系方式."""

    name = optional_text(100)
    phone = optional_text(30)
    email = fields.Email(load_default=None, allow_none=True, validate=validate.Length(max=120))

    @validates_schema
    def _reachable(self, data: dict[str, Any], **_: Any) -> None:
        if data["name"] and not (data["phone"] or data["email"]):
            raise ValidationError("实名举报请留下电话或者电子邮箱。", "phone")


class ReportIn(Schema):
    """监督举报."""

    department_id = fields.UUID(required=True)
    topic = fields.String(required=True, validate=validate.OneOf(tuple(reports.TOPICS)))
    about = optional_text(300)
    text = Text(5000, required=True, shortest=5, lines=True)
    reporter = fields.Nested(ReporterIn, load_default=None, allow_none=True)


class CodeIn(Schema):
    """回执上的查询码."""

    code = Text(60, required=True)


class ReportQuery(PageQuery):
    """按办理情况筛选;open 为所有未办结的."""

    state = fields.String(
        load_default=None, allow_none=False, validate=validate.OneOf(("open", *reports.STATES))
    )


class ReportActIn(Schema):
    """办理举报."""

    action = fields.String(required=True, validate=validate.OneOf(tuple(reports.ACTS)))
    content = Text(5000, lines=True)
    reason = Text(2000, lines=True)
    department_id = Text(36)


class PurposeIn(Schema):
    """查看举报人信息的目的,记入审计记录."""

    purpose = Text(500, required=True, shortest=2)
