"""The contract for programs in other languages: JSON Schema of every event type, AsyncAPI 3 per service."""

from typing import Any

from marshmallow import Schema, fields, validate

from shared.contracts.shapes import SHAPES
from shared.contracts.shapes.fields import AMOUNT, Amount, _Plain
from shared.contracts.topics import ANYONE, TOPICS, Topic

DIALECT = "https://json-schema.org/draft/2020-12/schema"
HEADERS: dict[str, str] = {
    "ce_specversion": "CloudEvents 版本，固定为 1.0",
    "ce_id": "事件编号，重复投递时不变，用于去重",
    "ce_type": "事件类型",
    "ce_source": "发布服务",
    "ce_subject": "主体编号，与记录键相同",
    "ce_time": "发生时刻 (RFC 3339)",
    "ce_sequence": "同一主体、同一主题内从 1 起连续递增的序号",
    "ce_partitionkey": "分区键，与主体编号相同",
    "ce_dataschema": "数据结构的 URN",
    "content-type": "application/json",
}


def json_schema(event_type: str) -> dict[str, Any]:
    """JSON Schema 2020-12 of one type's data, as readers should use it: unknown members are allowed."""
    return {"$schema": DIALECT, "$id": schema_id(event_type), **_object(SHAPES[event_type]())}


def schema_id(event_type: str) -> str:
    topic = next(topic for topic in TOPICS if event_type in topic.types)
    return f"urn:credit-blacklist:{topic.name}:{event_type}"


def _object(shape: Schema) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: _property(field) for name, field in shape.fields.items()},
        "required": sorted(name for name, field in shape.fields.items() if field.required),
    }


def _property(field: fields.Field[Any]) -> dict[str, Any]:
    described = _of(field)
    if field.allow_none and "type" in described:
        described["type"] = [described["type"], "null"]
    if "enum" in described and field.allow_none:
        described["enum"].append(None)
    if about := field.metadata.get("description"):
        described["description"] = about
    return described


def _of(field: fields.Field[Any]) -> dict[str, Any]:
    if isinstance(field, fields.Nested):
        return _object(field.schema)
    if isinstance(field, fields.List):
        return {"type": "array", "items": _property(field.inner)}
    assert isinstance(field, _Plain)
    described: dict[str, Any] = {"type": field.json_type}
    if field.json_format:
        described["format"] = field.json_format
    if isinstance(field, Amount):
        described["pattern"] = f"^{AMOUNT.pattern}$"
    for rule in field.validators:
        if isinstance(rule, validate.OneOf):
            described["enum"] = list(rule.choices)
    return described


def asyncapi(service: str) -> dict[str, Any]:
    """AsyncAPI 3.0 of a service ("blacklist", "credit-push", "notifier"): what it sends and receives."""
    sent = [topic for topic in TOPICS if topic.publisher == service]
    received = [topic for topic in TOPICS if service in topic.readers]
    concerned = sent + received
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"{service} events",
            "version": "1.0.0",
            "description": "CloudEvents 1.0，Kafka 二进制模式；同一主体有序，至少投递一次，按事件编号去重。",
        },
        "defaultContentType": "application/json",
        "channels": {_name(topic.name): _channel(topic) for topic in concerned},
        "operations": {
            **{f"send-{_name(topic.name)}": _operation("send", topic) for topic in sent},
            **{f"receive-{_name(topic.name)}": _operation("receive", topic) for topic in received},
        },
        "components": {
            "messages": {_name(name): _message(name) for topic in concerned for name in topic.types},
            "schemas": {"Envelope": _envelope()},
        },
    }


def _name(dotted: str) -> str:
    return dotted.replace(".", "-")


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "title": topic.title,
        "description": f"key: {topic.key}; readers: {', '.join(_reader(r) for r in topic.readers)}",
        "messages": {_name(name): {"$ref": f"#/components/messages/{_name(name)}"} for name in topic.types},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {"cleanup.policy": ["compact" if topic.compacted else "delete"]},
            }
        },
    }


def _reader(reader: str) -> str:
    return "anyone" if reader == ANYONE else reader


def _operation(action: str, topic: Topic) -> dict[str, Any]:
    channel = _name(topic.name)
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{_name(name)}"} for name in topic.types],
    }


def _message(event_type: str) -> dict[str, Any]:
    return {
        "name": event_type,
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/Envelope"},
        "payload": _object(SHAPES[event_type]()),
        "bindings": {"kafka": {"key": {"type": "string"}}},
    }


def _envelope() -> dict[str, Any]:
    properties = {name: {"type": "string", "description": about} for name, about in HEADERS.items()}
    properties["ce_traceparent"] = {"type": "string", "description": "W3C Trace Context（可无）"}
    return {"type": "object", "properties": properties, "required": sorted(HEADERS)}
