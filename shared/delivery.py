"""Delivering to the outside: states, back-off and the claim of due rows, used by every sender loop.

A row is claimed by one compare-and-swap statement with a lease, in its own transaction; the call outside
happens with no transaction open; the outcome is settled in a second one, which the lease guards.
Leases and retries run on system time (`Clock.system_now`).

Needed columns: id, state, next_attempt_at, lease_holder, lease_until, lease_token (as of `Outgoing`).
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, String, Table, and_, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.db import UtcDateTime, rows_changed

WAITING = "waiting"
SENDING = "sending"
ACCEPTED = "accepted"
ACKNOWLEDGED = "acknowledged"
REJECTED = "rejected"
AWAITING_HAND = "awaiting-hand"
DEAD = "dead"
SUPERSEDED = "superseded"
STATES = (WAITING, SENDING, ACCEPTED, ACKNOWLEDGED, REJECTED, AWAITING_HAND, DEAD, SUPERSEDED)
LONGEST_WISH = 86_400.0
"""Seconds: nobody outside puts our work off for longer, by mistake or otherwise."""
FINAL = frozenset({ACKNOWLEDGED, REJECTED, DEAD, SUPERSEDED})


class Outgoing:
    """The columns of a table whose rows are sent to somebody."""

    state: Mapped[str] = mapped_column(String(20))
    attempts_count: Mapped[int] = mapped_column(Integer, default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_holder: Mapped[str | None] = mapped_column(String(200))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_token: Mapped[int] = mapped_column(BigInteger, default=0)
    reason: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@dataclass(frozen=True)
class Backoff:
    """Seconds before each retry; None after the last one means give up. Jitter keeps senders apart."""

    schedule: tuple[float, ...] = (1, 5, 30, 120, 600, 3600, 7200, 21600)
    jitter: float = 0.2

    def delay(self, attempts: int, retry_after: float | None = None) -> float | None:
        """The pause after `attempts` failed tries (1 = the first); at least what the other side wishes."""
        if attempts > len(self.schedule):
            return None
        base = self.schedule[max(attempts, 1) - 1]
        spread = base * random.uniform(1 - self.jitter, 1 + self.jitter)  # noqa: S311  not a secret
        return max(spread, min(retry_after or 0.0, LONGEST_WISH))

    def next_at(self, attempts: int, now: datetime, retry_after: float | None = None) -> datetime | None:
        delay = self.delay(attempts, retry_after)
        return None if delay is None else now + timedelta(seconds=delay)


def due(table: Table, now: datetime) -> ColumnElement[bool]:
    """Rows that may be claimed: waiting and due, or left behind by a holder whose lease has lapsed."""
    row = table.c
    return or_(
        and_(row.state == WAITING, row.next_attempt_at <= now),
        and_(row.state == SENDING, row.lease_until < now),
    )


def claim_due(
    session: Session,
    table: Table,
    now: datetime,
    holder: str,
    limit: int,
    lease_seconds: float = 60.0,
    where: ColumnElement[bool] | None = None,
    order_by: Sequence[Any] = (),
) -> list[str]:
    """Ids of rows now `sending` under our lease, in the order asked for (default: longest due first)."""
    row = table.c
    ready = due(table, now) if where is None else and_(due(table, now), where)
    order = list(order_by) or [row.next_attempt_at, row.id]
    chosen = select(row.id).where(ready).order_by(*order).limit(limit).with_for_update(skip_locked=True)
    ids = list(session.execute(chosen).scalars())
    if not ids:
        return []
    swap = (
        update(table)
        .where(row.id.in_(ids), due(table, now))
        .values(_leased(table, now, holder, lease_seconds))
    )
    won = set(session.execute(swap.returning(row.id)).scalars())
    return [row_id for row_id in ids if row_id in won]


def _leased(table: Table, now: datetime, holder: str, seconds: float) -> dict[str, Any]:
    return {
        "state": SENDING,
        "lease_holder": holder,
        "lease_until": now + timedelta(seconds=seconds),
        "lease_token": table.c.lease_token + 1,
    }


def extend(session: Session, table: Table, ids: Iterable[str], holder: str, until: datetime) -> int:
    """Prolongs our lease on rows still being sent; returns how many are still ours."""
    ours = _ours(table, ids, holder)
    return rows_changed(session, update(table).where(ours).values(lease_until=until))


def settle(
    session: Session,
    table: Table,
    row_id: str,
    holder: str,
    state: str,
    values: Mapping[str, Any] | None = None,
) -> bool:
    """Records an outcome and drops the lease. False if the lease was lost: somebody else has the row now."""
    freed = {"state": state, "lease_holder": None, "lease_until": None}
    ours = _ours(table, [row_id], holder)
    return rows_changed(session, update(table).where(ours).values(**freed, **(values or {}))) == 1


def release(
    session: Session, table: Table, ids: Iterable[str], holder: str, next_attempt_at: datetime
) -> int:
    """Puts rows back to `waiting` until `next_attempt_at`; returns how many were still ours."""
    freed = {"state": WAITING, "lease_holder": None, "lease_until": None, "next_attempt_at": next_attempt_at}
    return rows_changed(session, update(table).where(_ours(table, ids, holder)).values(freed))


def _ours(table: Table, ids: Iterable[str], holder: str) -> ColumnElement[bool]:
    row = table.c
    return and_(row.id.in_(list(ids)), row.state == SENDING, row.lease_holder == holder)
