"""How many duties are late and open, as a gauge."""

from datetime import timedelta

from sqlalchemy import func, select

from services.blacklist.rules.models import Duty
from shared.clock import Clock
from shared.db import Database
from shared.loops import Periodic
from shared.metrics import gauge

EVERY = timedelta(minutes=1)
overdue_gauge = gauge("duties_overdue", "Open duties past their day")


def measure(db: Database) -> None:
    """Late as the duty clock has said it; each worker says the same."""
    late = select(func.count()).where(
        Duty.done_at.is_(None), Duty.cancelled_at.is_(None), Duty.overdue_at.is_not(None)
    )
    with db.read() as session:
        overdue_gauge.set(session.scalar(late) or 0)


def measuring(db: Database, clock: Clock) -> Periodic:
    return Periodic("gauges", clock, EVERY, lambda _now: measure(db))
