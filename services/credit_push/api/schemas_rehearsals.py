"""What a dry run answers."""

from marshmallow import fields

from shared.web.schemas import Schema


class RehearsedFileOut(Schema):
    """A file that would be laid down."""

    name = fields.String(required=True)
    media_type = fields.String(required=True)
    size = fields.Integer(required=True)
    sha256 = fields.String(required=True)


class RehearsedFaultOut(Schema):
    """A field that stops the record here, and the rule it breaks."""

    field = fields.String(required=True)
    code = fields.String(required=True)
    message = fields.String(required=True)


class RehearsalOut(Schema):
    """What would go, or the faults that would stop it."""

    target = fields.String(required=True)
    head = fields.String(
        required=True, metadata={"description": "请求行和请求头，签名只显示前几位；仅接口方式有"}
    )
    signed = fields.String(required=True, metadata={"description": "被签名的五行；仅接口方式有"})
    text = fields.String(required=True, metadata={"description": "内容，至多 20000 个字符"})
    size = fields.Integer(required=True, metadata={"description": "发出内容的字节数"})
    sha256 = fields.String(required=True)
    covered = fields.Boolean(required=True, metadata={"description": "是否遮盖了证件号码"})
    files = fields.List(fields.Nested(RehearsedFileOut), required=True)
    faults = fields.List(fields.Nested(RehearsedFaultOut), required=True)
