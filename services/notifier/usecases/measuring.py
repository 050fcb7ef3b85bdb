"""How many notices did not arrive or should have been sent by now, as gauges."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, select

from services.notifier.models import Dispatch
from shared.clock import Clock
from shared.db import Database
from shared.delivery import DEAD, WAITING
from shared.loops import Periodic
from shared.metrics import gauge

EVERY = timedelta(minutes=1)
PATIENCE = timedelta(minutes=15)
dead_gauge = gauge("notifier_dispatches_dead", "Notices given up, by channel", ["channel"])
overdue_gauge = gauge(
    "notifier_dispatches_overdue", "Notices that should have been sent 15 minutes ago", ["channel"]
)


def measure(db: Database, channels: Collection[str], now: datetime) -> None:
    """By the index of channels and states; each worker says the same."""
    counted = select(Dispatch.channel, func.count()).group_by(Dispatch.channel)
    with db.read() as session:
        dead = dict(session.execute(counted.where(Dispatch.state == DEAD)).all())
        late = counted.where(Dispatch.state == WAITING, Dispatch.next_attempt_at < now - PATIENCE)
        overdue = dict(session.execute(late).all())
    for channel in channels:
        dead_gauge.labels(channel).set(dead.get(channel, 0))
        overdue_gauge.labels(channel).set(overdue.get(channel, 0))


def measuring(db: Database, clock: Clock, channels: Collection[str]) -> Periodic:
    return Periodic("gauges", clock, EVERY, lambda now: measure(db, channels, now))
