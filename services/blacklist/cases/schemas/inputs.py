"""What the cases API takes. Unknown fields are refused; who, where and which state, the server sets."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from apiflask.fields import File
from marshmallow import ValidationError, fields, validate, validates_schema

from services.blacklist.cases.domain.content import DISCLOSURES, ID_TYPES
from services.blacklist.cases.domain.hearing import ACCEPTANCE, OPENNESS, OUTCOMES
from services.blacklist.cases.domain.legal_review import CONCLUSIONS
from services.blacklist.cases.domain.linking import RELATIONS
from services.blacklist.cases.domain.serving import methods
from services.blacklist.cases.domain.table import ACTIONS, STATES
from services.blacklist.rules.domain import ATTACHMENT_KINDS, DOCUMENT_KINDS, LIST_CLASSES, SEVERITIES
from services.blacklist.rules.filters import existing_list
from services.blacklist.rules.grounds import exception_grounds
from services.blacklist.rules.queries import trade_domains
from shared.clock import local_date
from shared.web.paging import PageQuery
from shared.web.schemas import (
    FineWan,
    Flag,
    RegionField,
    Schema,
    StatutoryDate,
    Text,
    UsccField,
    VersionField,
)

MOST_ITEMS = 2000
SUBJECT_TYPES = ("organization", "individual")
CHANNELS = ("credit-china", "window", "direct")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def one_of(names: Any) -> validate.OneOf:
    return validate.OneOf(tuple(names))


def domain_field(**kwargs: Any) -> fields.String:
    return fields.String(validate=one_of(each.code for each in trade_domains()), **kwargs)


class IdField(fields.String):
    """An id as this system gives them (UUIDv7)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=[validate.Regexp(_UUID, error="应为案件编号（UUID）。")], **kwargs)


