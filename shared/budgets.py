"""Budgets of requests, kept in SQL so that all processes share them: so many at once, refilled over an hour.

A row holds one instant: when its budget will be whole again. A row in the past says what no row says, so
nothing need be counted, and old rows can be dropped at any time. System time, never business time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from sqlalchemy import Column, MetaData, String, Table, delete, select, update
from sqlalchemy.orm import Session

from shared.db import UtcDateTime, dialect_of, upsert

PERIOD = timedelta(hours=1)
SITE_BITS = 64
"""What one subscriber has of IPv6: a single address would be no limit."""


@dataclass(frozen=True)
class Budget:
    """Who spends (an opaque key, never an address itself) and how many requests an hour gives."""

    key: str
    per_hour: int


def budget_table(metadata: MetaData) -> Table:
    """The table a service keeps its budgets in."""
    return Table(
        "budgets",
        metadata,
        Column("key", String(120), primary_key=True),
        Column("whole_at", UtcDateTime, nullable=False, index=True),
    )


def spend(
    session: Session, table: Table, budgets: Sequence[Budget], now: datetime, *, count: int = 1
) -> timedelta | None:
    """Take `count` requests out of every budget, or none of them: then how long until there are so many."""
    held = _held(session, table, budgets, now)
    after = {each.key: max(held[each.key], now) + PERIOD * count / each.per_hour for each in budgets}
    late = max(after.values()) - now - PERIOD
    if late > timedelta():
        return late
    for key, moment in after.items():
        session.execute(update(table).where(table.c.key == key).values(whole_at=moment))
    return None


def _held(session: Session, table: Table, budgets: Sequence[Budget], now: datetime) -> dict[str, datetime]:
    """Each budget's row, made where there is none, locked in one order by everybody."""
    keys = sorted(each.key for each in budgets)
    fresh = upsert(dialect_of(session))(table).on_conflict_do_nothing()
    session.execute(fresh, [{"key": key, "whole_at": now} for key in keys])
    rows = select(table.c.key, table.c.whole_at).where(table.c.key.in_(keys)).order_by(table.c.key)
    return {row.key: row.whole_at for row in session.execute(rows.with_for_update())}


def forget_whole(session: Session, table: Table, now: datetime) -> int:
    """Drop what is whole again, but nothing that anybody holds; returns how many rows."""
    old = select(table.c.key).where(table.c.whole_at < now - PERIOD).with_for_update(skip_locked=True)
    return int(session.connection().execute(delete(table).where(table.c.key.in_(old))).rowcount)


def whose(address: str) -> str:
    """The client an address belongs to: itself, or its network where one subscriber has many (IPv6)."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped) if mapped else f"{int(found) >> (128 - SITE_BITS):x}/{SITE_BITS}"
