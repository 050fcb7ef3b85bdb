"""The trail as auditors read it."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from shared.web.paging import PageQuery, page_schema
from shared.web.schemas import Schema, StatutoryDate, Text


class Wanted(Schema):
    """Which entries are looked for."""

    action = fields.String(
        load_default=None, validate=validate.Length(max=64),
        metadata={"description": "事项代码，或者事项名称中的字词"},
    )  # fmt: skip
    object_id = fields.String(
        load_default=None, validate=validate.Length(max=80),
        metadata={"description": "对象编号；案件编号另包括列有该案件的列表查看记录"},
    )  # fmt: skip
    object_type = fields.String(load_default=None, validate=validate.Length(max=40))
    actor = fields.String(
        load_default=None, validate=validate.Length(max=64), metadata={"description": "用户名或者用户编号"}
    )
    since = StatutoryDate(load_default=None, data_key="from")
    until = StatutoryDate(load_default=None, data_key="to", metadata={"description": "含这一天"})

    @validates_schema
    def ends_after_it_begins(self, data: dict[str, Any], **_: Any) -> None:
        since, until = data.get("since"), data.get("until")
        if since and until and until < since:
            raise ValidationError({"to": ["不能早于开始日期。"]})


class EntryQuery(Wanted, PageQuery):
    """审计记录查询条件."""


class EntryExport(Wanted):
    """Which entries, as what file, and what for."""

    purpose = Text(500, required=True, lines=True)
    format = fields.String(load_default="xlsx", validate=validate.OneOf(("xlsx", "csv", "json")))


class EntryView(Schema):
    """审计记录."""

    id = fields.UUID(required=True)
    at = fields.AwareDateTime(required=True)
    actor_id = fields.String(required=True, allow_none=True)
    actor_name = fields.String(required=True, allow_none=True)
    actor_department_id = fields.String(required=True, allow_none=True)
    actor_roles = fields.String(required=True)
    action = fields.String(required=True)
    action_name = fields.String(required=True)
    object_type = fields.String(required=True)
    object_type_name = fields.String(required=True)
    object_id = fields.String(required=True)
    detail = fields.Dict(keys=fields.String(), required=True)


class ChainView(Schema):
    """The chain's head, and the first bad row if there is one."""

    position = fields.Integer(required=True)
    hash = fields.String(required=True)
    intact = fields.Boolean(required=True)
    bad_position = fields.Integer(required=True, allow_none=True)
    bad_entry = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


EntryPage = page_schema(EntryView, "AuditEntryPage")
