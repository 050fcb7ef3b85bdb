"""What a push is: the listing version that leaves the house, its operation, and the states of a delivery.

Two stages: `accepted` means the platform took the row, `acknowledged` means it says the row is filed.
"""

from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from typing import Any, Final

LIST: Final = "list"
CORRECT: Final = "correct"
WITHDRAW: Final = "withdraw"
OPERATIONS: Final = (LIST, CORRECT, WITHDRAW)
OPERATION_NAMES: Final = {LIST: "新增", CORRECT: "变更", WITHDRAW: "撤销"}

WAITING: Final = "waiting"
SENDING: Final = "sending"
ACCEPTED: Final = "accepted"
ACKNOWLEDGED: Final = "acknowledged"
REJECTED: Final = "rejected"
AWAITING_HAND: Final = "awaiting-hand"
DEAD: Final = "dead"
SUPERSEDED: Final = "superseded"
STATES: Final = (WAITING, SENDING, ACCEPTED, ACKNOWLEDGED, REJECTED, AWAITING_HAND, DEAD, SUPERSEDED)
STATE_NAMES: Final = {
    WAITING: "待推送",
    SENDING: "推送中",
    ACCEPTED: "已接收待回执",
    ACKNOWLEDGED: "已入库",
    REJECTED: "被退回",
    AWAITING_HAND: "待人工报送",
    DEAD: "推送失败",
    SUPERSEDED: "已被新版本取代",
}
UNFINISHED: Final = (WAITING, SENDING, ACCEPTED, AWAITING_HAND)
BLOCKING: Final = (WAITING, SENDING, ACCEPTED)
"""States in which a later version of the same listing waits for its turn at the same platform."""

REPLAYABLE: Final = (DEAD, REJECTED)
"""What a person may have pushed again."""

PERSON: Final = "individual"
ORGANIZATION: Final = "organization"


@dataclass(frozen=True)
class Identity:
    """An identity number sealed to one recipient; opened only by the sender, at the moment of sending."""

    field: str
    recipient: str
    key_id: str
    sealed: str


@dataclass(frozen=True)
class Subject:
    """The listed party."""

    type: str
    name: str
    former_names: tuple[str, ...] = ()
    uscc: str = ""
    codes: dict[str, str] = field(default_factory=dict)
    legal_representative: str = ""
    legal_representative_id_type: str = ""
    legal_representative_id_number: str = ""
    id_type: str = ""
    id_masked: str = ""
    id_number: str = ""

    @property
    def person(self) -> bool:
        """Whether it is a natural person."""
        return self.type == PERSON


@dataclass(frozen=True)
class Organ:
    """An office with its 18-digit code."""

    name: str
    uscc: str


@dataclass(frozen=True)
class Document:
    """The decision the listing rests on; amounts in 万元 as decimal text."""

    kind: str
    number: str
    organ: str
    date: str
    basis: str = ""
    content: str = ""
    fine_wan: str = ""
    confiscated_wan: str = ""
    licence: str = ""
    penalty_category: str = ""
    valid_until: str = ""


@dataclass(frozen=True)
class Record:
    """One version of one listing, as every format starts from it. Missing values are empty strings."""

    listing_id: str
    version: int
    sequence: int
    operation: str
    occurred_at: str
    list_code: str
    list_name: str
    list_class: str
    list_basis: str
    domain: str
    region: str
    department_id: str
    subject: Subject
    organ: Organ
    source: Organ
    document: Document
    category: str
    facts: str
    measures: tuple[dict[str, Any], ...]
    publicity_start: str
    publicity_end: str
    reason_code: str = ""
    reason: str = ""

    @property
    def time(self) -> datetime:
        """When it happened, aware UTC."""
        return parse_time(self.occurred_at)


def text(value: Any) -> str:
    """None and absence as the empty string, everything else as text."""
    return "" if value is None else str(value)


def record_from(data: dict[str, Any]) -> Record:
    """A record from the data of an exchange event (or from our stored copy of it)."""
    publicity, misconduct, listed = data["publicity"], data["misconduct"], data["list"]
    return Record(
        listing_id=data["listing_id"],
        version=data["version"],
        sequence=data["sequence"],
        operation=data["operation"],
        occurred_at=text(data["occurred_at"]),
        list_code=listed["code"],
        list_name=listed["name"],
        list_class=listed["class"],
        list_basis=_basis(listed.get("basis")),
        domain=data["domain"],
        region=data["region"],
        department_id=text(data.get("department_id")),
        subject=_subject(data["subject"]),
        organ=_organ(data.get("organ")),
        source=_organ(data.get("source")),
        document=_document(data.get("document") or {}),
        category=text(misconduct.get("category")),
        facts=text(misconduct.get("facts")),
        measures=tuple(data.get("measures") or ()),
        publicity_start=text(publicity.get("start")),
        publicity_end=text(publicity.get("actual_end") or publicity.get("max_end")),
        reason_code=text(data.get("reason_code")),
        reason=text(data.get("reason")),
    )


def _basis(value: Any) -> str:
    return ";".join(text(item) for item in value) if isinstance(value, list | tuple) else text(value)


def _organ(value: dict[str, Any] | None) -> Organ:
    return Organ(text((value or {}).get("name")), text((value or {}).get("uscc")))


_DOCUMENT = tuple(one.name for one in fields(Document))


def _document(value: dict[str, Any]) -> Document:
    told = map(value.get, _DOCUMENT)
    return Document(*[one if type(one) is str else text(one) for one in told])


def _subject(value: dict[str, Any]) -> Subject:
    codes = value.get("codes") or {}
    return Subject(
        type=value["type"],
        name=value["name"],
        former_names=tuple(value.get("former_names") or ()),
        uscc=text(value.get("uscc")),
        codes={name: text(code) for name, code in codes.items()},
        legal_representative=text(value.get("legal_representative")),
        legal_representative_id_type=text(value.get("legal_representative_id_type")),
        id_type=text(value.get("id_type")),
        id_masked=text(value.get("id_masked")),
    )


def idempotency_key(platform: str, listing_id: str, version: int, operation: str, resent: int = 0) -> str:
    """One key per listing version, platform and operation; `resent` counts deliberate repetitions."""
    key = f"{platform}:{listing_id}:{version}:{operation}"
    return f"{key}:r{resent}" if resent else key


def parse_time(value: str) -> datetime:
    """An aware UTC time from RFC 3339 text."""
    return datetime.fromisoformat(value).astimezone(UTC)


def is_late(settled_on: date, due_on: date | None) -> bool:
    """Whether the platform had it only after the day it was due."""
    return due_on is not None and settled_on > due_on
