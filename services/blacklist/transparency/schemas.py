"""What the log and certificates take and answer over HTTP."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from services.blacklist.register.schemas import ResidentId
from shared.tlog.notes import LARGEST_NOTE
from shared.web.schemas import Schema, Text, UsccField

LARGEST = 2**53


def position(**kwargs: Any) -> fields.Integer:
    return fields.Integer(validate=validate.Range(min=0, max=LARGEST), **kwargs)


class InclusionQuery(Schema):
    """Which leaf, in the tree of which size (the newest where not said)."""

    index = position(required=True)
    size = position(load_default=None)


class ConsistencyQuery(Schema):
    """From which size to which (the newest where not said)."""

    old = position(required=True, data_key="from")
    new = position(load_default=None, data_key="to")


class InclusionOut(Schema):
    index = fields.Integer(required=True)
    size = fields.Integer(required=True)
    leaf_hash = fields.String(required=True)
    root = fields.String(required=True)
    proof = fields.List(fields.String(), required=True)


class ConsistencyOut(Schema):
    old = fields.Integer(required=True, data_key="from", attribute="from")
    new = fields.Integer(required=True, data_key="to", attribute="to")
    from_root = fields.String(required=True)
    to_root = fields.String(required=True)
    proof = fields.List(fields.String(), required=True)


class LeafOut(Schema):
    """One version's leaf, with the parts that may be shown opened."""

    index = fields.Integer(required=True)
    kind = fields.Integer(required=True)
    commitment = fields.String(required=True)
    proof = fields.List(fields.String(), required=True)
    parts = fields.Dict(required=True)


class ListingProofOut(Schema):
    listing_id = fields.String(required=True)
    checkpoint = fields.String(required=True)
    leaves = fields.List(fields.Nested(LeafOut), required=True)


class KeysOut(Schema):
    """Public keys in the form `name+id+key`."""

    origin = fields.String(required=True)
    log = fields.List(fields.String(), required=True)
    witnesses = fields.List(fields.String(), required=True)
    certificates = fields.List(fields.Dict(), required=True)


class CosignedIn(Schema):
    """A checkpoint's note with the witness's signature line under it."""

    note = fields.String(required=True, validate=validate.Length(min=1, max=LARGEST_NOTE))


class TakenOut(Schema):
    taken = fields.Integer(required=True)


class CertificateIn(Schema):
    """An organisation by code or full name, or a person by name and identity number."""

    subject_type = fields.String(
        load_default="organization", validate=validate.OneOf(("organization", "individual"))
    )
    name = Text(200, load_default=None)
    uscc = UsccField(load_default=None)
    id_number = ResidentId(load_default=None, validate=validate.Length(min=6, max=30))

    @validates_schema
    def names_someone(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("subject_type") == "individual":
            missing = [field for field in ("name", "id_number") if not data.get(field)]
            if missing:
                raise ValidationError({field: ["自然人须同时填写姓名和证件号码。"] for field in missing})
            if data.get("uscc"):
                raise ValidationError({"uscc": ["自然人没有统一社会信用代码。"]})
        elif data.get("id_number"):
            raise ValidationError({"id_number": ["法人和非法人组织请填写名称或统一社会信用代码。"]})
        elif not (data.get("name") or data.get("uscc")):
            raise ValidationError({"name": ["请填写名称或统一社会信用代码。"]})


class SignedOut(Schema):
    """The signed document: `payload` under `signature`, and where to get and check it."""

    payload = fields.Dict(required=True)
    proofs = fields.List(fields.Nested(LeafOut), required=True)
    signature = fields.Dict(required=True)
    signatures = fields.List(
        fields.Dict(), metadata={"description": "其他签名（设有国密密钥时为 SM2），签的是同一内容"}
    )


class CertificateOut(SignedOut):
    code = fields.String(required=True)
    verify_at = fields.String(required=True)
    pdf = fields.String(required=True)


class SignatureCheck(Schema):
    """One signature: `valid` is null where this system cannot check its algorithm."""

    algorithm = fields.String(required=True)
    key_id = fields.String(required=True)
    valid = fields.Boolean(required=True, allow_none=True)


class CertificateCheck(Schema):
    """What the holder of a code may learn."""

    genuine = fields.Boolean(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("current", "amended", "changed")))
    statement = fields.String(required=True)
    payload = fields.Dict()
    signatures = fields.List(fields.Nested(SignatureCheck))
