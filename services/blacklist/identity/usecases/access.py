"""Turning a token or an API key into the Principal it stands for *now*.

The database decides on every request: a session ended, a user disabled, a role taken away or a key
revoked counts from the next request on, whatever the token still says.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.blacklist.identity.domain import IDLE_LIMIT, TOUCH_EVERY
from services.blacklist.identity.models import ApiKey, Department, SignInSession, User
from services.blacklist.identity.queries import roles_of
from shared.clock import local_date
from shared.crypto import KeyRing
from shared.db import Database
from shared.errors import Unauthenticated
from shared.web.access import Principal
from shared.web.tokens import Claims, keys_for, read_token


def principal_of(session: Session, user: User, session_id: str | None = None) -> Principal:
    """Without roles until a password set by somebody else is changed."""
    department = session.get_one(Department, user.department_id)
    return Principal(
        user_id=user.id,
        username=user.username,
        display_name=user.display_name,
        department_id=department.id,
        department_name=department.name,
        region=department.region,
        roles=frozenset() if user.must_change else roles_of(session, user.id),
        scopes=frozenset(),
        session_id=session_id,
        key_id=None,
    )


def principal_by_token(db: Database, keyring: KeyRing, token: str, now: datetime) -> Principal | None:
    """The bearer, if the token is good and its session lives; `now` is system time."""
    try:
        claims = read_claims(keyring, token, now)
    except Unauthenticated:
        return None
    with db.read() as session:
        found = living_session(session, claims.session_id or "", now)
        if found is None or found[1].id != claims.user_id:
            return None
        who = principal_of(session, found[1], found[0].id)
        stale = now - found[0].last_seen_at > TOUCH_EVERY
    if stale:
        _touch(db, who, now)
    return who


def read_claims(keyring: KeyRing, token: str, now: datetime, *, allow_expired: bool = False) -> Claims:
    keys = keys_for(token, keyring.token_public, keyring.refreshed_token_public)
    return read_token(keys, token, now, allow_expired=allow_expired)


def living_session(session: Session, session_id: str, now: datetime) -> tuple[SignInSession, User] | None:
    """The session and its user, unless ended, idle too long, past its limit, or the account is over."""
    wanted = (
        select(SignInSession, User)
        .join(User, User.id == SignInSession.user_id)
        .where(
            SignInSession.id == session_id,
            SignInSession.revoked_at.is_(None),
            SignInSession.ends_at > now,
            SignInSession.last_seen_at > now - IDLE_LIMIT,
            User.disabled_at.is_(None),
            or_(User.valid_until.is_(None), User.valid_until >= local_date(now)),
        )
    )
    row = session.execute(wanted).first()
    return (row[0], row[1]) if row else None


def principal_by_key(db: Database, presented: str, address: str | None, now: datetime) -> Principal | None:
    """The department's system behind "<prefix>.<secret>", if its key is in force for this address."""
    prefix, _, secret = presented.partition(".")
    with db.read() as session:
        key = session.scalars(select(ApiKey).where(ApiKey.prefix == prefix)).first()
        stored = key.secret_hash if key else "0" * 64
        if not hmac.compare_digest(stored, hash_secret(secret)) or key is None:
            return None
        if key.revoked_at is not None or key.expires_at <= now or not _allowed(key.addresses, address):
            return None
        who = _key_principal(session, key)
        stale = key.last_used_at is None or now - key.last_used_at > TOUCH_EVERY
    if stale:
        with db.write() as session:
            session.get_one(ApiKey, who.user_id).last_used_at = now
    return who


def hash_secret(secret: str) -> str:
    """A plain hash is enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _key_principal(session: Session, key: ApiKey) -> Principal:
    department = session.get_one(Department, key.department_id)
    return Principal(
        user_id=key.id,
        username=f"key:{key.prefix}",
        display_name=key.name,
        department_id=department.id,
        department_name=department.name,
        region=department.region,
        roles=frozenset(),
        scopes=frozenset(key.scopes),
        session_id=None,
        key_id=key.id,
    )


def _allowed(networks: Iterable[str], address: str | None) -> bool:
    allowed = [ipaddress.ip_network(each) for each in networks]
    if not allowed:
        return True
    try:
        caller = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    mapped = getattr(caller, "ipv4_mapped", None)
    return any((mapped or caller) in network for network in allowed)


def _touch(db: Database, who: Principal, now: datetime) -> None:
    with db.write() as session:
        found = session.get(SignInSession, who.session_id)
        if found is not None:
            found.last_seen_at = max(found.last_seen_at, now)
