"""A request's due date draws near or is past: told on blacklist.cases.v1 like any duty, without names."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.disclosure.models import DisclosureRequest
from services.blacklist.rules.models import Duty
from services.blacklist.store import SOURCE, outbox
from shared.contracts.envelope import new_event
from shared.outbox import enqueue

TOPIC = "blacklist.cases.v1"
LIST_CODE, LIST_NAME = "disclosure-request", "依申请公开"


def publish_duty(session: Session, row: DisclosureRequest, duty: Duty, kind: str, at: datetime) -> None:
    """The request already carries the event's sequence; its number stands for the subject."""
    data: dict[str, Any] = {
        "case_id": row.id,
        "listing_id": None,
        "sequence": row.sequence,
        "department_id": duty.department_id,
        "region": row.region,
        "list_code": LIST_CODE,
        "list_name": LIST_NAME,
        "subject_name": row.number,
        "duty_id": duty.id,
        "kind": duty.kind,
        "due": duty.due_on,
        "provisional": duty.provisional,
        "rule": duty.rule,
        "occurred_at": at,
        "recorded_at": at,
    }
    event = new_event(kind, source=SOURCE, subject=row.id, sequence=row.sequence, data=data, at=at)
    enqueue(session, outbox, TOPIC, [event])
