"""Replays of a webhook, with how far each has come."""

from collections import Counter, defaultdict
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.notifier.models import Dispatch, ReplayItem, WebhookReplay
from shared.delivery import ACCEPTED, SENDING, WAITING
from shared.errors import NotFound

NEWEST = 20


def replays_of(session: Session, endpoint_id: str, limit: int = NEWEST) -> list[dict[str, Any]]:
    """The newest first."""
    mine = select(WebhookReplay).where(WebhookReplay.endpoint_id == endpoint_id)
    rows = session.scalars(mine.order_by(WebhookReplay.id.desc()).limit(limit)).all()
    return _views(session, list(rows))


def replay_view(session: Session, endpoint_id: str, replay_id: str) -> dict[str, Any]:
    row = session.get(WebhookReplay, replay_id)
    if row is None or row.endpoint_id != endpoint_id:
        raise NotFound("not-found", "没有这次重发", "它不存在，或不属于这个 Webhook。")
    return _views(session, [row])[0]


def _views(session: Session, rows: list[WebhookReplay]) -> list[dict[str, Any]]:
    counted = _states(session, [row.id for row in rows])
    return [_view(row, counted[row.id]) for row in rows]


def _states(session: Session, ids: list[str]) -> dict[str, Counter[str]]:
    state = func.coalesce(ReplayItem.result, Dispatch.state)
    query = (
        select(ReplayItem.replay_id, state, func.count())
        .join(Dispatch, Dispatch.id == ReplayItem.dispatch_id)
        .where(ReplayItem.replay_id.in_(ids))
        .group_by(ReplayItem.replay_id, state)
    )
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for replay_id, became, count in session.execute(query):
        found[replay_id][became] = count
    return found


def _view(row: WebhookReplay, states: Counter[str]) -> dict[str, Any]:
    waiting, total = states[WAITING] + states[SENDING], row.resent + row.made_up
    return {
        "id": row.id,
        "since": row.since,
        "until": row.until,
        "failed_only": row.failed_only,
        "requested_by": row.requested_by,
        "requested_at": row.requested_at,
        "total": total,
        "made_up": row.made_up,
        "left_over": row.left_over,
        "waiting": waiting,
        "delivered": states[ACCEPTED],
        "failed": max(total - waiting - states[ACCEPTED], 0),
        "done": waiting == 0,
    }
