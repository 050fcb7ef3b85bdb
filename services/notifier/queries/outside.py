"""Outside subscribers, as officers decide about them and as they see themselves."""

from typing import Any

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from services.notifier.domain import LISTING_KINDS
from services.notifier.models import OutsideSubscriber, WebhookEndpoint
from services.notifier.models.outside import APPROVED, ASKED, REFUSED, REVOKED
from services.notifier.queries.endpoints import endpoint_view
from shared.crypto import KeyRing
from shared.errors import NotFound

STATES = {ASKED: "待审批", APPROVED: "已通过", REFUSED: "未通过", REVOKED: "已停止"}
MOST_SHOWN = 500


def subscribers(session: Session, keyring: KeyRing) -> list[dict[str, Any]]:
    """Those that wait for a decision first, the newest first."""
    waiting = case((OutsideSubscriber.state == ASKED, 0), else_=1)
    rows = session.scalars(
        select(OutsideSubscriber).order_by(waiting, OutsideSubscriber.id.desc()).limit(MOST_SHOWN)
    )
    return [subscriber_view(session, keyring, row) for row in rows.all()]


def subscriber_of(session: Session, subscriber_id: str) -> OutsideSubscriber:
    found = session.get(OutsideSubscriber, subscriber_id)
    if found is None:
        raise NotFound("subscriber-not-found", "没有这个外部推送申请", "它不存在，或者已经结束。")
    return found


def subscriber_view(session: Session, keyring: KeyRing, row: OutsideSubscriber) -> dict[str, Any]:
    endpoint = session.get_one(WebhookEndpoint, row.id)
    seen = endpoint_view(session, endpoint)
    return {
        "id": row.id,
        "organization": row.organization,
        "purpose": row.purpose,
        "email": keyring.unseal(row.sealed_contact, OutsideSubscriber.aad(row.id)).decode(),
        "state": row.state,
        "state_name": STATES[row.state],
        "version": row.version,
        "asked_at": row.asked_at,
        "decided_at": row.decided_at,
        "decided_by": row.decided_by,
        "reason": row.reason,
        "url": seen["url"],
        "event_types": seen["event_types"],
        "event_names": [LISTING_KINDS[each] for each in seen["event_types"]] or list(LISTING_KINDS.values()),
        "scope": seen["scope"],
        "scope_text": seen["scope_text"],
        "enabled": seen["enabled"],
        "disabled_reason": seen["disabled_reason"],
    }
