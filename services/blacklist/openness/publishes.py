"""A due time of an item, opinion or report is near or past: told on blacklist.cases.v1, without names."""

from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from services.blacklist.rules.models import Duty
from services.blacklist.store import SOURCE, outbox
from shared.contracts.envelope import new_event
from shared.outbox import enqueue

TOPIC = "blacklist.cases.v1"


class Numbered(Protocol):
    """What carries a duty: its id, its numbering on the topic, and the number people know it by."""

    id: Any
    number: Any
    sequence: Any
    region: Any


def publish_duty(
    session: Session, thing: Numbered, duty: Duty, kind: str, at: datetime, *, list_code: str, list_name: str
) -> None:
    """The thing already carries the event's sequence; its number stands for the subject."""
    data: dict[str, Any] = {
        "case_id": thing.id,
        "listing_id": None,
        "sequence": thing.sequence,
        "department_id": duty.department_id,
        "region": thing.region,
        "list_code": list_code,
        "list_name": list_name,
        "subject_name": thing.number,
        "duty_id": duty.id,
        "kind": duty.kind,
        "due": duty.due_on,
        "provisional": duty.provisional,
        "rule": duty.rule,
        "occurred_at": at,
        "recorded_at": at,
    }
    event = new_event(kind, source=SOURCE, subject=thing.id, sequence=thing.sequence, data=data, at=at)
    enqueue(session, outbox, TOPIC, [event])
