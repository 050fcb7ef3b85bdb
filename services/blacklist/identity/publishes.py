"""Identity events: each bumps its aggregate's sequence and joins the outbox in the caller's transaction.

A sign-out is keyed by its session: keyed by the user it would erase the user's own record on a
compacted topic.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from services.blacklist.identity.models import Department, SignInSession, User
from services.blacklist.store import SOURCE, outbox
from shared.contracts.envelope import Event, new_event
from shared.outbox import enqueue

TOPIC = "blacklist.identity.v1"


def publish_department(session: Session, department: Department, at: datetime) -> None:
    _bump(session, department)
    data = {
        "id": department.id,
        "code": department.code,
        "name": department.name,
        "short_name": department.short_name,
        "region": department.region,
        "level": department.level,
        "parent_id": department.parent_id,
        "uscc": department.uscc,
        "valid_from": department.valid_from.isoformat(),
        "valid_to": department.valid_to.isoformat() if department.valid_to else None,
        "successor_id": department.successor_id,
        "email": department.email,
        "recorded_at": at.isoformat(),
    }
    enqueue(
        session,
        outbox,
        TOPIC,
        [
            new_event(
                "department.changed",
                source=SOURCE,
                subject=department.id,
                sequence=department.sequence,
                data=data,
                at=at,
            )
        ],
    )


def publish_user(session: Session, user: User, roles: Sequence[str], at: datetime) -> None:
    _bump(session, user)
    data = {
        "id": user.id,
        "username": user.username,
        "display_name": user.display_name,
        "department_id": user.department_id,
        "roles": sorted(roles),
        "email": user.email,
        "disabled": user.disabled_at is not None,
        "recorded_at": at.isoformat(),
    }
    enqueue(
        session,
        outbox,
        TOPIC,
        [new_event("user.changed", source=SOURCE, subject=user.id, sequence=user.sequence, data=data, at=at)],
    )


def publish_revocations(session: Session, sessions: Sequence[SignInSession], at: datetime) -> None:
    """One event per ended session; `at` is system time, as tokens are."""
    if sessions:
        session.flush()
        enqueue(session, outbox, TOPIC, [_revocation(ended, at) for ended in sessions])


def _revocation(ended: SignInSession, at: datetime) -> Event:
    data = {
        "user_id": ended.user_id,
        "session_id": ended.id,
        "issued_before": None,
        "recorded_at": at.isoformat(),
    }
    return new_event("session.revoked", source=SOURCE, subject=ended.id, sequence=1, data=data, at=at)


def _bump(session: Session, aggregate: Department | User) -> None:
    """The next number of this aggregate's events, its row locked until commit."""
    session.flush()
    session.refresh(aggregate, ["sequence"], with_for_update=True)
    aggregate.sequence += 1
    session.flush()
