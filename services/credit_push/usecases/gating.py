"""Whether a platform may be called now, and for how much: pause, maintenance, quota, rate, circuit breaker.

A platform that has stopped answering is left alone and probed with a single row after a growing pause. A
delivery whose due day is about to end is tried in spite of the pause: the law does not wait for a breaker.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam, exists, select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Limits, Profile, Window
from services.credit_push.domain import WAITING
from services.credit_push.models import PlatformState
from services.credit_push.usecases.rows import TABLE
from shared.clock import SHANGHAI, local_date
from shared.db import UtcDateTime, put_rows

STATES = cast("Table", PlatformState.__table__)
NAMES = tuple(column.name for column in STATES.columns)
KEPT_FOR_WITHDRAWALS = 10
"""One row of so many of a daily quota goes to withdrawals only."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
URGENT_ROWS, URGENT_PAUSE = 5, timedelta(seconds=10)


@dataclass(frozen=True)
class Gate:
    """How far a platform is open now."""

    most: int
    """Rows that may be claimed; 0: none."""
    why: str = ""
    only_withdrawals: bool = False
    probe: bool = False
    """One careful try: nothing else may be under way at this platform."""
    due_by: date | None = None
    """Only what is due by then."""


SHUT = Gate(0)
URGENT = select(
    exists().where(
        TABLE.c.platform == bindparam("at_platform"),
        TABLE.c.state == WAITING,
        TABLE.c.next_attempt_at <= bindparam("now", type_=UtcDateTime()),
        TABLE.c.due_on <= bindparam("due_by"),
    )
)


class Pace:
    """Rows a second for one platform, counted in the process that has it: there is one at a time."""

    def __init__(self, rows_per_second: float) -> None:
        self._rate, self._left, self._at = rows_per_second, max(rows_per_second, 1.0), time.monotonic()

    def allowed(self) -> int | None:
        """How many rows may go now; None: as many as there are."""
        if not self._rate:
            return None
        now = time.monotonic()
        self._left = min(max(self._rate, 1.0), self._left + (now - self._at) * self._rate)
        self._at = now
        return int(self._left)

    def empty(self) -> None:
        """Begin with nothing: somebody else may just have used what there was."""
        self._left, self._at = 0.0, time.monotonic()

    def used(self, rows: int) -> None:
        """So many have gone."""
        self._left -= rows


def states(session: Session) -> dict[str, dict[str, Any]]:
    """What is known of each platform; those never heard of are left out."""
    return {row.platform: dict(row._mapping) for row in session.execute(select(STATES))}


def state_of(session: Session, platform: str) -> dict[str, Any]:
    """What is known of one platform; nothing if it was never heard of."""
    found = session.execute(select(STATES).where(STATES.c.platform == platform)).first()
    return dict(found._mapping) if found is not None else {}


def at_rest(profile: Profile, state: Mapping[str, Any], at: datetime) -> str:
    """Why nothing at all is asked of or told to a platform now; empty if it may be. `at` is business time."""
    if state.get("paused_at"):
        return "已由人工暂停"
    return "平台维护时段" if in_maintenance(profile.limits, at) else ""


def gate(session: Session, profile: Profile, state: Mapping[str, Any], now: datetime, at: datetime) -> Gate:
    """`now` is system time, `at` business time: windows, quotas and due days follow the calendar."""
    if why := at_rest(profile, state, at):
        return Gate(0, why)
    left = quota_left(profile.limits, state, local_date(at))
    if left is not None and left[0] <= 0:
        return Gate(0, "当日限额已用完")
    if state.get("opened"):
        return _probe(session, profile, state, now, at)
    if left is None:
        return Gate(1_000_000)
    total, listings = left
    return Gate(listings) if listings > 0 else Gate(total, "当日余额仅供撤销", only_withdrawals=True)


def _probe(session: Session, profile: Profile, state: Mapping[str, Any], now: datetime, at: datetime) -> Gate:
    if state["retry_at"] is None or state["retry_at"] <= now:
        return Gate(1, "熔断后试探", probe=True)
    due_by = local_date(at + timedelta(hours=profile.breaker.deadline_hours)) - timedelta(days=1)
    if state["probed_at"] and now - state["probed_at"] < URGENT_PAUSE:
        return Gate(0, "平台无应答，熔断中")
    bound = {"at_platform": profile.id, "now": now, "due_by": due_by}
    if session.execute(URGENT, bound).scalar():
        return Gate(URGENT_ROWS, "熔断中，期限将至", probe=True, due_by=due_by)
    return Gate(0, "平台无应答，熔断中")


