"""A confirmed calendar year on blacklist.rules.v1, for the services that count working days themselves."""

from datetime import datetime

from sqlalchemy.orm import Session

from services.blacklist.rules.models import CalendarYearEntry
from services.blacklist.store import SOURCE, outbox
from shared.contracts.envelope import new_event
from shared.outbox import enqueue

TOPIC = "blacklist.rules.v1"


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
