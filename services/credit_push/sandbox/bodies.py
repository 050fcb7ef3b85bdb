"""Reading the JSON and XML bodies of packets: strictly, into a head and records as they were written."""

import json
from collections.abc import Sequence
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from services.credit_push.sandbox.sheets import MOST_BYTES, MOST_ROWS, BadSheet

STRUCTURED = ("xml", "json")
DEEPEST = 6
Members = dict[str, Any]


def read_body(body: bytes, kind: str) -> tuple[Members, list[Members]]:
    """Head and records; BadSheet if it is none, or says more than these."""
    if len(body) > MOST_BYTES:
        raise BadSheet("文件过大")
    document = _json(body) if kind == "json" else _xml(body)
    head, records = document["head"], document["records"]
    if not isinstance(head, dict) or not isinstance(records, list) or len(records) > MOST_ROWS:
        raise BadSheet("文件应有 head 与 records，行数不超过上限")
    if not all(isinstance(record, dict) for record in records):
        raise BadSheet("records 应为记录列表")
    return head, records


def _json(body: bytes) -> Members:
    try:
        document = json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise BadSheet("文件不是合法的 JSON") from error
    if not isinstance(document, dict) or set(document) != {"head", "records"}:
        raise BadSheet("文件应有且仅有 head 与 records")
    return document


def _refuse(name: str) -> float:
    raise ValueError(name)


def _once(pairs: Sequence[tuple[str, Any]]) -> Members:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("repeated")
    return dict(pairs)


def _xml(body: bytes) -> Members:
    try:
        root = fromstring(body)
        if root.tag != "Packet" or [child.tag for child in root] != ["Head", "Records"]:
            raise BadSheet("报文应为 Packet，内含 Head 与 Records")
        if any(child.tag != "Record" for child in root[1]):
            raise BadSheet("Records 内只应有 Record")
        return {"head": _members(root[0]), "records": [_members(child) for child in root[1]]}
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise error if isinstance(error, BadSheet) else BadSheet("文件不是合法的 XML") from error


def _members(element: Element, depth: int = 0) -> Members:
    if (element.text or "").strip() or any((child.tail or "").strip() for child in element):
        raise BadSheet("元素之间不应有文字")
    return _once([(child.tag, _value(child, depth + 1)) for child in element])


def _value(element: Element, depth: int) -> Any:
    kind = element.get("type", "text")
    if set(element.keys()) - {"type"} or depth > DEEPEST:
        raise BadSheet("元素只可有 type 属性，嵌套不可过深")
    if kind == "object":
        return _members(element, depth)
    if kind == "list" and all(child.tag == "item" for child in element):
        return [_value(child, depth + 1) for child in element]
    if len(element) or kind not in {"text", "json"}:
        raise BadSheet(f"元素 {element.tag} 的内容与其类型不符")
    text = element.text or ""
    return text if kind == "text" else json.loads(text, parse_constant=_refuse)
