"""The steps of a sender: claim due dispatches, read what to send, and record what came of it.

Between claim and record no transaction is open. A crash in between leaves the lease to lapse, and the same
message goes out again under the same id, by which a receiver recognises it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, and_, func, select, update
from sqlalchemy.orm import Session

from services.notifier.channels import Gone, Message, Postponed, Sent, Target
from services.notifier.models import (
    Attempt,
    DepartmentCopy,
    Dispatch,
    Notice,
    Phone,
    Robot,
    UserCopy,
    WebhookEndpoint,
    WebhookSecret,
)
from services.notifier.publishes import DELIVERED, FAILED, Outcome, publish
from services.notifier.queries.messages import dispatch_of
from services.notifier.usecases.dispatching import WAKE_CHANNEL
from shared.crash import crash_point
from shared.crypto import KeyRing
from shared.db import Database, wake
from shared.delivery import ACCEPTED, DEAD, SUPERSEDED, WAITING, Backoff, claim_due, due, extend, settle
from shared.errors import Conflict, DeliveryError, describe_errors
from shared.ids import new_id
from shared.web.access import Principal

DISPATCHES = cast("Table", Dispatch.__table__)
OWNERS: dict[str, type[WebhookEndpoint] | type[Robot]] = {"webhook": WebhookEndpoint, "robot": Robot}
NOBODY = "收件人已停用或已不存在"
EXHAUSTED = "连续投递失败，已自动停用"
describe_errors({"delivery-not-dead": "只有未送达的消息可以重新发送。"})


@dataclass(frozen=True)
class Job:
    """One dispatch in our hands."""

    dispatch_id: str
    attempt: int
    message: Message
    target: Target


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


def claim_jobs(
    db: Database,
    keyring: KeyRing,
    *,
    channel: str,
    holder: str,
    now: datetime,
    limit: int,
    lease_seconds: float,
    busy: Collection[str] = (),
) -> list[Job]:
    """Due dispatches of a channel: at most one per target, none for busy ones, so none crowds others out."""
    ready = and_(due(DISPATCHES, now), DISPATCHES.c.channel == channel)
    first = select(func.min(DISPATCHES.c.id)).where(ready).group_by(DISPATCHES.c.target)
    wanted: ColumnElement[bool] = DISPATCHES.c.id.in_(first)
    if busy:
        wanted = and_(wanted, DISPATCHES.c.target.not_in(busy))
    with db.write() as session:
        ids = claim_due(session, DISPATCHES, now, holder, limit, lease_seconds, where=wanted)
        jobs = [_job(session, keyring, row_id, now) for row_id in ids]
        for row_id, job in zip(ids, jobs, strict=True):
            if job is None:
                values = {"reason": NOBODY, "settled_at": now, "next_attempt_at": None}
                settle(session, DISPATCHES, row_id, holder, SUPERSEDED, values)
    crash_point("notices.after_claim")
    return [job for job in jobs if job is not None]


def keep_jobs(db: Database, jobs: Iterable[Job], *, holder: str, until: datetime) -> None:
    """Prolong our leases on what is still on its way, so that nobody takes it for left behind."""
    with db.write() as session:
        extend(session, DISPATCHES, [job.dispatch_id for job in jobs], holder, until)


def _job(session: Session, keyring: KeyRing, dispatch_id: str, now: datetime) -> Job | None:
    row = session.get_one(Dispatch, dispatch_id)
    target = _target(session, keyring, row, now)
    if target is None:
        return None
    notice = session.get_one(Notice, row.notice_id)
    department = session.get(DepartmentCopy, notice.department_id)
    message = _message(dispatch_id, notice, department.name if department else "")
    return Job(dispatch_id, row.attempts_count + 1, message, target)


def _message(dispatch_id: str, notice: Notice, department_name: str) -> Message:
    return Message(
        id=dispatch_id,
        notice_id=notice.id,
        event_type=notice.event_type,
        severity=notice.severity,
        title=notice.title,
        body=notice.body,
        link=notice.link,
        subject_id=notice.subject_id,
        case_id=notice.case_id,
        listing_id=notice.listing_id,
        document_number=notice.facts.get("document_number", ""),
        department_id=notice.department_id,
        department_name=department_name,
        occurred_at=notice.occurred_at,
        created_at=notice.created_at,
    )


def _target(session: Session, keyring: KeyRing, row: Dispatch, now: datetime) -> Target | None:
    """Where it goes as of now; None when there is nobody left to send to."""
    kind, _, key = row.target.partition(":")
    if kind == "webhook":
        return _webhook_target(session, keyring, key, row.target, now)
    if kind == "robot":
        return _robot_target(session, keyring, key, row)
    if kind == "user":
        user = session.get(UserCopy, key)
        reachable = user is not None and not user.disabled and user.department_id == row.department_id
        if user is None or not reachable:
            return None
        if row.channel == "sms":
            return _phone_target(session, keyring, key, row.target)
        return Target(row.target, user.email) if user.email else None
    if row.channel == "inbox":
        return Target(row.target, key)
    department = session.get(DepartmentCopy, key)
    return Target(row.target, department.email) if department and department.email else None


def _webhook_target(
    session: Session, keyring: KeyRing, endpoint_id: str, ref: str, now: datetime
) -> Target | None:
    endpoint = session.get(WebhookEndpoint, endpoint_id)
    if endpoint is None or not endpoint.enabled:
        return None
    rows = session.scalars(
        select(WebhookSecret)
        .where(WebhookSecret.endpoint_id == endpoint_id)
        .where(WebhookSecret.expires_at.is_(None) | (WebhookSecret.expires_at > now))
        .order_by(WebhookSecret.created_at.desc())
    )
    secrets = tuple(keyring.unseal(row.sealed, WebhookSecret.aad(row.id)) for row in rows)
    return Target(ref, endpoint.url, secrets)


def _phone_target(session: Session, keyring: KeyRing, user_id: str, ref: str) -> Target | None:
    phone = session.get(Phone, user_id)
    return Target(ref, keyring.unseal(phone.sealed, Phone.aad(user_id)).decode()) if phone else None


def _robot_target(session: Session, keyring: KeyRing, robot_id: str, row: Dispatch) -> Target | None:
    robot = session.get(Robot, robot_id)
    if robot is None or not robot.enabled:
        return None
    url = keyring.unseal(robot.sealed_url, Robot.aad(robot_id, "sealed_url")).decode()
    secret = robot.sealed_secret
    secrets = (keyring.unseal(secret, Robot.aad(robot_id, "sealed_secret")),) if secret else ()
    return Target(row.target, url, secrets)


def record(
    db: Database, results: Sequence[Result], *, channel: str, backoff: Backoff, holder: str, now: datetime
) -> dict[str, str]:
    """Write the attempts, and where they leave each dispatch: its state, or empty if the lease was lost."""
    states: dict[str, str] = {}
    outcomes: list[Outcome] = []
    with db.write() as session:
        for result in results:
            job, failure = result.job, result.failure
            if isinstance(failure, Postponed):
                states[job.dispatch_id] = _postpone(session, job, channel, failure, holder, now)
                continue
            session.add(_attempt(result))
            state, retry_at = _verdict(failure, job.attempt, backoff, now)
            values = _values(result, state, retry_at, now)
            ours = settle(session, DISPATCHES, job.dispatch_id, holder, state, values)
            states[job.dispatch_id] = state if ours else ""
            if ours and state != WAITING:
                outcomes.append(_outcome(job, channel, failure, now))
                _consider_endpoint(session, job, failure, now)
        publish(session, outcomes)
        crash_point("notices.before_commit")
    crash_point("notices.after_record")
    return states


def _values(result: Result, state: str, retry_at: datetime | None, now: datetime) -> dict[str, Any]:
    return {
        "attempts_count": result.job.attempt,
        "next_attempt_at": retry_at,
        "reason": result.failure.reason[:300] if result.failure else None,
        "settled_at": None if state == WAITING else now,
    }


def _verdict(
    failure: DeliveryError | None, attempt: int, backoff: Backoff, now: datetime
) -> tuple[str, datetime | None]:
    if failure is None:
        return ACCEPTED, None
    if failure.permanent:
        return DEAD, None
    retry_at = backoff.next_at(attempt, now, failure.retry_after)
    return (DEAD, None) if retry_at is None else (WAITING, retry_at)


def _attempt(result: Result) -> Attempt:
    failure = result.failure
    return Attempt(
        id=new_id(),
        dispatch_id=result.job.dispatch_id,
        number=result.job.attempt,
        at=result.started_at,
        outcome="delivered" if failure is None else "failed",
        permanent=failure is not None and failure.permanent,
        reason=failure.reason[:300] if failure else None,
        duration_ms=result.duration_ms,
        provider_id=result.answer.provider_id if isinstance(result.answer, Sent) else None,
    )


def _outcome(job: Job, channel: str, failure: DeliveryError | None, now: datetime) -> Outcome:
    message = job.message
    return Outcome(
        DELIVERED if failure is None else FAILED,
        message.notice_id,
        message.event_type,
        message.subject_id,
        message.department_id,
        channel,
        now,
        failure.reason[:300] if failure else None,
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


def _consider_endpoint(session: Session, job: Job, failure: DeliveryError | None, now: datetime) -> None:
    """A receiver that said goodbye, or stayed silent through every repeat, is not asked again."""
    kind, _, key = job.target.ref.partition(":")
    owner = OWNERS.get(kind)
    if owner is None or failure is None or (failure.permanent and not isinstance(failure, Gone)):
        return
    values: dict[str, Any] = {"enabled": False, "updated_at": now}
    values["disabled_reason"] = failure.reason[:300] if failure.permanent else EXHAUSTED
    version: dict[str, Any] = {"version": owner.version + 1}
    session.execute(update(owner).where(owner.id == key).values(values | version))


def resend(session: Session, actor: Principal, dispatch_id: str, now: datetime) -> Dispatch:
    """Put a dead dispatch of the actor's department back into the queue, with fresh repeats."""
    found = dispatch_of(session, actor, dispatch_id)
    fresh = {"state": WAITING, "attempts_count": 0, "next_attempt_at": now, "lease_holder": None}
    dead = and_(Dispatch.id == dispatch_id, Dispatch.state == DEAD)
    again = update(Dispatch).where(dead).values(**fresh, settled_at=None, reason=None)
    if session.execute(again.returning(Dispatch.id)).scalar() is None:
        raise Conflict("delivery-not-dead", "这条消息不是未送达状态", "只有未送达的可以重新发送。")
    wake(session, WAKE_CHANNEL)
    session.refresh(found)
    return found