def still_open(session: Session, profile: Profile, opened: Gate, now: datetime, at: datetime) -> Gate:
    """The gate once more where rows are claimed: paused, opened or used up since it was looked at."""
    again = gate(session, profile, state_of(session, profile.id), now, at)
    if again.probe and not opened.probe:
        return SHUT  # others may be under way: who looks next sees the breaker
    only = opened.only_withdrawals or again.only_withdrawals
    return replace(opened, most=min(opened.most, again.most), only_withdrawals=only)


def in_maintenance(limits: Limits, at: datetime) -> bool:
    """Whether the platform has said it takes nothing at this hour."""
    local = at.astimezone(SHANGHAI)
    return any(_within(window, local) for window in limits.maintenance)


def _within(window: Window, local: datetime) -> bool:
    if window.weekday is not None and window.weekday != local.weekday():
        return False
    clock = local.time()
    return window.begins <= clock and (clock < window.ends or window.ends == type(clock)())


def quota_left(limits: Limits, state: Mapping[str, Any], today: date) -> tuple[int, int] | None:
    """Rows left today for withdrawals, and for anything else; None without a quota."""
    if not limits.daily_rows:
        return None
    used = state.get("counted", 0) if state.get("counted_on") == today else 0
    kept = limits.daily_rows // KEPT_FOR_WITHDRAWALS
    return limits.daily_rows - used, limits.daily_rows - kept - used


def hold(session: Session, platform: str) -> dict[str, Any]:
    """The platform's state, locked until the transaction ends; made if there is none."""
    found = session.execute(select(STATES).where(STATES.c.platform == platform).with_for_update()).first()
    if found is not None:
        return dict(found._mapping)
    zero = dict.fromkeys(("failures", "opened", "counted", "backfilled"), 0)
    return {**dict.fromkeys(NAMES), **zero, "platform": platform}


def write(session: Session, state: Mapping[str, Any]) -> None:
    """Put a held state back."""
    put_rows(session, STATES, [state], ("platform",))


def note_claim(
    session: Session, profile: Profile, opened: Gate, rows: int, now: datetime, at: datetime
) -> None:
    """In the claiming transaction: count against the quota, remember when a probe went."""
    if not rows or not (profile.limits.daily_rows or opened.probe):
        return
    state, today = hold(session, profile.id), local_date(at)
    state["counted"] = rows + (state["counted"] if state["counted_on"] == today else 0)
    state["counted_on"] = today
    if opened.probe:
        state["probed_at"] = now
    write(session, state)


def note_end(state: dict[str, Any]) -> None:
    """Before a breaker is closed: from when on withdrawals died for nothing but the outage."""
    if state["opened"]:
        state["revive_from"] = state["revive_from"] or state["last_success_at"] or LONG_AGO


def note_outcomes(
    session: Session,
    profile: Profile,
    answered: int,
    silent: int,
    problem: str,
    now: datetime,
    unsent: tuple[int, date] | None = None,
) -> None:
    """In the settling transaction: an answer closes the breaker, silence long enough opens it. Withdrawals
    that died meanwhile are put back afterwards (`reviving`).

    `unsent`: rows that never left, and the day they were counted on: they go back to its quota.
    """
    if not answered and not silent and unsent is None:
        return
    state = hold(session, profile.id)
    if unsent is not None and state["counted_on"] == unsent[1]:
        state["counted"] = max(0, state["counted"] - unsent[0])
    if answered:
        note_end(state)
        state.update(failures=0, opened=0, retry_at=None, last_success_at=now)
    if silent:
        state.update(last_failure_at=now, last_problem=problem[:200] or None)
    if not answered:
        state["failures"] = min(state["failures"] + silent, 1_000_000)
        if state["opened"] or state["failures"] >= profile.breaker.failures:
            pauses = profile.breaker.pause_seconds
            state["retry_at"] = now + timedelta(seconds=pauses[min(state["opened"], len(pauses) - 1)])
            state["opened"] = min(state["opened"] + 1, 1_000_000)
    write(session, state)
