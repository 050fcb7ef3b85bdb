"""What the rules tell: calendar years on blacklist.rules.v1, duties on blacklist.cases.v1 (no identities)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from services.blacklist.rules.models import CalendarYearEntry, Duty
from services.blacklist.store import SOURCE, outbox
from shared.contracts.envelope import new_event
from shared.outbox import enqueue

TOPIC = "blacklist.rules.v1"
DUTIES_TOPIC = "blacklist.cases.v1"


def publish_calendar(session: Session, row: CalendarYearEntry, at: datetime) -> None:
    """Keyed by its year, so that a compacted log keeps the newest reading of each."""
    subject, sequence = f"calendar-{row.year}", row.generation or 0
    data = {
        "year": row.year,
        "generation": sequence,
        "rest": row.rest,
        "work": row.work,
        "source": row.source,
        "number": row.number,
        "recorded_at": at,
    }
    event = new_event(
        "calendar.confirmed", source=SOURCE, subject=subject, sequence=sequence, data=data, at=at
    )
    enqueue(session, outbox, TOPIC, [event])


class Numbered(Protocol):
    """What carries a duty: a case, request, item, opinion or report, numbered on the topic."""

    id: Any
    sequence: Any
    region: Any


@dataclass(frozen=True)
class Called:
    """By what names a duty's event speaks of the thing: its list or register, and who or what it is about."""

    list_code: str
    list_name: str
    subject_name: str
    listing_id: str | None = None


def publish_duty(
    session: Session, thing: Numbered, duty: Duty, kind: str, at: datetime, called: Called
) -> None:
    """A duty that draws near or is late; the thing carries the event's sequence already."""
    data: dict[str, Any] = {
        "case_id": thing.id,
        "listing_id": called.listing_id,
        "sequence": thing.sequence,
        "department_id": duty.department_id,
        "region": thing.region,
        "list_code": called.list_code,
        "list_name": called.list_name,
        "subject_name": called.subject_name,
        "duty_id": duty.id,
        "kind": duty.kind,
        "due": duty.due_on,
        "provisional": duty.provisional,
        "rule": duty.rule,
        "occurred_at": at,
        "recorded_at": at,
    }
    event = new_event(kind, source=SOURCE, subject=thing.id, sequence=thing.sequence, data=data, at=at)
    enqueue(session, outbox, DUTIES_TOPIC, [event])
