"""Packet bodies that are no sheets, JSON and XML: a head, then one record after the other, values as text.

What is no text in a record (a version, measures) keeps its type, in XML by an attribute `type`.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from services.credit_push.domain import OPERATION_NAMES
from services.credit_push.formats.base import xml_bytes
from services.credit_push.formats.packet import OPERATION_CODE, Line, sheet

STRUCTURED = ("xml", "json")
"""Kinds of file that carry a head and records; the others are sheets."""
ITEM = "item"
MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "xml": "application/xml; charset=utf-8",
    "json": "application/json",
}


def packet_body(layout: str, lines: Sequence[Line], kind: str, head: Mapping[str, Any]) -> bytes:
    """The packet's file, `kind` xlsx, csv, xml or json; sheets have their head in the manifest only."""
    if kind not in STRUCTURED:
        return sheet(layout, lines, kind)
    records = [_record(layout, line) for line in lines]
    return structured(kind, head, records)


def structured(kind: str, head: Mapping[str, Any], records: Sequence[Mapping[str, Any]]) -> bytes:
    """Head and records as JSON or XML."""
    return _to_json(head, records) if kind == "json" else _to_xml(head, records)


def _record(layout: str, line: Line) -> dict[str, Any]:
    """A canonical record says its operation by `status`; a table's row by the first column of the sheet."""
    if layout == "canonical":
        return dict(line.row)
    return {OPERATION_CODE: OPERATION_NAMES[line.operation], **line.row}


def _to_json(head: Mapping[str, Any], records: Sequence[Mapping[str, Any]]) -> bytes:
    return json.dumps({"head": head, "records": records}, ensure_ascii=False, indent=1).encode()


def _to_xml(head: Mapping[str, Any], records: Sequence[Mapping[str, Any]]) -> bytes:
    root = ET.Element("Packet")
    _put(ET.SubElement(root, "Head"), head)
    listed = ET.SubElement(root, "Records")
    for record in records:
        _put(ET.SubElement(listed, "Record"), record)
    return xml_bytes(root)


def _put(parent: ET.Element, members: Mapping[str, Any]) -> None:
    for name, value in members.items():
        _fill(ET.SubElement(parent, name), value)


def _fill(element: ET.Element, value: Any) -> None:
    if isinstance(value, str):
        element.text = value
    elif isinstance(value, list):
        element.set("type", "list")
        for item in value:
            _fill(ET.SubElement(element, ITEM), item)
    elif isinstance(value, dict):
        element.set("type", "object")
        _put(element, value)
    else:  # numbers, true, false, null
        element.set("type", "json")
        element.text = json.dumps(value)
