"""A department's webhooks. Secrets are never read here."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.notifier.models import WebhookEndpoint, WebhookSecret
from services.notifier.routing.scopes import Scope, in_words
from shared.errors import NotFound
from shared.web.access import Principal


def endpoints_of(session: Session, actor: Principal) -> list[WebhookEndpoint]:
    query = select(WebhookEndpoint).where(WebhookEndpoint.department_id == actor.department_id)
    return list(session.scalars(query.order_by(WebhookEndpoint.id)))


def endpoint_of(session: Session, actor: Principal, endpoint_id: str) -> WebhookEndpoint:
    """The webhook, or NotFound also for those of other departments."""
    found = session.get(WebhookEndpoint, endpoint_id)
    if found is None or found.department_id != actor.department_id:
        raise NotFound("not-found", "没有这个 Webhook", "它不存在，或不属于您的部门。")
    return found


def endpoint_view(session: Session, endpoint: WebhookEndpoint) -> dict[str, Any]:
    """What the API and the pages show of a webhook."""
    until = session.scalar(
        select(func.max(WebhookSecret.expires_at)).where(WebhookSecret.endpoint_id == endpoint.id)
    )
    return {
        "id": endpoint.id,
        "name": endpoint.name,
        "url": endpoint.url,
        "event_types": endpoint.event_types,
        "scope": Scope.read(endpoint.scope).stored(),
        "scope_text": in_words(Scope.read(endpoint.scope)),
        "enabled": endpoint.enabled,
        "disabled_reason": endpoint.disabled_reason,
        "version": endpoint.version,
        "created_at": endpoint.created_at,
        "updated_at": endpoint.updated_at,
        "old_secret_until": until,
    }
