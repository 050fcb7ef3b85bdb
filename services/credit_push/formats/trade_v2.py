"""Public-resource trading data standard V2.0, chapter 17: listing (17.2) and revocation (17.3).

Every element name is assumed and lives in trade_v2.toml; only the two messages themselves are published fact.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from services.credit_push.domain import Record
from services.credit_push.formats.base import (
    Column,
    Fault,
    Row,
    check_columns,
    order_faults,
    paper_faults,
    refuse,
    xml_bytes,
)
from shared.clock import local_date

_MAPPING = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


@dataclass(frozen=True)
class Message:
    """One message type: its element and, per child element, the value it takes and its limits."""

    type: str
    element: str
    values: dict[str, str]
    columns: tuple[Column, ...]


def _message(section: str) -> Message:
    content = _MAPPING[section]
    return Message(
        content["message_type"],
        content["element"],
        {name: value for name, value, *_ in content["fields"]},
        tuple(Column(name, label, length, mandatory, kind)
              for name, _, label, length, mandatory, kind in content["fields"]),
    )  # fmt: skip


LISTING = _message("listing")
REVOCATION = _message("revocation")
LISTING_NAMES = tuple(LISTING.values)


def encode_listing(record: Record) -> Row:
    """The 17.2 elements of a record; Unacceptable if the platform would reject it."""
    return _encode(record, LISTING)


def encode_revocation(record: Record) -> Row:
    """The 17.3 elements of a withdrawal; Unacceptable if the platform would reject it."""
    return _encode(record, REVOCATION)


_ORGANIZATION = Column("SubjectCode", "主体代码", 18, kind="uscc")


def _encode(record: Record, message: Message) -> Row:
    values = _values(record)
    row = {name: values[value] for name, value in message.values.items()}
    term = order_faults(row, "PunishBegin", "PunishEnd") if message is LISTING else []
    faults = check_columns(message.columns, row) + _code_faults(record, row["SubjectCode"]) + term
    refuse(faults, row, message.columns)
    return row


def _values(record: Record) -> dict[str, str]:
    subject, document = record.subject, record.document
    begins = [str(measure.get("from") or "") for measure in record.measures]
    ends = [str(measure.get("to") or "") for measure in record.measures]
    return {
        "listing_id": record.listing_id,
        "version": str(record.version),
        "subject_name": subject.name,
        "subject_type": _MAPPING["subject_types"].get(subject.type, subject.type),
        "subject_code": subject.id_number if subject.person else subject.uscc,
        "list_name": record.list_name,
        "list_class": record.list_class,
        "domain": record.domain,
        "region": record.region,
        "organ_name": record.organ.name or document.organ,
        "organ_code": record.organ.uscc,
        "document_number": document.number,
        "document_date": document.date,
        "facts": record.facts,
        "basis": document.basis or record.list_basis,
        "content": document.content,
        "punish_begin": min(filter(None, begins), default=record.publicity_start),
        "punish_end": max(filter(None, ends), default=record.publicity_end),
        "restricted_acts": ";".join(str(measure.get("code") or "") for measure in record.measures),
        "revoke_reason": _MAPPING["reasons"].get(record.reason_code) or record.reason or "撤销",
        "revoke_date": local_date(record.time).isoformat(),
    }


def _code_faults(record: Record, code: str) -> list[Fault]:
    if record.subject.person:
        return paper_faults("SubjectCode", "主体代码", record.subject.id_type, code)
    return check_columns([_ORGANIZATION], {"SubjectCode": code})


def to_xml(message: Message, row: Row, *, message_id: str, sender: str, sent_at: str) -> bytes:
    """The message as it goes out."""
    root = ET.Element("Message")
    head = ET.SubElement(root, "Head")
    for name, value in (
        ("MessageId", message_id),
        ("MessageType", message.type),
        ("Sender", sender),
        ("SendTime", sent_at),
    ):
        ET.SubElement(head, name).text = value
    body = ET.SubElement(ET.SubElement(root, "Body"), message.element)
    for name, value in row.items():
        ET.SubElement(body, name).text = value
    return xml_bytes(root)
