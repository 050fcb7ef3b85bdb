"""What the letters say on blacklist.cases.v1: a letter waits to be announced to its party."""

from datetime import datetime

from sqlalchemy.orm import Session

from services.blacklist.cases.models import Case
from services.blacklist.letters.models import Letter, LetterSending
from services.blacklist.store import SOURCE, outbox
from shared.contracts.envelope import new_event
from shared.outbox import enqueue

TOPIC = "blacklist.cases.v1"
TO_SERVE = "letter.to-serve"


def sealing_place(sending_id: str) -> str:
    """What the address and code of a sending are sealed for; the notifier opens them there."""
    return f"letters.sending.{sending_id}"


def publish_sending(
    session: Session, row: LetterSending, letter: Letter, case: Case, sealed: str, at: datetime
) -> None:
    """No party is named: who it is about stays with the case."""
    data = {
        "sending_id": row.id,
        "sequence": 1,
        "case_id": case.id,
        "letter_id": letter.id,
        "department_id": case.department_id,
        "region": case.region,
        "channel": row.channel,
        "title": letter.title,
        "number": letter.number,
        "organ": letter.organ,
        "sealed": sealed,
        "occurred_at": at,
        "recorded_at": at,
    }
    event = new_event(TO_SERVE, source=SOURCE, subject=row.id, sequence=1, data=data, at=at)
    enqueue(session, outbox, TOPIC, [event])
