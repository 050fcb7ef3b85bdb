"""Officers' general wishes and stand-ins: as the sending needs them, and as their own pages show them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.notifier.domain import SEVERITIES
from services.notifier.models import UserCopy, UserRole
from services.notifier.models.people import Profile, StandIn
from services.notifier.routing.quiet import quiet_spans
from shared.errors import NotFound
from shared.web.access import Principal

BY_SEVERITY = ("email", "sms")
"""The channels an officer may switch off for a severity, where no floor demands them."""


def digest_hours() -> list[int]:
    """The hours of a working day at which a digest may be sent."""
    return [hour for start, end in quiet_spans() for hour in range(start.hour, end.hour)]


def profile_of(session: Session, user_id: str) -> dict[str, Any]:
    """An officer's wishes, with what holds where nothing was said."""
    row = session.get(Profile, user_id)
    declined = row.declined if row else {}
    return {
        "channels": [
            {"severity": severity, **{each: each not in declined.get(severity, []) for each in BY_SEVERITY}}
            for severity in SEVERITIES
        ],
        "digest_hour": row.digest_hour if row and row.digest_hour is not None else digest_hours()[0],
        "language": row.language if row else "zh",
    }


def declined_severities(session: Session, user_ids: Collection[str], channel: str) -> set[tuple[str, str]]:
    """(user, severity) pairs that officers switched off on a channel."""
    rows = session.scalars(select(Profile).where(Profile.user_id.in_(user_ids)))
    return {
        (row.user_id, severity)
        for row in rows
        for severity, channels in row.declined.items()
        if channel in channels
    }


def digest_delays(session: Session, user_ids: Collection[str]) -> dict[str, timedelta]:
    """How long after the first hour of the day each officer wants the digest."""
    if not user_ids:
        return {}
    first = digest_hours()[0]
    wanted = (Profile.user_id.in_(user_ids), Profile.digest_hour.is_not(None))
    rows = session.execute(select(Profile.user_id, Profile.digest_hour).where(*wanted))
    return {row.user_id: timedelta(hours=max(row.digest_hour - first, 0)) for row in rows}


def covered_roles(session: Session, department_ids: Collection[str], today: date) -> dict[str, set[str]]:
    """By stand-in: the roles of the officers they stand in for on this day."""
    query = (
        select(StandIn.stand_in_id, UserRole.role)
        .join(UserRole, UserRole.user_id == StandIn.user_id)
        .where(StandIn.department_id.in_(department_ids), StandIn.ended_at.is_(None))
        .where(StandIn.from_day <= today, StandIn.to_day >= today)
    )
    found: dict[str, set[str]] = defaultdict(set)
    for user_id, role in session.execute(query):
        found[user_id].add(role)
    return found


def colleagues(session: Session, actor: Principal) -> list[tuple[str, str]]:
    """(id, name) of the others in the department."""
    query = select(UserCopy.id, UserCopy.display_name).where(
        UserCopy.department_id == actor.department_id,
        UserCopy.disabled.is_(False),
        UserCopy.id != actor.user_id,
    )
    return [(row.id, row.display_name) for row in session.execute(query.order_by(UserCopy.display_name))]


def stand_ins_of(session: Session, actor: Principal) -> list[dict[str, Any]]:
    """Those the actor named, and those the actor was named in, newest first."""
    mine = or_(StandIn.user_id == actor.user_id, StandIn.stand_in_id == actor.user_id)
    rows = session.scalars(select(StandIn).where(mine).order_by(StandIn.id.desc()).limit(100))
    return stand_in_views(session, list(rows), actor)


def stand_in_views(session: Session, rows: Sequence[StandIn], actor: Principal) -> list[dict[str, Any]]:
    """What the API and the pages show of arrangements."""
    ids = {row.user_id for row in rows} | {row.stand_in_id for row in rows}
    query = select(UserCopy.id, UserCopy.display_name).where(UserCopy.id.in_(ids))
    names = {row.id: row.display_name for row in session.execute(query)}
    return [_stand_in_view(row, names, actor) for row in rows]


def _stand_in_view(row: StandIn, names: dict[str, str], actor: Principal) -> dict[str, Any]:
    return {
        "id": row.id,
        "user_name": names.get(row.user_id, "已停用"),
        "stand_in_id": row.stand_in_id,
        "stand_in_name": names.get(row.stand_in_id, "已停用"),
        "from_day": row.from_day,
        "to_day": row.to_day,
        "reason": row.reason,
        "hands_over": row.hands_over,
        "mine": row.user_id == actor.user_id,
        "ended_at": row.ended_at,
    }


def stand_in_of(session: Session, actor: Principal, stand_in_id: str) -> StandIn:
    """One the actor named, or NotFound."""
    found = session.get(StandIn, stand_in_id)
    if found is None or found.user_id != actor.user_id:
        raise NotFound("not-found", "没有这项代班安排", "它不存在，或不是您的安排。")
    return found
