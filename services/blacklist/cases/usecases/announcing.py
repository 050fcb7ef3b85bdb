"""Duty events take their number from the case, so that a reader sees one unbroken sequence per case."""

from datetime import datetime

from sqlalchemy.orm import Session

from services.blacklist.cases.models import Case
from services.blacklist.cases.publishes import publish_duty
from services.blacklist.rules.models import Duty


def announce_duty(session: Session, duty: Duty, kind: str, at: datetime) -> None:
    """`duty.due-soon` or `duty.overdue` on blacklist.cases.v1, under the case's row lock."""
    case = session.get(Case, duty.case_id, with_for_update=True, populate_existing=True)
    if case is None:
        return
    case.sequence += 1
    session.flush()
    publish_duty(session, case, duty, kind, at)
