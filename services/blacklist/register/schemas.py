"""What the register takes and answers over HTTP; unknown fields are refused on the way in."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from services.blacklist.rules.filters import existing_action, existing_domain, existing_list
from shared.errors import describe_errors
from shared.identifiers import InvalidIdentifier, check_resident_id
from shared.web.paging import PageQuery, page_schema
from shared.web.schemas import Flag, RegionField, Schema, StatutoryDate, Text, UsccField
from shared.written import holds_identity

SLUG = validate.Regexp(r"^[a-z][a-z0-9-]{0,59}\Z", error="应为小写字母、数字和连字符组成的代码。")
LIST_CLASSES = ("serious", "industry-misconduct", "penalty-record", "notice")
CLASSES = validate.OneOf(LIST_CLASSES, error="没有这个名单类别。")
MOST_ENTITIES = 1000
describe_errors(
    {
        "listing-not-found": "没有这条公示信息，或者它现在不公示。",
        "listing-ended": "该公示信息已经移出或撤销，不能再变更。",
    }
)
MOST_MEMBERS = 50


def not_blank(words: str) -> None:
    """Only spaces are a question gone wrong: answered as none at all, everything would seem to be found."""
    if words and not words.strip():
        raise ValidationError("不能只有空格：请填写名称、代码或文号；要浏览全部公示信息，请不带 q。")


class SearchQuery(PageQuery):
    """查询条件 of the public search."""

    limit = fields.Integer(load_default=20, validate=validate.Range(min=1, max=100))
    q = fields.String(
        load_default="",
        validate=(validate.Length(max=200), not_blank),
        metadata={"description": "名称、代码或文号；不带或者留空则浏览全部，不能只有空格"},
    )
    region = RegionField(load_default=None)
    domain = fields.String(load_default=None, validate=(SLUG, existing_domain))
    list_code = fields.String(load_default=None, data_key="list", validate=(SLUG, existing_list))
    list_class = fields.String(load_default=None, data_key="class", validate=CLASSES)
    as_of = StatutoryDate(load_default=None, metadata={"description": "只看到这一天为止已列入的，不晚于今天"})


class ResidentId(fields.String):
    """A resident identity number, normalised to 18 signs, or another certificate's number as written."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs).strip().upper()
        try:
            return check_resident_id(text)
        except InvalidIdentifier:
            return text


class PersonQuery(Schema):
    """姓名 and 证件号码 (or its last four to eight signs); never in a URL."""

    name = Text(100, required=True)
    id_number = ResidentId(load_default=None, validate=validate.Length(min=6, max=30))
    id_tail = fields.String(
        load_default=None,
        validate=validate.Regexp(r"^[0-9]{3,7}[0-9Xx]\Z", error="应为证件号码的后四至八位。"),
    )

    @validates_schema
    def one_of_two(self, data: dict[str, Any], **_: Any) -> None:
        if bool(data.get("id_number")) == bool(data.get("id_tail")):
            raise ValidationError({"id_number": ["请填写证件号码，或者证件号码后几位，二者填一项。"]})


class OrganisationName(Text):
    """Whom to check; an identity number in it is refused, and so never searched for, kept or printed."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        name: str = super()._deserialize(value, attr, data, **kwargs)
        if holds_identity(name):
            raise ValidationError("不得填写证件号码；自然人请在自然人查询中逐一查询。")
        return name


class MemberSchema(Schema):
    """One organisation by name, code or both."""

    name = OrganisationName(200, load_default=None)
    uscc = UsccField(load_default=None)


class EntitySchema(MemberSchema):
    """One bidder, or a consortium (联合体) by its members."""

    consortium = fields.List(
        fields.Nested(MemberSchema), load_default=list, validate=validate.Length(max=MOST_MEMBERS)
    )

    @validates_schema
    def names_someone(self, data: dict[str, Any], **_: Any) -> None:
        if not (data.get("name") or data.get("uscc") or data.get("consortium")):
            raise ValidationError({"name": ["请填写名称或统一社会信用代码。"]})


class PurposeSchema(Schema):
    """用途: where and for what the entity wants to be admitted."""

    domain = fields.String(load_default=None, validate=existing_domain)
    region = RegionField(load_default=None)
    action = fields.String(load_default=None, validate=existing_action)


class CheckRequest(Schema):
    """Up to a thousand entities for one day and one purpose."""

    entities = fields.List(
        fields.Nested(EntitySchema), required=True, validate=validate.Length(min=1, max=MOST_ENTITIES)
    )
    as_of = StatutoryDate(load_default=None)
    purpose = fields.Nested(PurposeSchema, load_default=None)
    alike = Flag(
        load_default=True, metadata={"description": "名称未查到的，是否再按近似查找（只会得到“疑似”）"}
    )


class Scope(Schema):
    """What was searched, so that "nothing found" is not read as more than it says."""

    subjects = fields.String(required=True)
    as_of = fields.Date(required=True)
    note = fields.String(required=True)


class Purpose(Text):
    """What somebody looks for; it is kept, so no identity number may stand in it."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        purpose: str = super()._deserialize(value, attr, data, **kwargs)
        if holds_identity(purpose):
            raise ValidationError("查看目的中不得填写证件号码。")
        return purpose


