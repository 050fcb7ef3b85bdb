"""Which tokens no longer count: a service's own copy of sign-outs and disabled users.

Fed from blacklist.identity.v1, one row per session or user. A row only ever gets stricter in time
(`revoked_before` never falls): replaying the topic, or applying an event twice, revokes nothing still good.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import (
    Boolean,
    Column,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from shared.db import UtcDateTime

# A token lives 15 minutes; rows are kept far longer than any token that they could still concern.
KEPT_FOR = timedelta(days=2)


class TokenClaims(Protocol):
    """What a verified token says about its bearer."""

    @property
    def user_id(self) -> str: ...
    @property
    def session_id(self) -> str | None: ...
    @property
    def issued_at(self) -> datetime: ...


class IdentityEvent(Protocol):
    """The two things read of an event of blacklist.identity.v1."""

    @property
    def type(self) -> str: ...
    @property
    def data(self) -> Mapping[str, Any]: ...


@dataclass
class Revocation:
    """State of one key (`user:<id>` or `session:<id>`) while a batch of events is folded into it."""

    disabled: bool = False
    revoked_before: datetime | None = None

    def raise_to(self, moment: datetime) -> None:
        if self.revoked_before is None or moment > self.revoked_before:
            self.revoked_before = moment


def revocation_table(metadata: MetaData) -> Table:
    """The table a service keeps its copy in."""
    return Table(
        "revocations",
        metadata,
        Column("key", String(80), primary_key=True),
        Column("disabled", Boolean, nullable=False, default=False),
        Column("revoked_before", UtcDateTime, nullable=True),
        Column("changed_at", UtcDateTime, nullable=False),
    )


def apply_identity_events(session: Session, table: Table, events: Iterable[IdentityEvent]) -> None:
    """Fold `user.changed` and `session.revoked` events, in order, into the copy; other types are ignored."""
    relevant = [(key, event) for event in events if (key := _key(event)) is not None]
    if not relevant:
        return
    received_at = datetime.now(UTC)
    stored = _load(session, table, {key for key, _ in relevant})
    states = {key: stored.get(key, Revocation()) for key, _ in relevant}
    for key, event in relevant:
        _fold(states[key], event, received_at)
    _store(session, table, states, set(stored), received_at)


def is_revoked(session: Session, table: Table, claims: TokenClaims) -> bool:
    """Whether the bearer was disabled, signed out, or signed out everywhere after this token was issued."""
    keys = [f"user:{claims.user_id}"]
    if claims.session_id:
        keys.append(f"session:{claims.session_id}")
    return any(
        state.disabled or (state.revoked_before is not None and claims.issued_at < state.revoked_before)
        for state in _load(session, table, set(keys)).values()
    )


def prune_revocations(session: Session, table: Table, now: datetime) -> int:
    """Forget sign-outs older than any token that could still be shown; disabled users are never forgotten."""
    passing = or_(table.c.disabled.is_(False), table.c.key.startswith("session:"))
    old = delete(table).where(passing, table.c.changed_at < now - KEPT_FOR)
    return int(session.connection().execute(old).rowcount)


def _key(event: IdentityEvent) -> str | None:
    if event.type == "user.changed":
        return f"user:{event.data['id']}"
    if event.type != "session.revoked":
        return None
    session_id = event.data.get("session_id")
    return f"session:{session_id}" if session_id else f"user:{event.data['user_id']}"


def _fold(state: Revocation, event: IdentityEvent, received_at: datetime) -> None:
    if event.type == "user.changed":
        state.disabled = bool(event.data.get("disabled"))
        if state.disabled:
            state.raise_to(_moment(event, received_at))
    elif event.data.get("session_id"):
        state.disabled = True  # a session that was ended never comes back, whenever its tokens were issued
    else:
        state.raise_to(_moment(event, received_at))


def _moment(event: IdentityEvent, received_at: datetime) -> datetime:
    """When tokens stopped counting: never after now, for business time may run ahead of the tokens' clock."""
    stated = event.data.get("issued_before") or event.data.get("recorded_at")
    if stated is None:
        return received_at
    moment = stated if isinstance(stated, datetime) else datetime.fromisoformat(stated)
    return min(moment.astimezone(UTC), received_at)


def _load(session: Session, table: Table, keys: set[str]) -> dict[str, Revocation]:
    rows = session.execute(select(table).where(table.c.key.in_(keys)))
    return {row.key: Revocation(row.disabled, row.revoked_before) for row in rows}


def _store(
    session: Session, table: Table, states: Mapping[str, Revocation], known: set[str], changed_at: datetime
) -> None:
    rows = [
        {"row_key": key, "row_disabled": s.disabled, "row_before": s.revoked_before, "row_at": changed_at}
        for key, s in states.items()
        if s.disabled or s.revoked_before or key in known
    ]
    values: dict[Any, Any] = {
        table.c.disabled: bindparam("row_disabled"),
        table.c.revoked_before: bindparam("row_before"),
        table.c.changed_at: bindparam("row_at"),
    }
    change = update(table).where(table.c.key == bindparam("row_key")).values(values)
    add = insert(table).values({table.c.key: bindparam("row_key"), **values})
    for statement, wanted in ((change, True), (add, False)):
        batch = [row for row in rows if (row["row_key"] in known) is wanted]
        if batch:
            session.connection().execute(statement, batch)
