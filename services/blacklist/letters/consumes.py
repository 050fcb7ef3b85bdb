"""What the notifier says of letters it announced to their parties (`notifier.deliveries.v1`)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from services.blacklist.letters.usecases.sending import SendingNews, record_sendings
from shared.contracts.envelope import Event

SENT, NOT_SENT = "letter.sent", "letter.not-sent"


def record_sent(session: Session, events: Sequence[Event]) -> None:
    """The evidence of each sending, beside its letter."""
    record_sendings(session, [_news(event) for event in events if event.type in (SENT, NOT_SENT)])


def _news(event: Event) -> SendingNews:
    data = event.data
    return SendingNews(
        sending_id=data["sending_id"],
        sent=event.type == SENT,
        provider_id=data.get("provider_id"),
        reason=data.get("reason"),
        at=datetime.fromisoformat(data["at"]),
    )
