"""Reading the trail: entries of one object, and the proof that nothing was altered."""

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from services.blacklist.audit.domain import GENESIS, BadRow, Head, canonical, link_hash
from services.blacklist.audit.models import AuditEntry, AuditLink, AuditPending
from shared.clock import SHANGHAI

BATCH = 500


def content_of(entry: AuditEntry) -> str:
    """The text that is hashed: every column, the moment in UTC with microseconds."""
    return canonical(
        {
            "id": entry.id,
            "at": entry.at.isoformat(timespec="microseconds"),
            "actor_id": entry.actor_id,
            "actor_name": entry.actor_name,
            "actor_department_id": entry.actor_department_id,
            "actor_roles": entry.actor_roles,
            "action": entry.action,
            "object_type": entry.object_type,
            "object_id": entry.object_id,
            "detail": entry.detail,
        }
    )


def entries_of(session: Session, object_type: str, object_id: str, limit: int = 200) -> Sequence[AuditEntry]:
    wanted = select(AuditEntry).where(
        AuditEntry.object_type == object_type, AuditEntry.object_id == object_id
    )
    return session.scalars(wanted.order_by(AuditEntry.id.desc()).limit(limit)).all()


def recent_entries(
    session: Session,
    *,
    before: str | None = None,
    action: str | None = None,
    object_id: str | None = None,
    object_type: str | None = None,
    actor: str | None = None,
    since: date | None = None,
    until: date | None = None,
    limit: int = 50,
) -> Sequence[AuditEntry]:
    """Newest first; `before` is the last id seen, `actor` a user name or an id, days are those of Beijing."""
    wanted = select(AuditEntry)
    if actor:
        wanted = wanted.where(or_(AuditEntry.actor_name == actor, AuditEntry.actor_id == actor))
    if object_type:
        wanted = wanted.where(AuditEntry.object_type == object_type)
    if since:
        wanted = wanted.where(AuditEntry.at >= _midnight(since))
    if until:
        wanted = wanted.where(AuditEntry.at < _midnight(until + timedelta(days=1)))
    if before:
        wanted = wanted.where(AuditEntry.id < before)
    if action:
        wanted = wanted.where(AuditEntry.action == action)
    if object_id:
        wanted = wanted.where(AuditEntry.object_id == object_id)
    return session.scalars(wanted.order_by(AuditEntry.id.desc()).limit(limit)).all()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def detail_of(entry: AuditEntry) -> dict[str, Any]:
    detail: dict[str, Any] = json.loads(entry.detail)
    return detail


def head(session: Session) -> tuple[int, str]:
    """Position and hash of the last link; position 0 before the first."""
    last = session.scalars(select(AuditLink).order_by(AuditLink.position.desc()).limit(1)).first()
    return (last.position, last.hash) if last else (0, GENESIS)


def verify(session: Session, heads: Sequence[Head] = ()) -> BadRow | None:
    """Walk the whole chain; the first row that was changed, deleted, moved, slipped in or rewritten, or None.

    `heads` are those kept elsewhere: without them a tail cut off whole leaves no trace.
    """
    previous, position = GENESIS, 0
    kept = {each.position: each for each in heads}
    for position, (link, entry) in enumerate(_links(session), 1):
        if link.position != position:
            return BadRow(position, _unlinked(session), f"链上第{position}条被删除")
        if entry is None:
            return BadRow(position, link.entry_id, "审计记录被删除")
        if link.hash != link_hash(previous, position, content_of(entry)):
            return BadRow(position, entry.id, _why(session, previous, link, entry))
        previous = link.hash
        if position in kept and kept[position].hash != link.hash:
            return BadRow(position, entry.id, "与另行保存的链首不符：这一条或者其以前的记录被整体改写")
    last = max(kept, default=0)
    if last > position:
        return BadRow(position + 1, "", f"链尾被截断：另行保存的链首为第{last}条，现只有{position}条")
    return _unchained(session)


def _unlinked(session: Session) -> str:
    """The entry whose link is gone, where it alone is left without one."""
    linked = exists().where(AuditLink.entry_id == AuditEntry.id)
    pending = exists().where(AuditPending.entry_id == AuditEntry.id)
    left = session.scalars(select(AuditEntry.id).where(~linked, ~pending).limit(2)).all()
    return left[0] if len(left) == 1 else ""


def _why(session: Session, previous: str, link: AuditLink, entry: AuditEntry) -> str:
    """Which kind of tampering the first wrong row shows: what once stood here is looked for further on."""
    for later, other in _links(session, after=link.position):
        if other is None:
            continue
        here = link_hash(previous, link.position, content_of(other))
        if here == link.hash or (here == later.hash and _is_genuine(session, link, entry)):
            return f"顺序被调换：原在此处的是现在的第{later.position}条"
        if here == later.hash:
            return f"第{link.position}条是插入的：原在此处的是现在的第{later.position}条"
    return "审计记录或链值被改动"


def _is_genuine(session: Session, link: AuditLink, entry: AuditEntry) -> bool:
    """Whether the row out of place was chained once, after some row that is still there."""
    content = content_of(entry)
    return any(
        link.hash
        in (link_hash(each.hash, each.position, content), link_hash(each.hash, each.position + 1, content))
        for each, _ in _links(session)
    )


def _links(session: Session, after: int = 0) -> Iterator[tuple[AuditLink, AuditEntry | None]]:
    while True:
        wanted = (
            select(AuditLink, AuditEntry)
            .outerjoin(AuditEntry, AuditEntry.id == AuditLink.entry_id)
            .where(AuditLink.position > after)
            .order_by(AuditLink.position)
            .limit(BATCH)
        )
        rows = session.execute(wanted).all()
        if not rows:
            return
        yield from rows
        after = rows[-1][0].position


def _unchained(session: Session) -> BadRow | None:
    linked = exists().where(AuditLink.entry_id == AuditEntry.id)
    pending = exists().where(AuditPending.entry_id == AuditEntry.id)
    stray = session.scalars(
        select(AuditEntry.id).where(~linked, ~pending).order_by(AuditEntry.id).limit(1)
    ).first()
    return BadRow(0, stray, "审计记录不在链上") if stray else None
