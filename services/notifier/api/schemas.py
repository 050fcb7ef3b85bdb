"""What the notifier's API takes and gives."""

from apiflask.fields import Boolean, DateTime, Integer, List, Nested, String
from marshmallow import validate

from services.notifier.api.schemas_scopes import ScopeField
from services.notifier.channels import CHANNELS
from services.notifier.domain import ROBOTS, SEVERITIES
from services.notifier.queries.messages import STATE_NAMES
from shared.web.paging import PageQuery, page_schema
from shared.web.schemas import Flag, Schema, StatutoryDate, Text, VersionField

ID = validate.Length(min=1, max=64)
EVENT = validate.Regexp(r"^[a-z][a-z.-]{0,58}\*?\Z", error="应为消息类型，如 case.published 或 case.*。")


class InboxQuery(PageQuery):
    unread = Boolean(
        load_default=None,
        truthy={"true"},
        falsy={"false"},
        metadata={"description": "true：只看本人未签收的"},
    )
    event_type = String(load_default=None, validate=validate.Length(max=60))
    severity = String(load_default=None, validate=validate.OneOf(SEVERITIES))
    subject_id = String(load_default=None, validate=validate.Length(max=100))
    required = Boolean(
        load_default=None,
        truthy={"true"},
        falsy={"false"},
        metadata={"description": "true：只看须签收的（无人签收会逐级催办）"},
    )
    for_me = Boolean(
        load_default=None,
        truthy={"true"},
        falsy={"false"},
        metadata={"description": "true：只看本人的角色（含代班的）应知晓的"},
    )
    text = String(load_default=None, validate=validate.Length(max=100))


class NoticeOut(Schema):
    id = String(required=True)
    event_type = String(required=True)
    event_name = String(required=True)
    severity = String(required=True)
    severity_name = String(required=True)
    title = String(required=True)
    body = String(required=True)
    subject_id = String(required=True, metadata={"description": "案件或列入信息的编号"})
    case_id = String(required=True, allow_none=True)
    listing_id = String(required=True, allow_none=True)
    document_number = String(required=True, allow_none=True)
    department_id = String(required=True)
    audience = List(String(), required=True, metadata={"description": "应知晓的角色"})
    audience_names = List(String(), required=True)
    for_me = Boolean(required=True)
    link = String(required=True, allow_none=True)
    occurred_at = DateTime(required=True)
    created_at = DateTime(required=True)
    read = Boolean(required=True, metadata={"description": "本人是否已签收"})
    acknowledged_at = DateTime(required=True, allow_none=True, metadata={"description": "部门首次签收的时间"})
    acknowledged_by = String(required=True, allow_none=True)
    must_acknowledge = Boolean(required=True, metadata={"description": "无人签收会逐级催办"})


class UnreadOut(Schema):
    unread = Integer(required=True, metadata={"description": "本人未签收的条数，最多数到 100"})


NoticePage = page_schema(NoticeOut, "NoticePage")


class AcknowledgeIn(Schema):
    ids = List(String(validate=ID), required=True, validate=validate.Length(min=1, max=200))


class AcknowledgedOut(Schema):
    id = String(required=True)
    result = String(required=True, validate=validate.OneOf(("acknowledged", "already", "not-found")))


AcknowledgedPage = page_schema(AcknowledgedOut, "AcknowledgedPage")


class SubscriptionChannel(Schema):
    channel = String(required=True)
    name = String(required=True)
    enabled = Boolean(required=True)
    locked = Boolean(required=True, metadata={"description": "true：个人不得更改"})
    required = Boolean(required=True, metadata={"description": "true：底线，任何人不得关闭"})
    why = String(required=True, allow_none=True, metadata={"description": "个人不得更改的原因"})
    digest = Boolean(required=True, metadata={"description": "true：每日汇总"})
    may_digest = Boolean(required=True, metadata={"description": "是否可以选择每日汇总"})


class SubscriptionOut(Schema):
    event = String(required=True)
    name = String(required=True)
    severity = String(required=True)
    severity_name = String(required=True)
    roles = List(String(), required=True)
    role_names = List(String(), required=True)
    for_me = Boolean(required=True)
    added = List(String(), required=True, metadata={"description": "本部门加收的角色（加收设置的名称）"})
    channels = List(Nested(SubscriptionChannel), required=True)


SubscriptionPage = page_schema(SubscriptionOut, "SubscriptionPage")


class ChoiceIn(Schema):
    channel = String(required=True, validate=validate.OneOf(tuple(CHANNELS)))
    enabled = Flag(required=True)
    digest = Flag(load_default=False, metadata={"description": "true：每日汇总"})


class PhoneIn(Schema):
    number = String(
        required=True, validate=validate.Length(max=20), metadata={"description": "本人手机号码，空表示撤回"}
    )


class PhoneOut(Schema):
    number = String(required=True, allow_none=True, metadata={"description": "已遮盖"})


