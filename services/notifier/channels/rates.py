"""How often a receiver may be asked: the last sends of each, in one row that all processes share.

A sliding window, so no span of the stated length ever holds more than the stated number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notifier.models import SendRate
from shared.db import Database, dialect_of, upsert


@dataclass(frozen=True)
class Limit:
    """At most so many in so many seconds."""

    count: int
    seconds: float


def take(db: Database, key: str, limits: Sequence[Limit], now: datetime) -> float:
    """Zero where one more may be sent now, which is then counted; else the seconds to wait."""
    moment = now.timestamp()
    with db.write() as session:
        row = _locked(session, key)
        wait = max((_wait(row.recent, limit, moment) for limit in limits), default=0.0)
        if row.blocked_until is not None:
            wait = max(wait, (row.blocked_until - now).total_seconds())
        if wait <= 0:
            most = max((limit.count for limit in limits), default=1)
            row.recent = [*row.recent, moment][-most:]
        return max(wait, 0.0)


def block(db: Database, key: str, now: datetime, seconds: float) -> None:
    """The receiver itself said it was too much: nobody asks it before that time is over."""
    with db.write() as session:
        _locked(session, key).blocked_until = now + timedelta(seconds=seconds)


def _wait(recent: Sequence[float], limit: Limit, moment: float) -> float:
    if len(recent) < limit.count:
        return 0.0
    return recent[-limit.count] + limit.seconds - moment


def _locked(session: Session, key: str) -> SendRate:
    """The row, made if need be; it stays locked until the transaction ends."""
    table = SendRate.__table__
    fresh = upsert(dialect_of(session))(table).values(key=key, recent=[])
    session.execute(fresh.on_conflict_do_nothing())
    return session.scalars(select(SendRate).where(SendRate.key == key).with_for_update()).one()
