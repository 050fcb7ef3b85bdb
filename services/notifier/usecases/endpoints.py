"""A department manages its webhooks: add, change, rotate the secret, try out, remove.

A secret is shown once, when made. After a rotation the old one signs too for a day.
"""

import base64
import ipaddress
import secrets
import socket
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from services.notifier.domain import TEST_EVENT, chinese_date
from services.notifier.models import Dispatch, Notice, WebhookEndpoint, WebhookSecret
from services.notifier.queries.texts import texts_in_force
from services.notifier.routing import routing
from services.notifier.routing.scopes import Scope
from services.notifier.templates import render
from services.notifier.usecases.dispatching import WAKE_CHANNEL, dispatch_row
from shared.clock import local_date
from shared.crypto import KeyRing
from shared.db import wake
from shared.errors import Conflict, FieldError, Invalid, describe_errors
from shared.http import BlockedAddress, Unresolved, resolve_public
from shared.ids import new_id
from shared.web.access import Principal

MOST = 20
OLD_SECRET_LIVES = timedelta(hours=24)
describe_errors(
    {
        "webhook-address": "Webhook 地址须为公网 https 地址，不得带账号，不得指向内网。",
        "webhook-events": "消息类型不在清单中。请使用订阅清单里的类型，或以 * 结尾的前缀。",
        "notice-scope": "领域、地区或者程度不在清单中。地区为六位行政区划代码，领域和程度请从清单中选择。",
        "too-many-webhooks": "部门的 Webhook 数量已达上限。请先删除不用的。",
        "webhook-disabled": "该 Webhook 已停用。请先启用再测试。",
    }
)


@dataclass(frozen=True)
class Change:
    """What a webhook should become; None leaves a part as it is."""

    name: str | None = None
    url: str | None = None
    event_types: Sequence[str] | None = None
    enabled: bool | None = None
    scope: Scope | None = None


def add_endpoint(
    session: Session,
    keyring: KeyRing,
    change: Change,
    *,
    allowed_hosts: frozenset[str],
    actor: Principal,
    at: datetime,
) -> tuple[WebhookEndpoint, str]:
    """A new webhook of the actor's department, and its secret, which is not shown again."""
    check_url(change.url or "", allowed_hosts)
    check_event_types(change.event_types or ())
    check_scope(change.scope or Scope())
    standing = select(func.count()).select_from(WebhookEndpoint)
    if (
        session.execute(standing.where(WebhookEndpoint.department_id == actor.department_id)).scalar_one()
        >= MOST
    ):
        raise Conflict("too-many-webhooks", "Webhook 数量已达上限", f"每个部门最多 {MOST} 个。")
    endpoint = WebhookEndpoint(
        id=new_id(),
        department_id=actor.department_id,
        name=change.name,
        url=change.url,
        event_types=list(change.event_types or ()),
        scope=(change.scope or Scope()).stored(),
        enabled=True,
        version=1,
        created_by=actor.user_id,
        created_at=at,
        updated_at=at,
    )
    session.add(endpoint)
    session.flush()
    return endpoint, _new_secret(session, keyring, endpoint.id, at)


def change_endpoint(
    session: Session,
    endpoint: WebhookEndpoint,
    change: Change,
    *,
    version: int,
    allowed_hosts: frozenset[str],
    at: datetime,
) -> None:
    """Apply a change to the version the caller saw."""
    _check_version(endpoint, version)
    if change.url is not None:
        check_url(change.url, allowed_hosts)
    if change.event_types is not None:
        check_event_types(change.event_types)
    if change.scope is not None:
        check_scope(change.scope)
    given = {name: value for name, value in vars(change).items() if value is not None}
    if change.enabled:
        given["disabled_reason"] = None
    for name, value in given.items():
        stored = value.stored() if isinstance(value, Scope) else value
        setattr(endpoint, name, list(stored) if name == "event_types" else stored)
    endpoint.version += 1
    endpoint.updated_at = at
    session.flush()


def rotate_secret(
    session: Session, keyring: KeyRing, endpoint: WebhookEndpoint, *, version: int, at: datetime
) -> str:
    """A new secret; the one in use signs beside it for a day, older ones end at once.

    Of two at once the later finds a newer version: each alone would leave the other's secret in use for good.
    """
    session.refresh(endpoint, with_for_update=True)
    _check_version(endpoint, version)
    mine = WebhookSecret.endpoint_id == endpoint.id
    session.execute(delete(WebhookSecret).where(mine, WebhookSecret.expires_at.is_not(None)))
    session.execute(update(WebhookSecret).where(mine).values(expires_at=at + OLD_SECRET_LIVES))
    endpoint.version += 1
    endpoint.updated_at = at
    return _new_secret(session, keyring, endpoint.id, at)


