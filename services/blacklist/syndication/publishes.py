"""`data-user.overdue` on blacklist.cases.v1: a data user has not processed removals in time; never which."""

from datetime import datetime

from sqlalchemy.orm import Session

from services.blacklist.store import SOURCE, outbox
from services.blacklist.syndication.models import DataUser
from shared.contracts.envelope import new_event
from shared.outbox import enqueue

TOPIC = "blacklist.cases.v1"


def publish_overdue(session: Session, user: DataUser, at: datetime) -> None:
    """For the operators; the caller has raised `sequence` under the row lock."""
    data = {
        "data_user_id": user.id,
        "sequence": user.sequence,
        "name": user.name,
        "pending": user.pending,
        "oldest_at": user.oldest_at,
        "occurred_at": at,
        "recorded_at": at,
    }
    event = new_event(
        "data-user.overdue", source=SOURCE, subject=user.id, sequence=user.sequence, data=data, at=at
    )
    enqueue(session, outbox, TOPIC, [event])
