"""Duties of requests are announced under the request's own numbering; all others are the cases'."""

from datetime import datetime

from sqlalchemy.orm import Session

from services.blacklist.cases.usecases.announcing import announce_duty
from services.blacklist.disclosure.domain import ANSWER_DUTY
from services.blacklist.disclosure.models import DisclosureRequest
from services.blacklist.disclosure.publishes import publish_duty
from services.blacklist.rules.models import Duty


def announce(session: Session, duty: Duty, kind: str, at: datetime) -> None:
    """`duty.due-soon` or `duty.overdue`, whoever the duty belongs to."""
    if duty.kind != ANSWER_DUTY:
        announce_duty(session, duty, kind, at)
        return
    row = session.get(DisclosureRequest, duty.case_id, with_for_update=True, populate_existing=True)
    if row is not None:
        row.sequence += 1
        session.flush()
        publish_duty(session, row, duty, kind, at)
