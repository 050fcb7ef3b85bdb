"""API keys of departments' systems: shown once, limited to scopes, addresses and a year."""

import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from services.blacklist.audit.usecases import record
from services.blacklist.identity import queries
from services.blacklist.identity.domain import KEY_LIFETIME, SCOPES, unknown_scopes
from services.blacklist.identity.models import ApiKey
from services.blacklist.identity.usecases.access import hash_secret
from shared.errors import FieldError, Invalid
from shared.ids import new_id
from shared.web.access import Principal


@dataclass(frozen=True)
class IssuedKey:
    """`presented` is what the caller sends after "ApiKey "; it is kept nowhere."""

    key: ApiKey
    presented: str


def issue_api_key(
    session: Session,
    *,
    actor: Principal,
    name: str,
    department_id: str,
    scopes: Sequence[str],
    addresses: Sequence[str],
    expires_at: datetime | None,
    at: datetime,
) -> IssuedKey:
    """`at` and `expires_at` are system time; a year at most, and the default."""
    queries.department(session, department_id)
    _require_scopes(scopes)
    ends = _checked_end(expires_at, at)
    prefix, secret = f"cbk{secrets.token_hex(6)}", secrets.token_urlsafe(32)
    key = ApiKey(
        id=new_id(),
        prefix=prefix,
        secret_hash=hash_secret(secret),
        name=name,
        department_id=department_id,
        scopes=sorted(set(scopes)),
        addresses=_checked_addresses(addresses),
        created_by=actor.user_id,
        created_at=at,
        expires_at=ends,
    )
    session.add(key)
    session.flush()
    record(
        session,
        actor=actor,
        action="api-key.issued",
        object_type="api-key",
        object_id=key.id,
        detail={"prefix": prefix, "scopes": key.scopes, "department_id": department_id},
        at=at,
    )
    return IssuedKey(key, f"{prefix}.{secret}")


def revoke_api_key(session: Session, key_id: str, *, actor: Principal, at: datetime) -> ApiKey:
    key = queries.api_key(session, key_id)
    if key.revoked_at is None:
        key.revoked_at = at
        record(
            session,
            actor=actor,
            action="api-key.revoked",
            object_type="api-key",
            object_id=key.id,
            detail={"prefix": key.prefix},
            at=at,
        )
    return key


def _require_scopes(scopes: Sequence[str]) -> None:
    unknown = unknown_scopes(scopes)
    if unknown or not scopes:
        problem = f"请从这些权限中选择：{'、'.join(SCOPES)}"
        raise Invalid("scopes-unknown", "接口权限不正确", problem, fields=[FieldError("/scopes", problem)])


def _checked_end(expires_at: datetime | None, at: datetime) -> datetime:
    latest = at + KEY_LIFETIME
    if expires_at is None:
        return latest
    if not at < expires_at <= latest:
        problem = "有效期须在今后一年之内"
        raise Invalid("expiry-out-of-range", problem, fields=[FieldError("/expires_at", problem)])
    return expires_at


def _checked_addresses(addresses: Sequence[str]) -> list[str]:
    checked = []
    for index, each in enumerate(addresses):
        try:
            checked.append(str(ipaddress.ip_network(each.strip())))
        except ValueError as error:
            problem = "请填写 IP 地址或网段，如 10.1.2.0/24"
            raise Invalid(
                "address-invalid", problem, fields=[FieldError(f"/addresses/{index}", problem)]
            ) from error
    return checked
