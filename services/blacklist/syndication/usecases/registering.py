"""An operator registers a data user, gives it a new key, or ends its registration; all of it is audited."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.blacklist.audit.usecases import record
from services.blacklist.register.queries import newest_position
from services.blacklist.store import Deps
from services.blacklist.syndication.domain.following import SCOPE
from services.blacklist.syndication.models import DataUser
from services.blacklist.syndication.queries.data_users import (
    MOST_SHOWN,
    data_user_by_key,
    find_data_user,
)
from shared.crypto import KeyRing
from shared.errors import Conflict, describe_errors
from shared.ids import new_id
from shared.web.access import Principal

KEY_LIFETIME = timedelta(days=366)
describe_errors(
    {
        "data-user-exists": "已有同名的数据使用方。请核对名称，或者为它换发密钥。",
        "data-users-full": "登记的数据使用方已达上限。请先结束不再使用的登记。",
    }
)


class Wish(NamedTuple):
    """Who is to be registered."""

    name: str
    kind: str
    contact: str


def contact_aad(user_id: str) -> str:
    return f"data_users.contact.{user_id}"


def contact_of(keyring: KeyRing, user: DataUser) -> str:
    return keyring.unseal(user.contact, contact_aad(user.id)).decode()


def register_data_user(session: Session, deps: Deps, wish: Wish, actor: Principal) -> tuple[DataUser, str]:
    """The data user and its key, told this once. It loads the register anew: its cursor is the feed's end."""
    _require_room(session, wish.name)
    user_id, at = new_id(), deps.clock.now()
    user = DataUser(
        id=user_id, name=wish.name, kind=wish.kind, registered_at=at, position=newest_position(session),
        contact=deps.keyring.seal(wish.contact, contact_aad(user_id)), pending=0, sequence=0,
    )  # fmt: skip
    presented = _new_key(user, deps.clock.system_now())
    session.add(user)
    _record(session, user, "data-user.registered", actor, at)
    return user, presented


def _require_room(session: Session, name: str) -> None:
    living = DataUser.ended_at.is_(None)
    if session.scalar(select(DataUser.id).where(living, DataUser.name == name).limit(1)):
        raise Conflict("data-user-exists", "已有同名的数据使用方", "请核对名称。")
    if (session.scalar(select(func.count()).select_from(DataUser).where(living)) or 0) >= MOST_SHOWN:
        raise Conflict("data-users-full", "数据使用方已达上限", "请先结束不再使用的登记。")


def renew_key(session: Session, deps: Deps, user_id: str, actor: Principal) -> tuple[DataUser, str]:
    """A new key for another year; the old one opens nothing from now on."""
    user = find_data_user(session, user_id, lock=True)
    presented = _new_key(user, deps.clock.system_now())
    _record(session, user, "data-user.key-renewed", actor, deps.clock.now())
    return user, presented


def end_registration(session: Session, deps: Deps, user_id: str, actor: Principal) -> None:
    """It is on the board no more, and whom to call is forgotten."""
    user = find_data_user(session, user_id, lock=True)
    user.ended_at, user.contact = deps.clock.now(), deps.keyring.seal("", contact_aad(user.id))
    _record(session, user, "data-user.ended", actor, deps.clock.now())


def principal_of_data_user(deps: Deps, presented: str) -> Principal | None:
    """Who presents this key; it opens nothing but the data user's own place."""
    prefix, _, secret = presented.partition(".")
    with deps.db.read() as session:
        user = data_user_by_key(session, prefix, _hash(secret), deps.clock.system_now())
        if user is None:
            return None
        return Principal(
            user_id=user.id, username=f"data-user:{user.prefix}", display_name=user.name, department_id="",
            department_name=user.name, region="", roles=frozenset(), scopes=frozenset({SCOPE}),
            key_id=user.id,
        )  # fmt: skip


def _new_key(user: DataUser, now: datetime) -> str:
    prefix, secret = f"dus{secrets.token_hex(6)}", secrets.token_urlsafe(32)
    user.prefix, user.secret_hash, user.key_expires_at = prefix, _hash(secret), now + KEY_LIFETIME
    return f"{prefix}.{secret}"


def _hash(secret: str) -> str:
    """A plain hash is enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _record(session: Session, user: DataUser, action: str, actor: Principal, at: datetime) -> None:
    detail = {"name": user.name, "prefix": user.prefix}
    record(
        session, actor=actor, action=action, object_type="data-user", object_id=user.id, detail=detail, at=at
    )
