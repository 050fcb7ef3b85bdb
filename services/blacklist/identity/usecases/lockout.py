"""Counting failed sign-ins, per account and address and (more patiently) per account, in system time.

The same counting for names that do not exist, so a lock says nothing about whether an account exists.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.blacklist.identity.domain import (
    ACCOUNT_FREE_FAILURES,
    FORGET_FAILURES,
    FREE_FAILURES,
    lockout_delay,
)
from services.blacklist.identity.models import SignInFailure
from shared.crypto import KeyRing
from shared.db import dialect_of, upsert
from shared.errors import TooMany


@dataclass(frozen=True)
class Counter:
    """One thing failures are counted for, and how many are free."""

    key: str
    free: int


def counters(keyring: KeyRing, username: str, address: str) -> list[Counter]:
    return [
        Counter(keyring.blind_index(f"sign-in {username} {address}"), FREE_FAILURES),
        Counter(keyring.blind_index(f"sign-in {username}"), ACCOUNT_FREE_FAILURES),
    ]


def require_unlocked(session: Session, wanted: list[Counter], now: datetime) -> None:
    keys = [each.key for each in wanted]
    rows = session.scalars(select(SignInFailure).where(SignInFailure.key.in_(keys))).all()
    blocked_until = max((row.blocked_until for row in rows), default=now)
    if blocked_until > now:
        wait = (blocked_until - now).total_seconds()
        raise TooMany(
            "sign-in-locked", "登录尝试过于频繁", "请稍后再试，或联系系统管理员重置口令。", retry_after=wait
        )


def count_failure(session: Session, wanted: list[Counter], now: datetime) -> None:
    for each in wanted:
        fresh = {"key": each.key, "failures": 0, "last_failed_at": now, "blocked_until": now}
        session.execute(upsert(dialect_of(session))(SignInFailure).values(**fresh).on_conflict_do_nothing())
        row = session.scalars(
            select(SignInFailure).where(SignInFailure.key == each.key).with_for_update()
        ).one()
        row.failures = 1 if now - row.last_failed_at > FORGET_FAILURES else row.failures + 1
        row.last_failed_at = now
        row.blocked_until = now + lockout_delay(row.failures, each.free)


def forget_failures(session: Session, wanted: list[Counter], now: datetime) -> None:
    """After a success; also drops what has grown old, so the table stays small."""
    session.execute(delete(SignInFailure).where(SignInFailure.last_failed_at < now - FORGET_FAILURES))
    session.execute(delete(SignInFailure).where(SignInFailure.key.in_([each.key for each in wanted])))