class ReceivedOn(StatutoryDate):
    """A date, or an instant of which the Shanghai date counts."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> date:
        if isinstance(value, str) and "T" in value:
            try:
                moment = datetime.fromisoformat(value)
            except ValueError as error:
                raise self.make_error("invalid", input=value, obj_type="date") from error
            if moment.tzinfo is None:
                raise ValidationError("时间应带时区，如 2026-11-02T08:30:00+08:00。")
            value = local_date(moment).isoformat()
        return super()._deserialize(value, attr, data, **kwargs)


class Evidence(fields.Field[Any]):
    """One text, or several."""

    def __init__(self, **kwargs: Any) -> None:
        one = {"type": "string", "minLength": 1, "maxLength": 2000}
        many = {"type": "array", "items": one, "minItems": 1, "maxItems": 50}
        super().__init__(metadata={"oneOf": [one, many]}, **kwargs)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        texts = value if isinstance(value, list) else [value]
        if not texts or len(texts) > 50 or not all(isinstance(t, str) and 0 < len(t) <= 2000 for t in texts):
            raise ValidationError("应为文本，或不超过50项文本的列表。")
        return value


class CodesIn(Schema):
    registration = Text(50, allow_none=True)
    org_code = Text(20, allow_none=True)
    tax = Text(20, allow_none=True)
    institution = Text(20, allow_none=True)
    social = Text(50, allow_none=True)


class SubjectFields(Schema):
    """Every field of the subject; which of them fit organisations or persons the use case says."""

    name = Text(200)
    uscc = UsccField(allow_none=True)
    codes = fields.Nested(CodesIn)
    former_names = fields.List(Text(200), validate=validate.Length(max=20))
    short_names = fields.List(
        Text(50, shortest=2),
        validate=validate.Length(max=10),
        metadata={"description": "简称（法人及非法人组织自己使用或者登记的），按全文相同查得"},
    )
    legal_representative = Text(100, allow_none=True)
    legal_representative_id_type = fields.String(validate=one_of(ID_TYPES), allow_none=True)
    legal_representative_id_number = Text(32, allow_none=True)
    id_type = fields.String(validate=one_of(ID_TYPES), allow_none=True)
    id_number = Text(32, allow_none=True)
    birth_on = StatutoryDate(
        allow_none=True, metadata={"description": "出生日期；证件不载明的须填写，未成年人不得列入"}
    )


class SubjectIn(SubjectFields):
    type = fields.String(required=True, validate=one_of(SUBJECT_TYPES))
    name = Text(200, required=True)


class SubjectChanges(SubjectFields):
    type = fields.String(validate=one_of(SUBJECT_TYPES))


class MisconductIn(Schema):
    category = Text(200)
    facts = Text(5000, lines=True)
    occurred_on = StatutoryDate(allow_none=True)


class DocumentIn(Schema):
    """Amounts in 万元."""

    kind = fields.String(validate=one_of(DOCUMENT_KINDS))
    number = Text(128)
    organ = Text(200)
    date = StatutoryDate()
    basis = Text(2000, lines=True)
    content = Text(4000, lines=True)
    fine_wan = FineWan(allow_none=True)
    confiscated_wan = FineWan(allow_none=True)
    licence = Text(200, allow_none=True)
    penalty_category = Text(100, allow_none=True)
    valid_until = StatutoryDate(allow_none=True)


class DisclosureIn(Schema):
    attribute = fields.String(validate=one_of(DISCLOSURES))
    reason = Text(500, lines=True, allow_none=True)
    exceptions = fields.List(
        fields.String(validate=one_of(exception_grounds())),
        validate=validate.Length(max=8),
        metadata={"description": "公开例外：国家秘密、商业秘密、个人隐私等"},
    )
    covered = fields.List(
        Text(500, lines=True),
        validate=validate.Length(max=20),
        metadata={"description": "主动公开的案件中因例外不予公示的原文文字"},
    )


class CaseIn(Schema):
    """A filing (录入)."""

    list_code = fields.String(required=True, validate=validate.Regexp(r"^[a-z][a-z0-9-]{0,59}\Z"))
    domain = domain_field(required=True)
    region = RegionField(required=True)
    subject = fields.Nested(SubjectIn, required=True)
    misconduct = fields.Nested(MisconductIn, required=True)
    document = fields.Nested(DocumentIn, required=True)
    disclosure = fields.Nested(DisclosureIn, load_default=dict)


class CaseChanges(Schema):
    """Fields to replace; a null clears an optional one."""

    domain = domain_field()
    region = RegionField()
    subject = fields.Nested(SubjectChanges)
    misconduct = fields.Nested(MisconductIn)
    document = fields.Nested(DocumentIn)

    @validates_schema
    def says_something(self, data: dict[str, Any], **_: Any) -> None:
        if not any(value or not isinstance(value, dict) for name, value in data.items() if name != "version"):
            raise ValidationError("没有要修改的内容。")


class CasePatch(CaseChanges):
    version = VersionField(required=True)
    disclosure = fields.Nested(DisclosureIn)


class MeasureIn(Schema):
    code = Text(60, required=True)
    basis = Text(500)
    domain = domain_field()
    region = RegionField()
    from_ = StatutoryDate(data_key="from", attribute="from")
    to = StatutoryDate()
    organ = Text(200)


class PaperIn(Schema):
    """The document that ends or restores a listing."""

    number = Text(128, required=True)
    date = StatutoryDate(required=True)
    organ = Text(200)


class ActionFields(Schema):
    """Every input of every action; the table says which action takes which."""

    action = fields.String(required=True, validate=one_of(ACTIONS))
    reason = Text(1000, lines=True)
    notice_number = Text(128)
    waived = Flag()
    hearing_waived = Flag(
        metadata={"description": "当事人是否书面放弃听证；填 false 的，听证申请期限届满后方可作出决定"}
    )
    content = Text(4000, lines=True)
    answer = Text(4000, lines=True)
    severity = fields.String(validate=one_of(SEVERITIES))
    measures = fields.List(fields.Nested(MeasureIn), validate=validate.Length(max=50))
    publicity_months = fields.Integer(strict=True, validate=validate.Range(min=0, max=600))
    necessity = Text(
        1000, lines=True, metadata={"description": "公示必要性说明；令第36号施行后公示轻微失信信息须写明"}
    )
    method = fields.String(validate=one_of(methods()))
    served_on = StatutoryDate()
    recipient = Text(100)
    proof = Text(500)
    changes = fields.Nested(CaseChanges)
    document = fields.Nested(PaperIn)
    until = StatutoryDate()
    channel = fields.String(validate=one_of(CHANNELS))
    ticket = Text(100)
    received_at = ReceivedOn()
    evidence = Evidence()
    commitment = Text(4000, lines=True)
    upheld = Flag()
    granted = Flag()
    changed_on = StatutoryDate(
        metadata={"description": "事实或者决定变更的日期；更正时不填的，为已登记的变更日期，没有登记的为今天"}
    )
    requested_on = StatutoryDate()
    notified_on = StatutoryDate(
        metadata={
            "description": "通知当事人听证时间、地点的日期，启动听证时不填为今天；"
            "听证须在此后法定天数届满后举行；听证结束时，实际举行的日期与通知的不一致的，为重新通知的日期"
        }
    )
    held_on = StatutoryDate(
        metadata={"description": "启动听证时为定于举行的日期，听证结束时为实际举行的日期"}
    )
    held_time = fields.String(
        validate=validate.Regexp(r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z", error="应为24小时制的时间，如 09:30。")
    )
    place = Text(200)
    presider = Text(100, metadata={"description": "听证主持人；录入、修改和审核本案的人员不得主持"})
    openness = fields.String(
        validate=one_of(OPENNESS), metadata={"description": "公开举行，或者不公开的法定事由；不填为公开举行"}
    )
    outcome = fields.String(
        validate=one_of(OUTCOMES),
        metadata={"description": "听证如何结束：已经举行、当事人撤回、视为放弃、其他情形终止"},
    )
    acceptance = fields.String(
        validate=one_of(ACCEPTANCE),
        metadata={"description": "当事人在听证中提出的意见是否采纳；举行了听证的须填写"},
    )
    opinion = Text(4000, lines=True)
    conclusion = fields.String(validate=one_of(CONCLUSIONS), metadata={"description": "法制审核的结论"})
    reviewed_on = StatutoryDate(metadata={"description": "法制审核的日期，不填为今天"})
    legal_reviewer = Text(
        100, metadata={"description": "法制审核人员；不填为登记人本人，录入和修改本案的人员不得审核"}
    )
    consent = fields.Nested(PaperIn)
    decision_number = Text(128)
    grounds = Text(5000, lines=True)
    basis = Text(2000, lines=True)
    consequences = Text(4000, lines=True)
    removal = Text(4000, lines=True)
    remedy = Text(2000, lines=True)
    overlay = fields.String(validate=one_of(("repair", "objection")))
    fulfilled = Flag()
    extended = Flag()


class TransitionIn(ActionFields):
    version = VersionField(required=True)


class BulkItemIn(Schema):
    id = IdField(required=True)
    version = VersionField(required=True)


class BulkIn(ActionFields):
    items = fields.List(
        fields.Nested(BulkItemIn), required=True, validate=validate.Length(min=1, max=MOST_ITEMS)
    )

    @validates_schema
    def each_once(self, data: dict[str, Any], **_: Any) -> None:
        ids = [item["id"] for item in data.get("items", ())]
        if len(ids) != len(set(ids)):
            raise ValidationError({"items": ["同一案件只能出现一次。"]})


class CaseQuery(PageQuery):
    state = fields.String(load_default=None, validate=one_of(STATES))
    list_code = fields.String(load_default=None, data_key="list", validate=existing_list)
    list_class = fields.String(load_default=None, data_key="class", validate=one_of(LIST_CLASSES))
    domain = domain_field(load_default=None)
    region = RegionField(load_default=None)
    department_id = fields.String(load_default=None, data_key="department", validate=validate.Length(max=36))
    subject_type = fields.String(load_default=None, validate=one_of(SUBJECT_TYPES))
    uscc = UsccField(load_default=None)
    document_number = fields.String(load_default=None, validate=validate.Length(max=128))
    q = fields.String(load_default=None, validate=validate.Length(min=1, max=100))
    document_from = StatutoryDate(load_default=None)
    document_to = StatutoryDate(load_default=None)
    import_id = fields.String(load_default=None, data_key="import", validate=validate.Length(max=36))


class LinkIn(Schema):
    """This case's place under its parent."""

    parent_id = IdField(required=True)
    relation = fields.String(required=True, validate=one_of(RELATIONS))
    note = Text(500, lines=True)


class RequestQuery(PageQuery):
    channel = fields.String(load_default=None, validate=one_of(CHANNELS))
    ticket = fields.String(load_default=None, validate=validate.Length(max=100))


class AttachmentForm(Schema):
    kind = fields.String(
        required=True,
        validate=validate.OneOf(
            tuple(ATTACHMENT_KINDS),
            error="没有这种材料，应为下列之一："
            + "、".join(f"{a}（{b}）" for a, b in ATTACHMENT_KINDS.items()),
        ),
    )


class AttachmentIn(AttachmentForm):
    file = File(required=True)  # type: ignore[no-untyped-call]


def plain_filing(loaded: Mapping[str, Any]) -> dict[str, Any]:
    """A loaded filing as plain data: dates in ISO form, amounts as text."""
    return {name: _plain(value) for name, value in loaded.items() if name != "version"}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    return value.isoformat() if isinstance(value, date) else format(value, "f")
