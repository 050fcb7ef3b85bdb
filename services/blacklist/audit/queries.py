"""Reading the trail: entries of one object, and the proof that nothing was altered."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from services.blacklist.audit.domain import GENESIS, BadRow, canonical, link_hash
from services.blacklist.audit.models import AuditEntry, AuditLink, AuditPending

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
    limit: int = 50,
) -> Sequence[AuditEntry]:
    """Newest first; `before` is the id of the last entry already seen."""
    wanted = select(AuditEntry)
    if before:
        wanted = wanted.where(AuditEntry.id < before)
    if action:
        wanted = wanted.where(AuditEntry.action == action)
    if object_id:
        wanted = wanted.where(AuditEntry.object_id == object_id)
    return session.scalars(wanted.order_by(AuditEntry.id.desc()).limit(limit)).all()


def detail_of(entry: AuditEntry) -> dict[str, Any]:
    detail: dict[str, Any] = json.loads(entry.detail)
    return detail


def head(session: Session) -> tuple[int, str]:
    """Position and hash of the last link; position 0 before the first."""
    last = session.scalars(select(AuditLink).order_by(AuditLink.position.desc()).limit(1)).first()
    return (last.position, last.hash) if last else (0, GENESIS)


def verify(session: Session) -> BadRow | None:
    """Walk the whole chain; the first row that was altered, removed, reordered or slipped in, or None."""
    previous = GENESIS
    for position, (link, entry) in enumerate(_links(session), 1):
        if link.position != position:
            return BadRow(position, link.entry_id, "链上缺少一环")
        if entry is None:
            return BadRow(position, link.entry_id, "审计记录被删除")
        expected = link_hash(previous, position, content_of(entry))
        if link.hash != expected:
            return BadRow(position, entry.id, "审计记录或链值被改动")
        previous = expected
    return _unchained(session)


def _links(session: Session) -> Iterator[tuple[AuditLink, AuditEntry | None]]:
    after = 0
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
