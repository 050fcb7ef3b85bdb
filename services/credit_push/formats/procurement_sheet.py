"""政府采购严重违法失信行为记录: the template a person uploads, with the columns of 财办库〔2014〕526号."""

from services.credit_push.domain import Record
from services.credit_push.formats.base import Column, Row, check_columns, refuse

COLUMNS = (
    Column("企业名称", "企业名称", 200, mandatory=True),
    Column("统一社会信用代码", "统一社会信用代码", 18, mandatory=True, kind="uscc"),
    Column("企业地址", "企业地址", 200),
    Column("严重违法失信行为的具体情形", "严重违法失信行为的具体情形", 5000, mandatory=True),
    Column("处罚结果", "处罚结果", 4000, mandatory=True),
    Column("处罚依据", "处罚依据", 2000, mandatory=True),
    Column("处罚日期", "处罚日期", 10, mandatory=True, kind="date"),
    Column("公布截止日期", "公布截止日期", 10, kind="date"),
    Column("执法单位", "执法单位", 200, mandatory=True),
    Column("决定书文号", "决定书文号", 128, mandatory=True),
)


def encode(record: Record) -> Row:
    """The template's row of a record; Unacceptable if the platform would reject it."""
    document = record.document
    row = {
        "企业名称": record.subject.name,
        "统一社会信用代码": record.subject.uscc,
        "企业地址": "",
        "严重违法失信行为的具体情形": record.facts,
        "处罚结果": document.content,
        "处罚依据": document.basis or record.list_basis,
        "处罚日期": document.date,
        "公布截止日期": record.publicity_end,
        "执法单位": record.organ.name or document.organ,
        "决定书文号": document.number,
    }
    refuse(check_columns(COLUMNS, row), row, COLUMNS)
    return row
