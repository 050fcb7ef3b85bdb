"""What came of sends: attempts are written, dispatches settled, fates published; many in one transaction.

Between claim and record no transaction is open. A crash in between leaves the lease to lapse, and the same
message goes out again under the same id, by which a receiver recognises it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, and_, select, update
from sqlalchemy.orm import Session

from services.notifier.channels import AllFailed, Postponed, Sent, Try
from services.notifier.models import Attempt, Dispatch
from services.notifier.publishes import DELIVERED, FAILED, Outcome, publish
from services.notifier.queries.messages import DispatchFilter, dispatch_of, dispatch_rows
from services.notifier.usecases.claiming import DISPATCHES, Job, claim_jobs, give_back, keep_jobs
from services.notifier.usecases.dispatching import WAKE_CHANNEL
from services.notifier.usecases.marks import lift_marks, mailbox_of
from services.notifier.usecases.receivers import Failure, consider_receivers
from services.notifier.usecases.repeats import settle_repeats, still_delivered
from shared.crash import crash_point
from shared.db import Database, add_rows, among, change_rows, wake
from shared.delivery import ACCEPTED, DEAD, SENDING, WAITING, Backoff, settle
from shared.errors import Conflict, DeliveryError, describe_errors
from shared.ids import new_id
from shared.web.access import Principal

__all__ = [
    "Circumstances",
    "Job",
    "Result",
    "claim_jobs",
    "give_back",
    "keep_jobs",
    "record",
    "resend",
    "resend_matching",
]

MOST_RESENT = 200
ATTEMPTS = cast("Table", Attempt.__table__)
describe_errors({"delivery-not-dead": "只有未送达的消息可以重新发送。"})


@dataclass(frozen=True)
class Result:
    """What came of one try."""

    job: Job
    started_at: datetime
    duration_ms: int
    answer: Sent | DeliveryError

    @property
    def failure(self) -> DeliveryError | None:
        return self.answer if isinstance(self.answer, DeliveryError) else None

    @property
    def reason(self) -> str | None:
        return self.failure.reason[:300] if self.failure else None

    @property
    def tries(self) -> tuple[Try, ...]:
        """The providers that were asked, where the channel has any."""
        return self.answer.tries if isinstance(self.answer, Sent | AllFailed) else ()


@dataclass(frozen=True)
class Circumstances:
    """On which channels a warning about a receiver may go out, and of which day."""

    channels: frozenset[str]
    today: date


def record(
    db: Database,
    results: Sequence[Result],
    about: Circumstances,
    *,
    channel: str,
    backoff: Backoff,
    holder: str,
    now: datetime,
) -> dict[str, str]:
    """Write the attempts, and where they leave each dispatch: its state, or empty if the lease was lost."""
    tried = [result for result in results if not isinstance(result.answer, Postponed)]
    with db.write() as session:
        states = {
            result.job.dispatch_id: _postpone(session, result.job, channel, result.answer, holder, now)
            for result in results
            if isinstance(result.answer, Postponed)
        }
        add_rows(session, ATTEMPTS, (row for result in tried for row in _attempts(result)))
        states |= _settle(session, tried, about, channel, backoff, holder, now)
        crash_point("notices.before_commit")
    crash_point("notices.after_record")
    return states


def _settle(
    session: Session,
    tried: Sequence[Result],
    about: Circumstances,
    channel: str,
    backoff: Backoff,
    holder: str,
    now: datetime,
) -> dict[str, str]:
    """Move those whose lease is still ours, and tell what ended."""
    ours = _still_ours(session, [result.job.dispatch_id for result in tried], holder)
    moved = [(result, *_verdict(result, backoff, now)) for result in tried if result.job.dispatch_id in ours]
    ended = {result.job.dispatch_id: state for result, state, _ in moved if state != WAITING}
    stand = settle_repeats(session, ended) if channel == "webhook" else {}
    change_rows(session, DISPATCHES, [_values(*each, now, stand) for each in moved])
    told = [result for result, _, _ in moved if result.job.dispatch_id in ended.keys() - stand.keys()]
    publish(session, [_outcome(result, channel, now) for result in told])
    consider_receivers(session, [*_failures(moved)], channels=about.channels, today=about.today, now=now)
    states = {result.job.dispatch_id: state for result, state, _ in moved}
    return {result.job.dispatch_id: states.get(result.job.dispatch_id, "") for result in tried}


def _failures(moved: Sequence[tuple[Result, str, datetime | None]]) -> Iterator[Failure]:
    for result, state, _ in moved:
        if result.failure is not None:
            yield Failure(result.job.target.ref, result.job.attempt, state, result.failure)


def _still_ours(session: Session, ids: Sequence[str], holder: str) -> set[str]:
    row = DISPATCHES.c
    leased = and_(among(session, row.id, ids), row.state == SENDING, row.lease_holder == holder)
    return set(session.scalars(select(row.id).where(leased).with_for_update()))


def _verdict(result: Result, backoff: Backoff, now: datetime) -> tuple[str, datetime | None]:
    failure = result.failure
    if failure is None:
        return ACCEPTED, None
    if failure.permanent:
        return DEAD, None
    retry_at = backoff.next_at(result.job.attempt, now, failure.retry_after)
    return (DEAD, None) if retry_at is None else (WAITING, retry_at)


def _values(
    result: Result, state: str, retry_at: datetime | None, now: datetime, stand: Mapping[str, datetime]
) -> dict[str, Any]:
    values = {
        "id": result.job.dispatch_id,
        "state": state,
        "lease_holder": None,
        "lease_until": None,
        "attempts_count": result.job.attempt,
        "next_attempt_at": retry_at,
        "reason": result.reason,
        "settled_at": None if state == WAITING else now,
    }
    before = stand.get(result.job.dispatch_id)
    return still_delivered(values, before) if before else values


def _attempts(result: Result) -> Iterator[dict[str, Any]]:
    """One row, or one for each provider that was asked."""
    tries = result.tries or (Try("", result.reason or "", result.duration_ms),)
    for number, each in enumerate(tries, 1):
        last, taken = number == len(tries), not each.reason
        yield {
            "id": new_id(),
            "dispatch_id": result.job.dispatch_id,
            "number": result.job.attempt,
            "at": result.started_at,
            "outcome": "delivered" if taken else "failed",
            "permanent": last and result.failure is not None and result.failure.permanent,
            "reason": each.reason[:300] or None,
            "duration_ms": each.duration_ms,
            "provider_id": result.answer.provider_id if taken and isinstance(result.answer, Sent) else None,
            "provider": each.provider or None,
            "cost": each.cost,
        }


def _outcome(result: Result, channel: str, now: datetime) -> Outcome:
    message = result.job.message
    return Outcome(
        DELIVERED if result.failure is None else FAILED,
        message.notice_id,
        message.event_type,
        message.subject_id,
        message.department_id,
        channel,
        now,
        result.reason,
    )


def _postpone(
    session: Session, job: Job, channel: str, failure: Postponed, holder: str, now: datetime
) -> str:
    """Back into the queue, uncounted, and with it all else that waits for the same receiver."""
    until = now + timedelta(seconds=failure.wait)
    values = {"next_attempt_at": until, "reason": failure.reason[:300]}
    ours = settle(session, DISPATCHES, job.dispatch_id, holder, WAITING, values)
    queued = and_(
        Dispatch.target == job.target.ref,
        Dispatch.channel == channel,
        Dispatch.state == WAITING,
        Dispatch.next_attempt_at < until,
    )
    session.execute(update(Dispatch).where(queued).values(next_attempt_at=until))
    return WAITING if ours else ""


def resend_matching(session: Session, actor: Principal, wanted: DispatchFilter, now: datetime) -> int:
    """The newest of those the filter shows that did not arrive, over whatever channel; returns how many."""
    dead = dispatch_rows(session, actor, replace(wanted, state=DEAD), None, MOST_RESENT)
    for row in dead:
        resend(session, actor, row.id, now)
    return len(dead)


def resend(session: Session, actor: Principal, dispatch_id: str, now: datetime) -> Dispatch:
    """Put a dead dispatch of the actor's department back into the queue, with fresh repeats.

    A mail goes out even though its address bounced before: whoever asks for it answers for the address.
    """
    found = dispatch_of(session, actor, dispatch_id)
    fresh = {"state": WAITING, "attempts_count": 0, "next_attempt_at": now, "lease_holder": None}
    dead = and_(Dispatch.id == dispatch_id, Dispatch.state == DEAD)
    again = update(Dispatch).where(dead).values(**fresh, settled_at=None, reason=None)
    if session.execute(again.returning(Dispatch.id)).scalar() is None:
        raise Conflict("delivery-not-dead", "这条消息不是未送达状态", "只有未送达的可以重新发送。")
    if found.channel == "email":
        lift_marks(session, [mailbox_of(session, found.target)], now)
    wake(session, WAKE_CHANNEL)
    session.refresh(found)
    return found
