"""A duty's events take their number from what carries it, so that a reader sees one unbroken sequence."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.rules.models import Duty
from services.blacklist.rules.publishes import Called, publish_duty


def announce_for(
    session: Session, model: type[Any], duty: Duty, kind: str, at: datetime, called: Callable[[Any], Called]
) -> None:
    """`duty.due-soon` or `duty.overdue` of the row of `model` that carries it, under that row's lock."""
    row = session.get(model, duty.case_id, with_for_update=True, populate_existing=True)
    if row is not None:
        row.sequence += 1
        session.flush()
        publish_duty(session, row, duty, kind, at, called(row))
