"""How many deliveries want somebody's attention, as gauges: counters of tries do not say it."""

from datetime import date, timedelta

from sqlalchemy import func, select

from services.credit_push.domain import AWAITING_HAND, DEAD, REJECTED, SENDING, WAITING
from services.credit_push.models import Delivery, PlatformState
from services.credit_push.usecases.deps import Deps
from shared.db import Database
from shared.loops import Periodic
from shared.metrics import gauge

EVERY = timedelta(minutes=1)
STUCK = (DEAD, REJECTED, AWAITING_HAND)
NOT_THERE = (WAITING, SENDING, AWAITING_HAND)
stuck_gauge = gauge("push_deliveries_stuck", "Deliveries that wait for somebody, by state", ["state"])
overdue_gauge = gauge("push_deliveries_overdue", "Deliveries past their day that no platform has yet")
breaker_gauge = gauge("push_breaker_open", "1 while a platform does not answer", ["platform"])


def measure(db: Database, today: date) -> None:
    """By the indexes of states and of platforms; each worker says the same."""
    one = Delivery
    stuck = select(one.state, func.count()).where(one.state.in_(STUCK)).group_by(one.state)
    late = select(func.count()).where(one.state.in_(NOT_THERE), one.due_on < today)
    with db.read() as session:
        counts = dict(session.execute(stuck).all())
        overdue = session.scalar(late) or 0
        platforms = session.execute(select(PlatformState.platform, PlatformState.opened)).all()
    for state in STUCK:
        stuck_gauge.labels(state).set(counts.get(state, 0))
    overdue_gauge.set(overdue)
    for platform, opened in platforms:
        breaker_gauge.labels(platform).set(1 if opened else 0)


def measuring(deps: Deps) -> Periodic:
    return Periodic("gauges", deps.clock, EVERY, lambda _now: measure(deps.db, deps.clock.today()))
