"""What the letters API takes and answers."""

from collections.abc import Iterable

from apiflask.fields import File
from marshmallow import fields, validate

from services.blacklist.cases.domain.serving import OUTCOMES, methods
from services.blacklist.letters.domain.templates import KINDS
from shared.web.schemas import Schema, StatutoryDate, Text

COPY_KINDS = ("scan", "e-seal")


def one_of(names: Iterable[str]) -> validate.OneOf:
    return validate.OneOf(tuple(names))


class LetterIn(Schema):
    kind = fields.String(required=True, validate=one_of(KINDS))
    number = Text(100, metadata={"description": "部门自编文号；不填由系统编号"})
    identity_reason = Text(
        500, metadata={"description": "在文书上写明完整证件号码的理由；不填则只显示前四位"}
    )


class CopyIn(Schema):
    kind = fields.String(load_default="scan", validate=one_of(COPY_KINDS))
    file = File(  # type: ignore[no-untyped-call]
        metadata={"description": "盖章件扫描件：PDF、JPG、PNG；电子签章不填"}
    )


class ServiceIn(Schema):
    method = fields.String(required=True, validate=one_of(methods()))
    outcome = fields.String(load_default="served", validate=one_of(OUTCOMES))
    served_on = StatutoryDate(required=True)
    recipient = Text(100)
    tracking_number = Text(100)
    place = Text(200, metadata={"description": "公告载体"})
    note = Text(1000, lines=True)
    file = File(metadata={"description": "送达凭证：PDF、JPG、PNG"})  # type: ignore[no-untyped-call]


class DigestIn(Schema):
    file = File(required=True)  # type: ignore[no-untyped-call]


class SeriesIn(Schema):
    pattern = Text(100, required=True, metadata={"description": "如 长住建信告〔{year}〕{n}号"})


class SeriesOut(Schema):
    kind = fields.String(required=True)
    name = fields.String(required=True)
    pattern = fields.String(required=True)


class SeriesList(Schema):
    items = fields.List(fields.Nested(SeriesOut), required=True)
    next = fields.String(allow_none=True, required=True)


class CopyOut(Schema):
    id = fields.String(required=True)
    kind = fields.String(required=True)
    media_type = fields.String(required=True)
    file_name = fields.String(required=True)
    size = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    algorithm = fields.String(allow_none=True)
    key_id = fields.String(allow_none=True)
    public_key = fields.String(allow_none=True)
    signature = fields.String(allow_none=True)
    added_at = fields.String(required=True)


class ServiceOut(Schema):
    id = fields.String(required=True)
    method = fields.String(required=True)
    method_name = fields.String(required=True)
    outcome = fields.String(required=True)
    served_on = fields.String(required=True)
    effective_on = fields.String(allow_none=True)
    rule = fields.String(allow_none=True)
    recipient = fields.String(allow_none=True)
    tracking_number = fields.String(allow_none=True)
    place = fields.String(allow_none=True)
    note = fields.String(allow_none=True)
    proof_name = fields.String(allow_none=True)
    proof_sha256 = fields.String(allow_none=True)
    by = fields.String(required=True)
    recorded_at = fields.String(required=True)


class HeldCopy(CopyOut):
    """A copy as its letter lists it."""


class HeldService(ServiceOut):
    """A service as its letter lists it."""


class LetterOut(Schema):
    id = fields.String(required=True)
    case_id = fields.String(required=True)
    kind = fields.String(required=True)
    kind_name = fields.String(required=True)
    title = fields.String(required=True)
    number = fields.String(required=True)
    version = fields.Integer(required=True)
    organ = fields.String(required=True)
    date = fields.String(required=True)
    template_version = fields.String(required=True)
    rule_version = fields.String(required=True)
    code = fields.String(required=True)
    verify_at = fields.String(required=True)
    shows_identity = fields.Boolean(required=True)
    size = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    by = fields.String(required=True)
    created_at = fields.String(required=True)
    superseded_at = fields.String(allow_none=True)
    copies = fields.List(fields.Nested(HeldCopy), required=True)
    services = fields.List(fields.Nested(HeldService), required=True)
    served_on = fields.String(allow_none=True, metadata={"description": "视为送达的日期"})


class HeldLetter(LetterOut):
    """A letter as its case lists it."""


class AvailableOut(Schema):
    kind = fields.String(required=True)
    name = fields.String(required=True)
    made = fields.String(allow_none=True)
    served = fields.Boolean(required=True)


class ClashOut(Schema):
    certain = fields.Boolean(required=True)
    due = fields.String(required=True)
    effective_on = fields.String(required=True)
    days_late = fields.Integer(required=True)
    text = fields.String(required=True)
    rules = fields.List(fields.String(), required=True)
    advice = fields.String(required=True)


class LetterList(Schema):
    items = fields.List(fields.Nested(HeldLetter), required=True)
    next = fields.String(allow_none=True, required=True)
    available = fields.List(fields.Nested(AvailableOut), required=True)
    clash = fields.Nested(ClashOut, allow_none=True, required=True)


class ServiceList(Schema):
    items = fields.List(fields.Nested(ServiceOut), required=True)
    next = fields.String(allow_none=True, required=True)


class MatchOut(Schema):
    matches = fields.Boolean(required=True)
    what = fields.String(allow_none=True)
    sha256 = fields.String(required=True)


class VerificationOut(Schema):
    genuine = fields.Boolean(required=True)
    status = fields.String(required=True)
    statement = fields.String(required=True)
    kind = fields.String()
    number = fields.String()
    organ = fields.String()
    date = fields.String()
    file = fields.Nested(MatchOut)