class PastQuery(MemberSchema):
    """An organisation, the day asked about, and what it is asked for."""

    as_of = StatutoryDate(required=True)
    purpose = Purpose(500, required=True, shortest=2)

    @validates_schema
    def names_someone(self, data: dict[str, Any], **_: Any) -> None:
        if not (data.get("name") or data.get("uscc")):
            raise ValidationError({"name": ["请填写名称或统一社会信用代码。"]})


class PastPersonQuery(PersonQuery):
    """A person by exact name and number or tail, the day asked about, and what it is asked for."""

    as_of = StatutoryDate(required=True)
    purpose = Purpose(500, required=True, shortest=2)


class PastListing(Schema):
    """One listing as it stood that day, and what became of it."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    name = fields.String(required=True)
    uscc = fields.String(required=True, allow_none=True)
    list_name = fields.String(required=True)
    organ_name = fields.String(required=True)
    document_number = fields.String(required=True, allow_none=True)
    listed_on = fields.Date(required=True)
    state_then = fields.String(
        required=True, validate=validate.OneOf(("public", "hidden", "removed", "revoked", "expired"))
    )
    state_now = fields.String(required=True)
    changed_at = fields.AwareDateTime(required=True)
    reason = fields.String(required=True, allow_none=True)
    facts = fields.Dict(required=True)


class PastPage(Schema):
    items = fields.List(fields.Nested(PastListing), required=True)
    scope = fields.Nested(Scope, required=True)
    next = fields.String(required=True, allow_none=True)


class FeedQuery(Schema):
    """Where to go on in the change feed."""

    after = fields.Integer(load_default=0, validate=validate.Range(min=0, max=2**53))
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=1000))
    wait = fields.Integer(
        load_default=0,
        validate=validate.Range(min=0, max=20),
        metadata={"description": "已经读到最新位置时，最多等待新变更的秒数"},
    )


class SubjectLine(Schema):
    name = fields.String(required=True)
    uscc = fields.String(required=True, allow_none=True)


class SearchLine(Schema):
    """One listing of a search answer."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    subject = fields.Nested(SubjectLine, required=True)
    list_code = fields.String(required=True)
    list_name = fields.String(required=True)
    list_class = fields.String(required=True)
    domain = fields.String(required=True)
    region = fields.String(required=True)
    region_name = fields.String(required=True)
    organ_name = fields.String(required=True)
    document_number = fields.String(required=True, allow_none=True)
    document_date = fields.String(required=True, allow_none=True)
    listed_on = fields.Date(required=True)
    public_until = fields.Date(required=True)
    annotation = fields.String(required=True, allow_none=True)
    score = fields.Float(required=True)
    verdict = fields.String(required=True, validate=validate.OneOf(("listed", "possible")))
    why = fields.List(fields.String(), required=True)
    matched_name = fields.String(required=True, allow_none=True)