def remove_endpoint(session: Session, endpoint: WebhookEndpoint) -> None:
    """Remove the webhook with its secrets; what was sent to it stays on record."""
    session.execute(delete(WebhookSecret).where(WebhookSecret.endpoint_id == endpoint.id))
    session.delete(endpoint)
    session.flush()


def try_endpoint(session: Session, endpoint: WebhookEndpoint, *, actor: Principal, at: datetime) -> str:
    """Queue a test message to this webhook alone; returns the dispatch to look at."""
    if not endpoint.enabled:
        raise Conflict("webhook-disabled", "该 Webhook 已停用", "请先启用再测试。")
    return queue_test(session, endpoint.id, "webhook", f"webhook:{endpoint.id}", actor=actor, at=at)


def queue_test(
    session: Session, subject_id: str, channel: str, target: str, *, actor: Principal, at: datetime
) -> str:
    """A test message of the actor's department to one target alone, shown in nobody's inbox."""
    facts = {"occurred_on": chinese_date(at), "department_name": actor.department_name}
    text = render(TEST_EVENT, facts, texts_in_force(session, local_date(at)))
    notice_id = new_id()
    notice = Notice(
        id=notice_id,
        dedupe_key=notice_id,
        event_id=notice_id,
        event_type=TEST_EVENT,
        subject_id=subject_id,
        department_id=actor.department_id,
        audience=[],
        severity="info",
        title=text.title,
        body=text.body,
        link="",
        facts=facts,
        occurred_at=at,
        created_at=at,
    )
    session.add(notice)
    session.flush()
    row = dispatch_row(notice_id, actor.department_id, channel, target, at)
    session.execute(insert(Dispatch), [row])
    wake(session, WAKE_CHANNEL)
    return str(row["id"])


def check_url(url: str, allowed_hosts: frozenset[str]) -> None:
    """Refuse at once what could never be sent to; the sender checks again, names resolved, every time."""
    try:
        resolve_public(url, allowed_hosts=allowed_hosts, https_only=True, resolver=_literal_only)
    except Unresolved:
        if "." in (urlsplit(url).hostname or ""):
            return
    except BlockedAddress:
        pass
    else:
        return
    wrong = FieldError("/url", "应为公网上的 https 地址，不带账号，不指向内网。")
    raise Invalid("webhook-address", "Webhook 地址不允许", fields=[wrong])


def _literal_only(host: str, port: int) -> list[str]:
    """Addresses written as such, in any notation the system understands; names are left for later."""
    try:
        found = socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError("not a host name") from error
    return [str(ipaddress.ip_address(str(entry[4][0]).partition("%")[0])) for entry in found]


def check_event_types(patterns: Collection[str]) -> None:
    """Every filter must be able to let something through."""
    known = [route.event for route in routing().routes]
    wrong = [
        FieldError(f"/event_types/{index}", "没有这类消息，请从订阅清单中选择。")
        for index, pattern in enumerate(patterns)
        if not any(fnmatchcase(event, pattern) or fnmatchcase(pattern, event) for event in known)
    ]
    if wrong:
        raise Invalid("webhook-events", "消息类型有误", fields=wrong)


def check_scope(scope: Scope) -> None:
    """Every part of a filter must be able to let something through."""
    wrong = scope.wrong()
    if wrong:
        raise Invalid("notice-scope", "范围有误", "请按提示修改后重新提交。", fields=wrong)


def _check_version(endpoint: WebhookEndpoint, version: int) -> None:
    if endpoint.version != version:
        raise Conflict(
            "version-conflict", "内容已被他人更新", "请取得最新版本后再办理。", version=endpoint.version
        )


def _new_secret(session: Session, keyring: KeyRing, endpoint_id: str, at: datetime) -> str:
    raw, secret_id = secrets.token_bytes(32), new_id()
    sealed = keyring.seal(raw, WebhookSecret.aad(secret_id))
    session.add(WebhookSecret(id=secret_id, endpoint_id=endpoint_id, sealed=sealed, created_at=at))
    session.flush()
    return "whsec_" + base64.b64encode(raw).decode()
