"""What this service publishes on notifier.deliveries.v1: the fate of each notice, numbered per subject."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from services.notifier.models import SOURCE, Subject, outbox
from shared.contracts.envelope import new_event
from shared.db import dialect_of, upsert
from shared.outbox import enqueue

TOPIC = "notifier.deliveries.v1"
DELIVERED, FAILED, ACKNOWLEDGED = "notice.delivered", "notice.failed", "notice.acknowledged"


@dataclass(frozen=True)
class Outcome:
    """One thing to tell about a notice."""

    type: str
    notice_id: str
    event_type: str
    subject_id: str
    department_id: str
    channel: str
    at: datetime
    reason: str | None = None


def publish(session: Session, outcomes: Sequence[Outcome]) -> None:
    """Number the outcomes per subject and put them into the outbox of the caller's transaction."""
    if not outcomes:
        return
    next_number = _reserve(session, Counter(outcome.subject_id for outcome in outcomes))
    events = []
    for outcome in outcomes:
        next_number[outcome.subject_id] += 1
        sequence = next_number[outcome.subject_id]
        data = {
            "notice_id": outcome.notice_id,
            "sequence": sequence,
            "event_type": outcome.event_type,
            "subject_id": outcome.subject_id,
            "department_id": outcome.department_id,
            "channel": outcome.channel,
            "at": outcome.at,
            "reason": outcome.reason,
        }
        events.append(
            new_event(
                outcome.type,
                source=SOURCE,
                subject=outcome.subject_id,
                sequence=sequence,
                data=data,
                at=outcome.at,
            )
        )
    enqueue(session, outbox, TOPIC, events)


@dataclass(frozen=True)
class LetterNews:
    """What came of announcing a letter to its party; never the address."""

    sending_id: str
    case_id: str
    letter_id: str
    channel: str
    sent: bool
    provider_id: str | None
    reason: str | None
    at: datetime
    sequence: int = 1


def publish_letter(session: Session, news: LetterNews) -> None:
    """Said once of each sending, and once more where the mail came back."""
    told = {name: value for name, value in vars(news).items() if name != "sent"}
    event = new_event(
        "letter.sent" if news.sent else "letter.not-sent",
        source=SOURCE,
        subject=news.sending_id,
        sequence=news.sequence,
        data=told,
        at=news.at,
    )
    enqueue(session, outbox, TOPIC, [event])


def _reserve(session: Session, wanted: Mapping[str, int]) -> dict[str, int]:
    """The last number used of each subject. The rows stay locked; sorted, so no two writers deadlock."""
    rows = [{"id": key, "sequence": wanted[key]} for key in sorted(wanted)]
    add = upsert(dialect_of(session))(Subject.__table__)
    raised = add.on_conflict_do_update(
        index_elements=["id"], set_={"sequence": Subject.__table__.c.sequence + add.excluded.sequence}
    )
    numbered = raised.returning(Subject.__table__.c.id, Subject.__table__.c.sequence)
    return {row.id: row.sequence - wanted[row.id] for row in session.execute(numbered, rows)}
