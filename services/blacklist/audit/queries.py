"""Reading the trail: entries of one object, and the proof that nothing was altered."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from services.blacklist.audit.actions import actions_meant
from services.blacklist.audit.domain import GENESIS, BadRow, Head, canonical, link_hash
from services.blacklist.audit.models import AuditEntry, AuditLink, AuditPending
from shared.clock import SHANGHAI

BATCH = 500
LISTS_READ = "case.read-list"
MOST_GONE = 10_000
"""Rows deleted one after another that are still counted; beyond, the place alone is named."""


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


@dataclass(frozen=True)
class EntryFilter:
    """Which entries are looked for; `actor` is a user name or an id, `action` a code or words of its name."""

    action: str | None = None
    object_id: str | None = None
    object_type: str | None = None
    actor: str | None = None
    since: date | None = None
    until: date | None = None
    """Days of Beijing, the last included."""
    also: tuple[str, ...] = ()
    """Further numbers that `object_id` stands for."""
    with_lists: bool = False
    """The thing also where it stood on a list that was read: such an entry names all of the list's things."""

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        if self.actor:
            yield or_(AuditEntry.actor_name == self.actor, AuditEntry.actor_id == self.actor)
        if self.action:
            yield AuditEntry.action.in_(actions_meant(self.action))
        if self.object_type:
            yield AuditEntry.object_type == self.object_type
        if self.object_id:
            yield or_(*self._about())
        if self.since:
            yield AuditEntry.at >= _midnight(self.since)
        if self.until:
            yield AuditEntry.at < _midnight(self.until + timedelta(days=1))

    def _about(self) -> Iterator[ColumnElement[bool]]:
        ids = [each for each in (self.object_id, *self.also) if each]
        yield AuditEntry.object_id.in_(ids)
        if self.with_lists:
            # quoted as in the detail's JSON; a row of an import has its line behind a colon
            named = [
                AuditEntry.detail.contains(f'"{each}{end}', autoescape=True) for each in ids for end in '":'
            ]
            yield and_(AuditEntry.action == LISTS_READ, or_(*named))


def is_recorded(session: Session, wanted: EntryFilter) -> bool:
    return bool(session.scalar(select(exists().where(*wanted.conditions()))))


def recent_entries(
    session: Session, wanted: EntryFilter, *, before: str | None = None, limit: int = 50
) -> Sequence[AuditEntry]:
    """Newest first; `before` is the last id seen."""
    rows = select(AuditEntry).where(*wanted.conditions()).order_by(AuditEntry.id.desc()).limit(limit)
    return session.scalars(rows.where(AuditEntry.id < before) if before else rows).all()


def linked_entries(
    session: Session, wanted: EntryFilter
) -> Iterator[tuple[AuditEntry, int | None, str | None]]:
    """Oldest first, each with its place in the chain and that link's hash; none before it is chained."""
    rows = select(AuditEntry, AuditLink.position, AuditLink.hash)
    rows = rows.outerjoin(AuditLink, AuditLink.entry_id == AuditEntry.id)
    rows = rows.where(*wanted.conditions()).order_by(AuditEntry.id).limit(BATCH)
    after = ""
    while found := session.execute(rows.where(AuditEntry.id > after)).all():
        yield from ((entry, position, digest) for entry, position, digest in found)
        after = found[-1][0].id
        session.expunge_all()


def count_entries(session: Session, wanted: EntryFilter, most: int) -> int:
    """How many there are, counted no further than one more than `most`."""
    some = select(AuditEntry.id).where(*wanted.conditions()).limit(most + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


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
    if gone := _moved_up(session, link):
        return f"第{link.position}条起有{gone}条被删除，其后的记录被前移"
    return "审计记录或链值被改动"


def _moved_up(session: Session, link: AuditLink) -> int:
    """How many rows are gone where the rest was numbered anew: the next two hold together further on."""
    following = next(_links(session, after=link.position), None)
    if following is None or following[1] is None:
        return 0
    later, content = following[0], content_of(following[1])
    at = range(1, MOST_GONE + 1)
    return next((n for n in at if link_hash(link.hash, later.position + n, content) == later.hash), 0)


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
