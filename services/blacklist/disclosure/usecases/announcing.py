"""Duties of requests are announced under the request's own numbering; all others are the cases'."""

from datetime import datetime

from sqlalchemy.orm import Session

from services.blacklist.cases.usecases.announcing import announce_duty
from services.blacklist.disclosure.domain import ANSWER_DUTY
from services.blacklist.disclosure.models import DisclosureRequest
from services.blacklist.rules.models import Duty
from services.blacklist.rules.publishes import Called
from services.blacklist.rules.usecases.announcing import announce_for

LIST_CODE, LIST_NAME = "disclosure-request", "依申请公开"


def announce(session: Session, duty: Duty, kind: str, at: datetime) -> None:
    """`duty.due-soon` or `duty.overdue`, whoever the duty belongs to."""
    if duty.kind != ANSWER_DUTY:
        announce_duty(session, duty, kind, at)
        return
    announce_for(
        session, DisclosureRequest, duty, kind, at, lambda row: Called(LIST_CODE, LIST_NAME, row.number)
    )
