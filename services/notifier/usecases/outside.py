"""Webhooks for anyone outside: asked for, approved by an officer, kept by who asked for them.

Only what is public of organisations is ever sent there. Whoever has the sealed address of the page keeps the
webhook: takes the secret (once), changes it, tries it, sees every try, has missed ones sent again, ends it.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.notifier.domain import LISTING_KINDS, MAIL_ADDRESS
from services.notifier.models import OutsideSubscriber, WebhookEndpoint, WebhookSecret, budgets
from services.notifier.models.outside import APPROVED, ASKED, OUTSIDE, REFUSED, REVOKED
from services.notifier.routing.scopes import Scope
from services.notifier.usecases.endpoints import (
    Change,
    change_endpoint,
    check_scope,
    check_url,
    remove_endpoint,
    rotate_secret,
)
from services.notifier.usecases.outside_mail import mail_contact
from services.notifier.usecases.watch_links import make_link, read_link
from shared.budgets import Budget, spend, whose
from shared.crypto import KeyRing
from shared.errors import Conflict, FieldError, Invalid, NotFound, TooMany, describe_errors
from shared.ids import new_id
from shared.web.access import Principal

PURPOSE = "outside"
LINK_LASTS = timedelta(days=3650)  # it ends with the subscription, not by itself
PER_NETWORK = 5  # applications an hour
MOST_WAITING = 200
describe_errors(
    {
        "subscriber-not-found": "没有这个外部推送申请，或者已经结束。需要推送的，请重新申请。",
        "subscriber-state": "申请当前的状态不能办理这个事项。请刷新页面后按提示办理。",
        "subscribers-full": "等待审批的外部推送申请已满。请过几天再申请，或者改用订阅源了解变动。",
    }
)


@dataclass(frozen=True)
class Application:
    """What somebody outside states, and from which network address."""

    organization: str
    purpose: str
    email: str
    url: str
    event_types: tuple[str, ...]
    scope: Scope
    network: str = ""


def visitor(subscriber_id: str) -> Principal:
    """Who keeps a webhook outside, as the use cases of webhooks know actors; no roles at all."""
    return Principal(subscriber_id, OUTSIDE, "外部订阅方", OUTSIDE, "外部订阅方", "000000", frozenset())


def apply_for(
    session: Session, keyring: KeyRing, wish: Application, *, allowed_hosts: frozenset[str], at: datetime
) -> str:
    """Note it for an officer to decide; returns the sealed part of the page's address, told once."""
    _check(wish, allowed_hosts)
    network = Budget(keyring.blind_index(f"outside-network:{whose(wish.network)}"), PER_NETWORK)
    late = spend(session, budgets, [network], at)
    if late is not None:
        detail = "请按 Retry-After 指示的秒数等待后再申请。"
        raise TooMany("too-many-requests", "请求过于频繁", detail, retry_after=late.total_seconds())
    waiting = select(func.count()).select_from(OutsideSubscriber).where(OutsideSubscriber.state == ASKED)
    if session.execute(waiting).scalar_one() >= MOST_WAITING:
        raise Conflict("subscribers-full", "等待审批的申请已满", "请过几天再申请。")
    endpoint = WebhookEndpoint(
        id=new_id(), department_id=OUTSIDE, name=wish.organization[:100], url=wish.url,
        event_types=list(wish.event_types), scope=wish.scope.stored(), enabled=False, version=1,
        created_by=OUTSIDE, created_at=at, updated_at=at,
    )  # fmt: skip
    sealed = keyring.seal(wish.email, OutsideSubscriber.aad(endpoint.id))
    subscriber = OutsideSubscriber(
        id=endpoint.id, organization=wish.organization, purpose=wish.purpose, sealed_contact=sealed,
        state=ASKED, version=1, asked_at=at,
    )  # fmt: skip
    session.add_all([endpoint, subscriber])
    session.flush()
    return make_link(keyring, PURPOSE, endpoint.id, at + LINK_LASTS)


def _check(wish: Application, allowed_hosts: frozenset[str]) -> None:
    wrong = [
        FieldError(f"/{name}", f"必填，不超过 {most} 个字。")
        for name, value, most in (("organization", wish.organization, 200), ("purpose", wish.purpose, 500))
        if not 0 < len(value) <= most or not value.isprintable()
    ]
    if len(wish.email) > 254 or not re.fullmatch(MAIL_ADDRESS, wish.email):
        wrong.append(FieldError("/email", "应为电子邮箱地址，例如 name@example.com。"))
    if not set(wish.event_types) <= LISTING_KINDS.keys():
        wrong.append(FieldError("/event_types", "请从清单中选择。"))
    if len(wish.url) > 500:
        wrong.append(FieldError("/url", "不能超过 500 个字。"))
    if wrong:
        raise Invalid("validation-failed", "提交的内容有误", "请按提示修改后重新提交。", fields=wrong)
    check_url(wish.url, allowed_hosts)
    check_scope(wish.scope)


