"""The blacklist tables seen in cities: frblack for organisations, zrrblack for persons.

They carry no row id and no status: withdrawal deletes by content, so our side keeps each row as sent.
"""

from services.credit_push.domain import Record
from services.credit_push.formats.base import Column, Row, check_columns, refuse

ORGANIZATION_COLUMNS = (
    Column("TYSHXYDM", "统一社会信用代码", 18, mandatory=True, kind="uscc"),
    Column("GSZCH", "工商注册号", 50),
    Column("ZZJGDM", "组织机构代码", 9, kind="organ"),
    Column("JGQC", "机构全称", 200, mandatory=True),
    Column("FDDBR", "法定代表人", 50),
    Column("ZCDZ", "注册地址", 200),
    Column("RDWH", "认定文号", 128, mandatory=True),
    Column("RDDW", "认定单位", 200, mandatory=True),
    Column("ZYSXSS", "主要失信事实", 5000, mandatory=True),
    Column("QRYZSXSJ", "确认严重失信时间", 10, mandatory=True, kind="date"),
    Column("XZCFHPJNR", "行政处罚或判决内容", 4000),
)
PERSON_COLUMNS = (
    Column("FZRXM", "姓名", 50, mandatory=True),
    Column("SFZH", "身份证号", 64, mandatory=True, kind="person"),
    Column("RDWH", "认定文号", 128, mandatory=True),
    Column("RDDW", "认定单位", 200, mandatory=True),
    Column("ZYSXSS", "主要失信事实", 5000, mandatory=True),
    Column("QRYZSXSJ", "确认严重失信时间", 10, mandatory=True, kind="date"),
    Column("XZCFHPJNR", "行政处罚或判决内容", 4000),
)


def encode_organization(record: Record) -> Row:
    """The frblack row of a record; Unacceptable if the platform would reject it."""
    subject = record.subject
    row = {
        "TYSHXYDM": subject.uscc,
        "GSZCH": subject.codes.get("registration", ""),
        "ZZJGDM": subject.codes.get("org_code", ""),
        "JGQC": subject.name,
        "FDDBR": subject.legal_representative,
        "ZCDZ": "",
        **_decision(record),
    }
    refuse(check_columns(ORGANIZATION_COLUMNS, row), row, ORGANIZATION_COLUMNS)
    return row


def encode_person(record: Record) -> Row:
    """The zrrblack row of a record; Unacceptable if the platform would reject it."""
    row = {"FZRXM": record.subject.name, "SFZH": record.subject.id_number, **_decision(record)}
    refuse(check_columns(PERSON_COLUMNS, row), row, PERSON_COLUMNS)
    return row


def _decision(record: Record) -> Row:
    document = record.document
    return {
        "RDWH": document.number,
        "RDDW": record.organ.name or document.organ,
        "ZYSXSS": record.facts,
        "QRYZSXSJ": document.date,
        "XZCFHPJNR": document.content,
    }
