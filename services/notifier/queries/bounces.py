"""Bounce reports that were proven: of what kind of mail, with what effect, how often presented again."""

from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.notifier.domain import BOUNCE_EFFECTS, BOUNCED_MAILS
from services.notifier.models import MailBounce

MOST = 100


def recent_bounces(session: Session, *, since: datetime, limit: int = MOST) -> list[dict[str, Any]]:
    """The newest of all departments; neither addresses nor contents are kept with them."""
    lately = or_(MailBounce.at >= since, MailBounce.repeated_at >= since)
    query = select(MailBounce).where(lately).order_by(MailBounce.at.desc(), MailBounce.mail_id.desc())
    return [_view(row) for row in session.scalars(query.limit(limit))]


def _view(row: MailBounce) -> dict[str, Any]:
    return {
        "mail_id": row.mail_id,
        "kind": row.kind,
        "kind_name": BOUNCED_MAILS.get(row.kind, row.kind),
        "status": row.status,
        "effect": row.effect,
        "effect_name": BOUNCE_EFFECTS.get(row.effect, row.effect),
        "at": row.at,
        "repeats": row.repeats,
        "repeated_at": row.repeated_at,
    }
