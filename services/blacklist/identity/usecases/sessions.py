"""Signing in, staying in, signing out. All on system time; tokens never outlive their session row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import NoReturn

from sqlalchemy.orm import Session

from services.blacklist.audit.usecases import record
from services.blacklist.identity.domain import ABSOLUTE_LIMIT, normalise_username
from services.blacklist.identity.models import SignInSession, User
from services.blacklist.identity.publishes import publish_revocations
from services.blacklist.identity.queries import live_sessions, user_by_name
from services.blacklist.identity.queries import user as find_user
from services.blacklist.identity.usecases.access import living_session, principal_of, read_claims
from services.blacklist.identity.usecases.lockout import (
    Counter,
    count_failure,
    counters,
    forget_failures,
    require_unlocked,
)
from services.blacklist.identity.usecases.passwords import (
    hash_password,
    hashing_slot,
    needs_rehash,
    password_matches,
    require_good_password,
)
from shared.clock import SHANGHAI, Clock, local_date
from shared.crypto import KeyRing
from shared.db import Database
from shared.errors import FieldError, Invalid, Unauthenticated
from shared.ids import new_id
from shared.web.access import Principal
from shared.web.tokens import LIFETIME, issue_token


@dataclass(frozen=True)
class SignedIn:
    """What a successful sign-in or refresh hands out."""

    token: str
    expires_at: datetime
    principal: Principal
    must_change: bool


def sign_in(
    db: Database,
    keyring: KeyRing,
    clock: Clock,
    *,
    username: str,
    password: str,
    address: str,
    user_agent: str = "",
) -> SignedIn:
    """Raises Unauthenticated (never saying which half was wrong) or TooMany with the wait."""
    name = normalise_username(username)
    wanted = counters(keyring, name, address)
    with hashing_slot():  # the lock is checked inside the slot: no burst of guesses gets past it
        now = clock.system_now()
        with db.read() as session:
            require_unlocked(session, wanted, now)
            user = user_by_name(session, name)
            stored = user.password_hash if user else None
            good = password_matches(stored, password)
        if user is None or not good or not _in_use(user, now):
            _refuse(db, wanted, address, now)
    with db.write() as session:
        forget_failures(session, wanted, now)
        return _open_session(
            session, keyring, find_user(session, user.id), password, address, user_agent, now
        )


def _in_use(user: User, now: datetime) -> bool:
    over = user.valid_until is not None and user.valid_until < local_date(now)
    return user.disabled_at is None and not over


def _refuse(db: Database, wanted: list[Counter], address: str, now: datetime) -> NoReturn:
    with db.write() as session:
        count_failure(session, wanted, now)
        record(
            session,
            actor=None,
            action="sign-in.refused",
            object_type="account",
            object_id=wanted[0].key[:80],
            detail={"address": address},
            at=now,
        )
    raise Unauthenticated("sign-in-refused", "用户名或口令不正确", "请核对后重试。")


def _open_session(
    session: Session,
    keyring: KeyRing,
    user: User,
    password: str,
    address: str,
    user_agent: str,
    now: datetime,
) -> SignedIn:
    if needs_rehash(user.password_hash):
        user.password_hash = hash_password(password)
    opened = SignInSession(
        id=new_id(),
        user_id=user.id,
        created_at=now,
        last_seen_at=now,
        ends_at=now + ABSOLUTE_LIMIT,
        address=address[:64],
        user_agent=user_agent[:200],
    )
    session.add(opened)
    session.flush()
    who = principal_of(session, user, opened.id)
    record(
        session,
        actor=who,
        action="session.opened",
        object_type="session",
        object_id=opened.id,
        detail={"address": address},
        at=now,
    )
    return _signed_in(keyring, who, opened, user, now)


def _signed_in(keyring: KeyRing, who: Principal, row: SignInSession, user: User, now: datetime) -> SignedIn:
    ends = row.ends_at
    if user.valid_until is not None:
        over = datetime.combine(user.valid_until + timedelta(days=1), time(), SHANGHAI)
        ends = min(ends, over.astimezone(UTC))
    token, expires_at = issue_token(keyring, who, now, min(LIFETIME, ends - now))
    return SignedIn(token, expires_at, who, user.must_change)


def refresh(db: Database, keyring: KeyRing, clock: Clock, token: str) -> SignedIn:
    """A fresh token for a living session; the old one may have lapsed while the session has not."""
    now = clock.system_now()
    claims = read_claims(keyring, token, now, allow_expired=True)
    with db.write() as session:
        found = living_session(session, claims.session_id or "", now)
        if found is None or found[1].id != claims.user_id:
            raise Unauthenticated("session-ended", "会话已结束", "请重新登录。")
        row, user = found
        row.last_seen_at = max(row.last_seen_at, now)
        return _signed_in(keyring, principal_of(session, user, row.id), row, user, now)


def sign_out(session: Session, actor: Principal, at: datetime) -> None:
    """End the session the principal came with; `at` is system time."""
    if actor.session_id is None:
        return
    found = session.get(SignInSession, actor.session_id)
    if found is not None and found.revoked_at is None:
        _end(session, [found], "sign-out", at)
        record(
            session,
            actor=actor,
            action="session.closed",
            object_type="session",
            object_id=found.id,
            detail={},
            at=at,
        )


def revoke_sessions(
    session: Session, user_ids: Sequence[str], reason: str, at: datetime, *, keep: str | None = None
) -> int:
    """End every living session of these users (but `keep`); how many. `at` is system time."""
    living = [each for each in live_sessions(session, user_ids) if each.id != keep]
    _end(session, living, reason, at)
    return len(living)


def _end(session: Session, living: Sequence[SignInSession], reason: str, at: datetime) -> None:
    for each in living:
        each.revoked_at, each.revoked_for = at, reason
    publish_revocations(session, living, at)


def change_password(
    db: Database, keyring: KeyRing, clock: Clock, *, actor: Principal, current: str, new: str
) -> None:
    """One's own; ends one's other sessions. Hashes with no transaction open; guesses are counted."""
    require_good_password(actor.username, new)
    wanted = counters(keyring, actor.username, "password change")[:1]
    with hashing_slot():
        now = clock.system_now()
        with db.read() as session:
            require_unlocked(session, wanted, now)
            stored = find_user(session, actor.user_id).password_hash
        fresh = hash_password(new) if password_matches(stored, current) else None
    with db.write() as session:
        if fresh is None:
            count_failure(session, wanted, now)
        else:
            _store_password(session, actor, fresh, now)
    if fresh is None:
        problem = "当前口令不正确"
        raise Invalid("password-wrong", problem, fields=[FieldError("/current_password", problem)])


def _store_password(session: Session, actor: Principal, fresh: str, at: datetime) -> None:
    user = find_user(session, actor.user_id)
    user.password_hash, user.must_change = fresh, False
    revoke_sessions(session, [user.id], "password-changed", at, keep=actor.session_id)
    record(
        session,
        actor=actor,
        action="password.changed",
        object_type="user",
        object_id=user.id,
        detail={},
        at=at,
    )