class DeliveryFilter(Schema):
    channel = String(load_default=None, validate=validate.OneOf(tuple(CHANNELS)))
    provider = String(
        load_default=None, validate=validate.Length(max=40), metadata={"description": "服务商，如 aliyun"}
    )
    state = String(load_default=None, validate=validate.OneOf(tuple(STATE_NAMES)))
    notice_id = String(load_default=None, validate=ID)
    event_type = String(load_default=None, validate=validate.Length(max=60))
    since = StatutoryDate(load_default=None, metadata={"description": "起日"})
    until = StatutoryDate(load_default=None, metadata={"description": "止日，含当日"})
    text = String(load_default=None, validate=validate.Length(max=100))


class DeliveryQuery(PageQuery, DeliveryFilter):
    pass


class RetriedOut(Schema):
    retried = Integer(required=True, metadata={"description": "重新排队的条数"})


class AttemptOut(Schema):
    number = Integer(required=True)
    at = DateTime(required=True)
    outcome = String(required=True, validate=validate.OneOf(("delivered", "failed")))
    permanent = Boolean(required=True)
    reason = String(required=True, allow_none=True)
    duration_ms = Integer(required=True)
    provider_id = String(required=True, allow_none=True, metadata={"description": "服务商给出的编号"})
    provider = String(required=True, allow_none=True, metadata={"description": "服务商，如 aliyun"})
    cost = Integer(required=True, allow_none=True, metadata={"description": "费用，单位为厘（千分之一元）"})


class DeliveryOut(Schema):
    id = String(required=True)
    notice_id = String(required=True)
    event_type = String(required=True)
    title = String(required=True)
    channel = String(required=True)
    channel_name = String(required=True)
    target = String(required=True, metadata={"description": "收件人，地址已遮盖"})
    state = String(required=True, validate=validate.OneOf(tuple(STATE_NAMES)))
    state_name = String(required=True)
    reason = String(required=True, allow_none=True)
    created_at = DateTime(required=True)
    next_attempt_at = DateTime(required=True, allow_none=True)
    settled_at = DateTime(required=True, allow_none=True)
    attempts = List(Nested(AttemptOut), required=True)


DeliveryPage = page_schema(DeliveryOut, "NoticeDeliveryPage")


class WebhookIn(Schema):
    name = Text(100, required=True)
    url = Text(500, required=True, metadata={"description": "公网 https 地址"})
    event_types = List(String(validate=EVENT), load_default=list, validate=validate.Length(max=50))
    scope = Nested(ScopeField, load_default=dict)


class WebhookChangeIn(Schema):
    version = VersionField(required=True)
    name = Text(100)
    url = Text(500)
    event_types = List(String(validate=EVENT), validate=validate.Length(max=50))
    scope = Nested(ScopeField)
    enabled = Flag()


class VersionIn(Schema):
    version = VersionField(required=True)


class WebhookOut(Schema):
    id = String(required=True)
    name = String(required=True)
    url = String(required=True)
    event_types = List(String(), required=True, metadata={"description": "空表示全部"})
    scope = Nested(ScopeField, required=True, metadata={"description": "空表示全部"})
    scope_text = String(required=True)
    enabled = Boolean(required=True)
    disabled_reason = String(required=True, allow_none=True)
    version = Integer(required=True)
    created_at = DateTime(required=True)
    updated_at = DateTime(required=True)
    old_secret_until = DateTime(required=True, allow_none=True)


class WebhookMadeOut(WebhookOut):
    secret = String(required=True, metadata={"description": "签名密钥，仅此一次显示"})


WebhookPage = page_schema(WebhookOut, "WebhookPage")


class RobotIn(Schema):
    channel = String(required=True, validate=validate.OneOf(ROBOTS))
    name = Text(100, required=True)
    url = Text(500, required=True, metadata={"description": "平台给出的机器人地址，加密保存"})
    secret = Text(200, load_default="", metadata={"description": "签名密钥，加密保存"})
    event_types = List(String(validate=EVENT), load_default=list, validate=validate.Length(max=50))
    scope = Nested(ScopeField, load_default=dict)


class RobotChangeIn(Schema):
    version = VersionField(required=True)
    name = Text(100)
    url = Text(500, metadata={"description": "新的机器人地址，加密保存"})
    secret = String(
        validate=validate.Length(max=200), metadata={"description": "新的签名密钥，加密保存；空表示取消"}
    )
    event_types = List(String(validate=EVENT), validate=validate.Length(max=50))
    scope = Nested(ScopeField)
    enabled = Flag()


class RobotOut(Schema):
    id = String(required=True)
    channel = String(required=True)
    channel_name = String(required=True)
    name = String(required=True)
    signed = Boolean(required=True, metadata={"description": "是否有签名密钥"})
    event_types = List(String(), required=True, metadata={"description": "空表示全部"})
    scope = Nested(ScopeField, required=True, metadata={"description": "空表示全部"})
    scope_text = String(required=True)
    enabled = Boolean(required=True)
    disabled_reason = String(required=True, allow_none=True)
    version = Integer(required=True)
    created_at = DateTime(required=True)
    updated_at = DateTime(required=True)


RobotPage = page_schema(RobotOut, "RobotPage")


class QueuedOut(Schema):
    delivery_id = String(required=True, metadata={"description": "在 deliveries 中查看结果"})