class ListingSchema(Schema):
    """Everything public about one listing."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    status = fields.String(required=True)
    list_code = fields.String(required=True)
    list_name = fields.String(required=True)
    list_class = fields.String(required=True)
    legal_basis = fields.String(required=True)
    rule_version = fields.String(required=True)
    domain = fields.String(required=True)
    region = fields.String(required=True)
    region_name = fields.String(required=True)
    subject = fields.Dict(required=True)
    organ = fields.Dict(required=True)
    source = fields.Dict(required=True)
    document = fields.Dict(required=True)
    misconduct = fields.Dict(required=True)
    severity = fields.String(required=True, allow_none=True)
    measures = fields.List(fields.Dict(), required=True)
    publicity = fields.Dict(required=True)
    annotation = fields.String(required=True, allow_none=True)
    listed_on = fields.Date(required=True)
    published_at = fields.AwareDateTime(required=True)
    changed_at = fields.AwareDateTime(required=True)
    migrated = fields.Boolean(required=True)


class VersionLine(Schema):
    """What one change altered."""

    version = fields.Integer(required=True)
    kind = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    reason = fields.String(required=True, allow_none=True)
    changes = fields.List(fields.Dict(), required=True)


class DeliveryLine(Schema):
    """What one platform was told, and what it answered."""

    platform = fields.String(required=True)
    platform_name = fields.String(required=True)
    operation = fields.String(required=True)
    state = fields.String(required=True)
    version = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    due = fields.Date(required=True, allow_none=True)
    late = fields.Boolean(required=True)


class CheckedListing(Schema):
    """A listing found for an entity; `certain` by its code, or by a name that only one bears."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    name = fields.String(required=True)
    uscc = fields.String(required=True, allow_none=True)
    list_code = fields.String(required=True)
    list_class = fields.String(required=True)
    document_number = fields.String(required=True, allow_none=True)
    public_until = fields.Date(required=True)
    certain = fields.Boolean(required=True)
    score = fields.Float(required=True)
    why = fields.List(fields.String(), required=True)
    matched_name = fields.String(required=True, allow_none=True)


class CheckLine(Schema):
    """The answer for one entity."""

    name = fields.String(required=True, allow_none=True)
    uscc = fields.String(required=True, allow_none=True)
    listed = fields.Boolean(required=True)
    verdict = fields.String(required=True, validate=validate.OneOf(("listed", "possible", "none")))
    list_class = fields.String(required=True, allow_none=True)
    barred = fields.String(required=True, validate=validate.OneOf(("yes", "no", "unclear")))
    listings = fields.List(fields.Nested(CheckedListing), required=True)
    measures = fields.List(fields.Dict(), required=True)


class ChangeLine(Schema):
    """One entry of the feed; `listing` is null for a tombstone."""

    position = fields.Integer(required=True)
    listing_id = fields.String(required=True)
    version = fields.Integer(required=True)
    operation = fields.String(required=True, validate=validate.OneOf(("current", "withdrawn")))
    recorded_at = fields.AwareDateTime(required=True)
    listing = fields.Nested(ListingSchema, required=True, allow_none=True)


class SearchPage(Schema):
    items = fields.List(fields.Nested(SearchLine), required=True)
    scope = fields.Nested(Scope, required=True)
    next = fields.String(required=True, allow_none=True)


class PersonPage(Schema):
    """The listings of the one person asked for; the scope is the same for a hit and a miss."""

    items = fields.List(fields.Nested(ListingSchema), required=True)
    scope = fields.Nested(Scope, required=True)
    next = fields.String(required=True, allow_none=True)


class LoggedVersion(Schema):
    """The newest checkpoint of the transparency log."""

    origin = fields.String(required=True)
    size = fields.Integer(required=True)
    root = fields.String(required=True)
    checkpoint = fields.String(required=True)


class RegisterVersion(Schema):
    """The register as it stood, or later: position of the change feed, and checkpoint of the log."""

    position = fields.Integer(required=True)
    as_of = fields.Date(required=True)
    log = fields.Nested(LoggedVersion, required=True, allow_none=True)


class CheckPage(Schema):
    """An answer per entity, in the order asked."""

    items = fields.List(fields.Nested(CheckLine), required=True)
    next = fields.String(required=True, allow_none=True)
    scope = fields.Nested(Scope, required=True)
    register = fields.Nested(RegisterVersion, required=True)


class ChangePage(Schema):
    """`next` is the position to ask after; it stays the same at the end of the feed."""

    items = fields.List(fields.Nested(ChangeLine), required=True)
    next = fields.Integer(required=True)


VersionPage = page_schema(VersionLine, "VersionPage")
DeliveryPage = page_schema(DeliveryLine, "DeliveryPage")
