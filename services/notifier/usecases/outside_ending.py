"""Applications that came to nothing are not kept: with the mail address, a month after the decision."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notifier.models import OutsideSubscriber, WebhookEndpoint
from services.notifier.models.outside import REFUSED, REVOKED
from services.notifier.usecases.endpoints import remove_endpoint

KEEP_DECIDED = timedelta(days=30)  # long enough to read why on its page
AT_ONCE = 100


def forget_ended(session: Session, now: datetime) -> int:
    """Delete refused and revoked ones that are due, with webhook and secrets; how many."""
    ended = OutsideSubscriber.state.in_((REFUSED, REVOKED))
    due = select(OutsideSubscriber).where(ended, OutsideSubscriber.decided_at < now - KEEP_DECIDED)
    found = session.scalars(due.limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    for subscriber in found:
        endpoint = session.get(WebhookEndpoint, subscriber.id)
        if endpoint is not None:
            remove_endpoint(session, endpoint)
        session.delete(subscriber)
    return len(found)
