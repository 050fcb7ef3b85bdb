"""What openness answers with."""

from marshmallow import fields

from shared.web.paging import page_schema
from shared.web.schemas import Schema


def words(*, null: bool = False) -> fields.String:
    return fields.String(required=True, allow_none=null)


def day(*, null: bool = True) -> fields.Date:
    return fields.Date(required=True, allow_none=null)


def moment(*, null: bool = True) -> fields.AwareDateTime:
    return fields.AwareDateTime(required=True, allow_none=null)


class OpennessDepartment(Schema):
    """部门."""

    id = words()
    name = words()


class FileView(Schema):
    """附件."""

    id = words()
    file_name = words()
    media_type = words()
    size = fields.Integer(required=True)
    sha256 = words()


class PublicLine(Schema):
    """一条公开信息的概况."""

    id = words()
    number = words()
    title = words()
    kind = words()
    kind_name = words()
    catalogue_code = words()
    domain = words()
    domain_name = words()
    region = words()
    region_name = words()
    department = fields.Nested(OpennessDepartment, required=True)
    document_number = words(null=True)
    formed_on = day(null=False)
    published_on = day()
    label = words()
    withdrawn = fields.Boolean(required=True)
    corrected = fields.Boolean(required=True)


class ChangeView(Schema):
    """公开、更正、撤下的标注;former_* 为更正之前的内容."""

    version = fields.Integer(required=True)
    kind = words()
    kind_name = words()
    on = day(null=False)
    reason = words(null=True)
    former_title = words(null=True)
    former_body = words(null=True)


class TitleRef(Schema):
    """另一条公开信息."""

    id = words()
    title = words()


class PublicItemView(PublicLine):
    """一条公开信息;已撤下的没有内容和附件."""

    catalogue_title = words()
    body = words(null=True)
    medium = words(null=True)
    related_id = words(null=True)
    time_limit = words(null=True)
    files = fields.List(fields.Nested(FileView), required=True)
    interpretations = fields.List(fields.Nested(TitleRef), required=True)
    changes = fields.List(fields.Nested(ChangeView), required=True)


class KindView(Schema):
    """信息种类."""

    code = words()
    name = words()
    relates = words()


class AvailableView(Schema):
    """可以办理的事项."""

    action = words()
    title = words()
    allowed = fields.Boolean(required=True)
    reason = words(null=True)


class ItemLine(Schema):
    """工作人员看到的一条公开信息的概况."""

    id = words()
    number = words()
    edition = fields.Integer(required=True)
    state = words()
    state_name = words()
    title = words()
    kind = words()
    kind_name = words()
    catalogue_code = words()
    domain = words()
    region = words()
    formed_on = day(null=False)
    document_number = words(null=True)
    attribute = words()
    attribute_name = words()
    version = fields.Integer(required=True)
    department = fields.Nested(OpennessDepartment, required=True)
    due = day()
    provisional = fields.Boolean(required=True)
    duty_state = words(null=True)
    waiting_for = words(null=True)
    published_at = moment()
    withdrawn_at = moment()
    created_at = moment(null=False)


class VersionView(Schema):
    """经审批的一版."""

    version = fields.Integer(required=True)
    kind = words()
    title = words()
    reason = words(null=True)
    at = moment(null=False)


class ChannelDraftView(Schema):
    """微博、微信等的文字稿."""

    id = words()
    item_id = words()
    channel = words()
    text = fields.String(required=True)
    state = words()
    drafter_name = words()
    approver_name = words(null=True)
    sent_at = moment()
    sent_to = words(null=True)


class AlsoAtView(Schema):
    """应当同步发布的渠道，发出后有时间和地址."""

    channel = words()
    name = words()
    sent_at = moment()
    sent_to = words(null=True)


class ItemView(ItemLine):
    """工作人员看到的一条公开信息."""

    catalogue_title = words()
    body = words()
    medium = words(null=True)
    attribute_reason = words(null=True)
    exceptions = fields.List(fields.String(), required=True)
    secrecy = fields.Dict(keys=fields.String(), required=True, allow_none=True)
    term = fields.Dict(keys=fields.String(), required=True)
    related_id = words(null=True)
    pending = fields.Dict(keys=fields.String(), required=True, allow_none=True)
    label = words()
    warnings = fields.List(fields.String(), required=True)
    drafter_name = words()
    approver_name = words(null=True)
    returned_reason = words(null=True)
    files = fields.List(fields.Nested(FileView), required=True)
    versions = fields.List(fields.Nested(VersionView), required=True)
    channel_drafts = fields.List(fields.Nested(ChannelDraftView), required=True)
    also_at = fields.List(fields.Nested(AlsoAtView), required=True)
    available_actions = fields.List(fields.Nested(AvailableView), required=True)


class ClockView(Schema):
    """按钟点计算的期限."""

    kind = words()
    due_at = moment()
    state = words()
    done_at = moment()


class OpinionView(Schema):
    """政务舆情."""

    id = words()
    number = words()
    state = words()
    state_name = words()
    level = words()
    level_name = words()
    title = words()
    summary = words()
    source = words()
    region = words()
    department = fields.Nested(OpennessDepartment, required=True)
    reported_at = moment(null=False)
    information_at = moment()
    press_at = moment()
    press_note = words(null=True)
    response_item_id = words(null=True)
    response_title = words(null=True)
    recorder_name = words()
    closed_at = moment()
    close_reason = words(null=True)
    close_refused = words(null=True)
    clocks = fields.List(fields.Nested(ClockView), required=True)


class ReportReceipt(Schema):
    """回执. The code is shown this once; it alone opens the progress page."""

    number = words()
    code = words()
    received_on = day(null=False)
    department = words()


class ReportLine(Schema):
    """一件举报的概况;凭查询码查看时没有 id."""

    id = words(null=True)
    number = words()
    state = words()
    state_name = words()
    topic = words()
    topic_name = words()
    about = words(null=True)
    region = words()
    department = fields.Nested(OpennessDepartment, required=True)
    anonymous = fields.Boolean(required=True)
    received_on = day(null=False)
    due = day()
    provisional = fields.Boolean(required=True)
    duty_state = words(null=True)
    answered_on = day()


class ReportProgress(ReportLine):
    """办理进度和答复."""

    answer = words(null=True)


class ReportView(ReportProgress):
    """一件举报;举报人另行查看."""

    text = fields.String(required=True)
    draft = fields.String(required=True, allow_none=True)
    available_actions = fields.List(fields.Nested(AvailableView), required=True)


class ReporterView(Schema):
    """举报人;匿名举报的为空."""

    name = fields.String()
    phone = fields.String()
    email = fields.String()
    anonymous = fields.Boolean(required=True)


class RoundView(Schema):
    """一次监测."""

    id = words()
    department = fields.Nested(OpennessDepartment, required=True)
    region = words()
    sources = words()
    found = fields.Integer(required=True)
    note = words(null=True)
    recorder_name = words()
    at = moment(null=False)


PublicItemPage = page_schema(PublicLine, "PublicItemPage")
KindPage = page_schema(KindView, "ItemKindPage")
ItemPage = page_schema(ItemLine, "OpennessItemPage")
OpinionPage = page_schema(OpinionView, "OpinionPage")
RoundPage = page_schema(RoundView, "WatchRoundPage")
ChannelDraftPage = page_schema(ChannelDraftView, "ChannelDraftPage")
ReportPage = page_schema(ReportLine, "SupervisionReportPage")
