"""The envelope: CloudEvents 1.0 in the binary mode of its Kafka binding (attributes in record headers).

Writers are strict: `new_event` refuses a type that is not registered and data that does not fit its
shape. Readers are tolerant: unknown attributes, types and fields pass; only what cannot be read at all
raises `Unreadable`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from shared.contracts import shapes
from shared.contracts.topics import topic_of
from shared.ids import new_id
from shared.json_text import writer

Headers = tuple[tuple[str, bytes], ...]
CONTENT_TYPE = "application/json"
SPEC = "1.0"
_json = writer()
_PLAIN = frozenset({str, int, float, bool, type(None)})


@dataclass(frozen=True, slots=True)
class Record:
    """What an event log stores. `offset` is the place in its partition once it has been read."""

    topic: str
    key: str
    value: bytes
    headers: Headers = ()
    partition: int = 0
    offset: int = -1


class Unreadable(Exception):
    """A record that is no event: `reason` says why, without quoting its content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BadEvent(ValueError):
    """A writer's mistake: the data does not fit the registered shape of its type."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to `subject`; `sequence` counts from 1 per subject and topic, without gaps."""

    id: str
    type: str
    source: str
    subject: str
    time: datetime
    sequence: int
    data: dict[str, Any] = field(repr=False)
    dataschema: str = ""
    traceparent: str | None = None
    text: str = field(default="", repr=False, compare=False)
    """The data as it came, where it came from the log: whoever keeps it need not write it anew."""

    def to_record(self, topic: str) -> Record:
        return Record(topic, self.subject, encode(self.data), self.headers())

    def attributes(self) -> list[tuple[str, str]]:
        """What becomes the record's headers, as text."""
        attributes = [
            ("ce_specversion", SPEC),
            ("ce_id", self.id),
            ("ce_type", self.type),
            ("ce_source", self.source),
            ("ce_subject", self.subject),
            ("ce_time", _stamp(self.time)),
            ("ce_sequence", str(self.sequence)),
            ("ce_partitionkey", self.subject),
            ("ce_dataschema", self.dataschema),
            ("content-type", CONTENT_TYPE),
        ]
        if self.traceparent:
            attributes.append(("ce_traceparent", self.traceparent))
        return attributes

    def headers(self) -> Headers:
        return tuple((name, text.encode()) for name, text in self.attributes())

    def structured(self) -> dict[str, Any]:
        """The same event as one JSON object (CloudEvents structured mode), for HTTP feeds and webhooks."""
        whole = {"specversion": "1.0", **{name[3:]: text for name, text in self.attributes()[1:-1]}}
        return {**whole, "datacontenttype": CONTENT_TYPE, "data": self.data}


def new_event(
    event_type: str,
    *,
    source: str,
    subject: str,
    sequence: int,
    data: Mapping[str, Any],
    at: datetime,
    trace: str | None = None,
) -> Event:
    """A checked event. `data` may hold dates, instants and decimals: they are written as text."""
    if at.tzinfo is None:
        raise BadEvent(f"{event_type}: naive time")
    try:
        topic = topic_of(event_type)
    except KeyError:
        raise BadEvent(f"{event_type} is not a registered event type") from None
    plain = plain_json(data)
    if errors := shapes.refuse(event_type, plain):
        raise BadEvent(f"{event_type}: {errors}")
    schema = f"urn:credit-blacklist:{topic.name}:{event_type}"
    return Event(new_id(), event_type, source, subject, at.astimezone(UTC), sequence, plain, schema, trace)


def from_record(record: Record) -> Event:
    """Reads an event; raises Unreadable. Unknown types and fields pass; known ones must be usable."""
    headers = dict(record.headers)
    try:
        event_type = headers["ce_type"].decode()
        text = record.value.decode()
        data = json.loads(text)
        event = Event(
            id=headers["ce_id"].decode(),
            type=event_type,
            source=headers["ce_source"].decode(),
            subject=headers["ce_subject"].decode(),
            time=datetime.fromisoformat(headers["ce_time"].decode()),
            sequence=int(headers["ce_sequence"]),
            data=data,
            dataschema=headers.get("ce_dataschema", b"").decode(),
            traceparent=headers["ce_traceparent"].decode() if "ce_traceparent" in headers else None,
            text=text,
        )
    except KeyError as missing:
        raise Unreadable(f"no {missing.args[0]} header") from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{type(error).__name__} in the envelope or the JSON text") from None
    _require(event)
    return event


def _require(event: Event) -> None:
    if not isinstance(event.data, dict) or not event.id or len(event.id) > 100 or event.time.tzinfo is None:
        raise Unreadable("no JSON object, or an id or time that cannot be used")
    if wrong := shapes.unusable(event.type, event.data):
        raise Unreadable(f"{event.type}: {wrong}")


def encode(data: Mapping[str, Any]) -> bytes:
    return _json(data).encode()


def plain_json(value: Any) -> Any:
    """The value with dates, instants and decimals as text and tuples as lists, at any depth."""
    kind = type(value)
    if kind is dict or (kind not in _PLAIN and isinstance(value, Mapping)):
        return {key: item if type(item) in _PLAIN else plain_json(item) for key, item in value.items()}
    if kind is datetime:
        return _stamp(value)
    if kind in _PLAIN or isinstance(value, str | int | float):
        return value
    if isinstance(value, list | tuple):
        return [plain_json(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(plain_json(item) for item in value)
    if isinstance(value, datetime):
        return _stamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    raise BadEvent(f"{type(value).__name__} cannot be written into an event")


def _stamp(at: datetime) -> str:
    if at.tzinfo is None:
        raise BadEvent("naive time in an event")
    return _written(at if at.tzinfo is UTC else at.astimezone(UTC))


@lru_cache(maxsize=64)  # events of one batch share their times
def _written(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