def kept_by(
    session: Session, keyring: KeyRing, link: str, now: datetime
) -> tuple[OutsideSubscriber, WebhookEndpoint]:
    """The subscription whose page this is."""
    try:
        key = read_link(keyring, PURPOSE, link, now)
    except NotFound:
        raise _missing() from None
    subscriber, endpoint = session.get(OutsideSubscriber, key), session.get(WebhookEndpoint, key)
    if subscriber is None or endpoint is None:
        raise _missing()
    return subscriber, endpoint


def _missing() -> NotFound:
    return NotFound("subscriber-not-found", "没有这个外部推送申请", "请检查链接是否完整。")


def take_secret(
    session: Session, keyring: KeyRing, subscriber: OutsideSubscriber, endpoint: WebhookEndpoint, at: datetime
) -> str:
    """A secret, shown this once. The first begins the sending; later ones sign beside the old for a day."""
    _require(subscriber, APPROVED)
    first = has_secret(session, endpoint) is False
    secret = rotate_secret(session, keyring, endpoint, version=endpoint.version, at=at)
    if first:
        endpoint.enabled, endpoint.disabled_reason = True, None
        session.flush()
    return secret


def has_secret(session: Session, endpoint: WebhookEndpoint) -> bool:
    mine = select(WebhookSecret.id).where(WebhookSecret.endpoint_id == endpoint.id)
    return session.scalars(mine.limit(1)).first() is not None


def switch(
    session: Session, subscriber: OutsideSubscriber, endpoint: WebhookEndpoint, *, enabled: bool, at: datetime
) -> None:
    """Stop for a while, or begin again."""
    _require(subscriber, APPROVED)
    if enabled and not has_secret(session, endpoint):
        raise Conflict("subscriber-state", "还没有领取签名密钥", "请先领取签名密钥。")
    change = Change(enabled=enabled)
    change_endpoint(session, endpoint, change, version=endpoint.version, allowed_hosts=frozenset(), at=at)


def narrow(
    session: Session,
    subscriber: OutsideSubscriber,
    endpoint: WebhookEndpoint,
    kinds: tuple[str, ...],
    scope: Scope,
    at: datetime,
) -> None:
    """What is sent from now on. Another address is another application: an officer let this one in."""
    _require(subscriber, APPROVED)
    _check_kinds(kinds)
    endpoint.event_types = list(kinds)  # kinds of its own, which no department's webhook may ask for
    change = Change(scope=scope)
    change_endpoint(session, endpoint, change, version=endpoint.version, allowed_hosts=frozenset(), at=at)


def _check_kinds(kinds: tuple[str, ...]) -> None:
    if not set(kinds) <= LISTING_KINDS.keys():
        fields = [FieldError("/event_types", "请从清单中选择。")]
        raise Invalid("validation-failed", "提交的内容有误", "请按提示修改后重新提交。", fields=fields)


def end(session: Session, subscriber: OutsideSubscriber, endpoint: WebhookEndpoint) -> None:
    """Over, with the secrets and the mail address."""
    remove_endpoint(session, endpoint)
    session.delete(subscriber)
    session.flush()


def decide(
    session: Session,
    subscriber: OutsideSubscriber,
    verdict: str,
    reason: str,
    *,
    version: int,
    actor: Principal,
    mails: bool,
    at: datetime,
) -> None:
    """An officer lets it in, refuses it, or ends one that was let in; the contact is told by mail."""
    if subscriber.version != version:
        raise Conflict(
            "version-conflict", "内容已被他人更新", "请取得最新版本后再办理。", version=subscriber.version
        )
    _require(subscriber, APPROVED if verdict == REVOKED else ASKED)
    if verdict != APPROVED and not reason:
        raise Invalid("validation-failed", "请写明原因", fields=[FieldError("/reason", "必填。")])
    subscriber.state, subscriber.reason = verdict, reason or None
    subscriber.version += 1
    subscriber.decided_at, subscriber.decided_by = at, actor.display_name
    subscriber.decided_department = actor.department_id
    if verdict in (REFUSED, REVOKED):
        _stop(session, subscriber, at)
    if mails:
        kind = "outside.approved" if verdict == APPROVED else "outside.refused"
        mail_contact(session, subscriber, kind, {"reason": reason}, at)
    session.flush()


def _stop(session: Session, subscriber: OutsideSubscriber, at: datetime) -> None:
    endpoint = session.get(WebhookEndpoint, subscriber.id)
    if endpoint is not None and endpoint.enabled:
        change = Change(enabled=False)
        change_endpoint(session, endpoint, change, version=endpoint.version, allowed_hosts=frozenset(), at=at)


def _require(subscriber: OutsideSubscriber, state: str) -> None:
    if subscriber.state != state:
        raise Conflict("subscriber-state", "申请当前的状态不能办理这个事项", state=subscriber.state)
