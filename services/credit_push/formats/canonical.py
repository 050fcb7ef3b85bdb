"""Our own full record (standard JSON): status 新增/变更/撤销, idempotency key, version."""

from datetime import datetime
from typing import Any

from services.credit_push.domain import OPERATION_NAMES, WITHDRAW, Record
from services.credit_push.formats.base import (
    RESIDENT_ID,
    Column,
    Fault,
    check_columns,
    order_faults,
    paper_faults,
    refuse,
    wan,
)
from services.credit_push.formats.penalty_2018 import CATEGORIES, penalty_category

COLUMNS = (
    Column("listing_id", "名单编号", 36, mandatory=True),
    Column("list_code", "名单代码", 64, mandatory=True, kind="slug"),
    Column("list_name", "名单名称", 200, mandatory=True),
    Column("list_class", "名单类别", 40, mandatory=True, kind="list-class"),
    Column("domain", "领域", 40, mandatory=True, kind="domain"),
    Column("region", "行政区划代码", 6, mandatory=True, kind="region"),
    Column("subject_type", "主体类型", 20, mandatory=True, choices=("organization", "individual")),
    Column("subject_name", "主体名称", 200, mandatory=True),
    Column("uscc", "统一社会信用代码", 18, kind="uscc"),
    Column("org_code", "组织机构代码", 9, kind="organ"),
    Column("legal_representative", "法定代表人", 50),
    Column("id_type", "证件类型", 32, kind="slug"),
    Column("document_kind", "文书类型", 40, kind="slug"),
    Column("document_number", "文书文号", 128, mandatory=True),
    Column("document_date", "文书日期", 10, mandatory=True, kind="date"),
    Column("organ_name", "认定机关", 200, mandatory=True),
    Column("organ_uscc", "认定机关统一社会信用代码", 18, mandatory=True, kind="uscc"),
    Column("basis", "认定依据", 2000, mandatory=True),
    Column("content", "决定内容", 4000),
    Column("facts", "违法失信事实", 5000, mandatory=True),
    Column("category", "失信行为类别", 2000),
    Column("penalty_category", "处罚类别", 50),
    Column("fine_wan", "罚款金额（万元）", 19, kind="amount"),
    Column("publicity_start", "公示起始日", 10, kind="date"),
    Column("publicity_end", "公示截止日", 10, kind="date"),
    Column("reason_code", "事由代码", 64),
    Column("reason", "事由", 2000),
    Column("source_name", "数据来源单位", 200, mandatory=True),
    Column("source_uscc", "数据来源单位统一社会信用代码", 18, mandatory=True, kind="uscc"),
)
MOST_VERSIONS = 10**9
UNSAID = "停止公示"
"""Why a record is withdrawn, where nobody said: platforms want a reason."""
NOT_CONTENT = ("idempotency_key", "status", "version", "reason_code", "reason", "occurred_at")
"""What differs between two tellings of the same content; left out of the content digest."""


def encode(record: Record, operation: str) -> dict[str, Any]:
    """The JSON record without its idempotency key; Unacceptable if the platform would reject it."""
    row = {**_heading(record), **_party(record), **_decision(record)}
    row["version"], row["status"] = record.version, OPERATION_NAMES[operation]
    if operation == WITHDRAW and not (record.reason_code or record.reason):
        row["reason"] = UNSAID
    faults = check_columns(COLUMNS, row) + _identity_faults(record) + _further_faults(record, row, operation)
    refuse(faults, row, COLUMNS)
    return row


def _heading(record: Record) -> dict[str, Any]:
    return {
        "listing_id": record.listing_id,
        "list_code": record.list_code,
        "list_name": record.list_name,
        "list_class": record.list_class,
        "domain": record.domain,
        "region": record.region,
        "reason_code": record.reason_code,
        "reason": record.reason,
        "occurred_at": record.occurred_at,
        "publicity_start": record.publicity_start,
        "publicity_end": record.publicity_end,
        "measures": list(record.measures),
    }


def _party(record: Record) -> dict[str, Any]:
    subject = record.subject
    return {
        "subject_type": subject.type,
        "subject_name": subject.name,
        "uscc": subject.uscc,
        "org_code": subject.codes.get("org_code", ""),
        "legal_representative": subject.legal_representative,
        "id_type": subject.id_type or (RESIDENT_ID if subject.person else ""),
        "id_number": subject.id_number,
        "source_name": record.source.name,
        "source_uscc": record.source.uscc,
    }


def _decision(record: Record) -> dict[str, Any]:
    document = record.document
    return {
        "document_kind": document.kind,
        "document_number": document.number,
        "document_date": document.date,
        "organ_name": record.organ.name or document.organ,
        "organ_uscc": record.organ.uscc,
        "basis": document.basis or record.list_basis,
        "content": document.content,
        "facts": record.facts,
        "category": record.category,
        "penalty_category": penalty_category(record),
        "fine_wan": wan(document.fine_wan),
    }


def _identity_faults(record: Record) -> list[Fault]:
    subject = record.subject
    if not subject.person:
        return [] if subject.uscc else [Fault("uscc", "REQUIRED", "组织须有统一社会信用代码")]
    if not subject.id_number.strip():
        return [Fault("id_number", "REQUIRED", "自然人须有证件号码")]
    return paper_faults("id_number", "证件号码", subject.id_type, subject.id_number)


def _further_faults(record: Record, row: dict[str, Any], operation: str) -> list[Fault]:
    """What no single column tells."""
    found = order_faults(row, "publicity_start", "publicity_end") if operation != WITHDRAW else []
    if not set(filter(None, row["penalty_category"].split(";"))) <= set(CATEGORIES):
        found.append(Fault("penalty_category", "CODE", "处罚类别不在代码集内"))
    if not all(measure.get("code") for measure in record.measures):
        found.append(Fault("measures", "REQUIRED", "惩戒措施须有代码"))
    if not 0 < record.version < MOST_VERSIONS:
        found.append(Fault("version", "FORMAT", "版本应为正整数"))
    return found + _time_faults(record.occurred_at)


def _time_faults(value: str) -> list[Fault]:
    try:
        aware = datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        aware = False
    return [] if aware else [Fault("occurred_at", "DATE", "发生时间应为带时区的时间")]
