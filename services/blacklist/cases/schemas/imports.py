"""What the import, mapping and export routes take."""

from marshmallow import fields, validate

from services.blacklist.cases.domain.table import STATES
from services.blacklist.cases.schemas.inputs import domain_field, one_of
from shared.web.paging import PageQuery
from shared.web.schemas import RegionField, Schema, StatutoryDate, Text


class ImportForm(Schema):
    """An upload with what a sheet's rows do not say themselves."""

    list_code = fields.String(
        load_default="penalty-publication", validate=validate.Regexp(r"^[a-z][a-z0-9-]{0,59}\Z")
    )
    domain = domain_field(load_default="other")
    region = RegionField(load_default=None)
    replaces = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=36),
        metadata={"description": "更正后重新上传的，写原导入编号"},
    )


class ImportIn(ImportForm):
    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class CorrectionsIn(Schema):
    """Corrected rows of an import, as its error sheet was handed out."""

    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class AgainIn(Schema):
    """By which layout to read, where the headings alone do not tell."""

    layout = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=40))


class DecisionsIn(Schema):
    """Rows kept or skipped: by number, or all with the hint."""

    decision = fields.String(required=True, validate=one_of(("keep", "skip")))
    rows = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, 10_000_000)),
        load_default=list,
        validate=validate.Length(max=2000),
    )
    hint = fields.String(load_default=None, allow_none=True, validate=one_of(("duplicate", "likely")))


class MappingIn(Schema):
    """The department's own headings: heading → column code, null to forget."""

    layout = fields.String(
        load_default="",
        validate=validate.Length(max=40),
        metadata={"description": "表格格式代码，空表示所有格式"},
    )
    columns = fields.Dict(
        keys=Text(100), values=fields.String(validate=validate.Length(max=40), allow_none=True), required=True
    )


class ExportIn(Schema):
    """Which cases, as what file, and what for."""

    purpose = Text(500, required=True, lines=True)
    format = fields.String(load_default="xlsx", validate=one_of(("xlsx", "csv")))
    q = fields.String(validate=validate.Length(min=1, max=100))
    state = fields.String(validate=one_of(STATES))
    list_code = fields.String(data_key="list", validate=validate.Length(max=60))
    domain = domain_field()
    region = RegionField()
    document_from = StatutoryDate()
    document_to = StatutoryDate()
    import_id = fields.String(data_key="import", validate=validate.Length(max=36))


IMPORT_ROWS = ("all", "bad", "good", "held", "skipped", "likely", "filed")


class ImportQuery(PageQuery):
    rows = fields.String(load_default="all", validate=one_of(IMPORT_ROWS))
