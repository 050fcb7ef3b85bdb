"""Writing the trail, and the loop that chains what was committed.

Writers never touch the chain's head, so no transaction waits for another because of the audit trail.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from services.blacklist.audit.domain import canonical, link_hash, without_identities
from services.blacklist.audit.models import AuditEntry, AuditLink, AuditPending
from services.blacklist.audit.queries import content_of, head
from shared.db import Database, add_rows
from shared.ids import new_id
from shared.leases import Lease
from shared.web.access import Principal

BATCH = 500
ENTRIES, PENDING = (cast("Table", each.__table__) for each in (AuditEntry, AuditPending))


def record(
    session: Session,
    *,
    actor: Principal | None,
    action: str,
    object_type: str,
    object_id: str,
    detail: Mapping[str, Any],
    at: datetime,
) -> None:
    """Add one entry in the caller's transaction: it exists if and only if the act does."""
    entry = AuditEntry(**_row(Act(action, object_type, object_id, detail), actor, at))
    session.add_all([entry, AuditPending(entry_id=entry.id)])


@dataclass(frozen=True)
class Act:
    """What was done to one thing."""

    action: str
    object_type: str
    object_id: str
    detail: Mapping[str, Any]


def record_many(session: Session, acts: Sequence[Act], *, actor: Principal | None, at: datetime) -> None:
    """The same for hundreds of things of one request, in two statements."""
    if not acts:
        return
    rows = [_row(act, actor, at) for act in acts]
    add_rows(session, ENTRIES, rows)
    add_rows(session, PENDING, [{"entry_id": row["id"]} for row in rows])


def _row(act: Act, actor: Principal | None, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "at": at,
        "action": act.action,
        "object_type": act.object_type,
        "object_id": act.object_id,
        "detail": canonical(without_identities(act.detail)),
        "actor_id": actor.user_id if actor else None,
        "actor_name": actor.username if actor else None,
        "actor_department_id": actor.department_id if actor else None,
        "actor_roles": ",".join(sorted(actor.roles)) if actor else "",
    }


def chain_batch(session: Session, limit: int = BATCH) -> int:
    """Link up to `limit` committed entries, oldest id first; how many were linked."""
    waiting = select(AuditEntry).join(AuditPending, AuditPending.entry_id == AuditEntry.id)
    entries = session.scalars(waiting.order_by(AuditEntry.id).limit(limit)).all()
    position, previous = head(session)
    for entry in entries:
        position += 1
        previous = link_hash(previous, position, content_of(entry))
        session.add(AuditLink(position=position, entry_id=entry.id, hash=previous))
    session.flush()
    session.execute(delete(AuditPending).where(AuditPending.entry_id.in_([entry.id for entry in entries])))
    return len(entries)


class AuditChain:
    """Loop: the only writer of links, by lease."""

    name = "audit-chain"

    def __init__(self, db: Database, leases: Table, holder: str) -> None:
        self._db = db
        self._lease = Lease(db, leases, self.name, holder)

    def step(self) -> bool:
        if not self._waiting() or not self._lease.acquire():
            return False
        with self._db.write() as session:
            return chain_batch(session) > 0

    def _waiting(self) -> bool:
        with self._db.read() as session:
            return session.scalars(select(AuditPending.entry_id).limit(1)).first() is not None
