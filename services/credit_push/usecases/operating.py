"""What operators may do: push a dead or rejected delivery again."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.credit_push.domain import DEAD, REJECTED, WAITING, idempotency_key
from services.credit_push.models import Attempt, Delivery
from services.credit_push.publishes import lock_listings
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.planning import CHANNEL
from services.credit_push.usecases.settling import with_newer
from shared.db import wake
from shared.errors import Conflict, NotFound
from shared.ids import new_id

REPLAYABLE = (DEAD, REJECTED)


def replay(session: Session, deps: Deps, delivery_id: str, who: str) -> Delivery:
    """Begin the schedule anew: a dead one under its own key, a refused one under a new key."""
    found = session.get(Delivery, delivery_id)
    if found is None:
        raise NotFound("not-found", "没有这条推送记录")
    lock_listings(session, [found.listing_id])
    row = session.scalars(select(Delivery).where(Delivery.id == delivery_id).with_for_update()).one()
    session.refresh(row)
    if row.state not in REPLAYABLE:
        raise Conflict("not-replayable", "当前状态不能重推", "只有推送失败或被退回的记录可以重推。")
    if row.id in with_newer(session, row.platform, [row.listing_id]):
        raise Conflict("superseded-by-newer", "已有更新的版本", "该名单的新版本已在推送，旧版本不再重推。")
    again(session, deps, row, who)
    wake(session, CHANNEL)
    return row


def again(session: Session, deps: Deps, row: Delivery, who: str) -> None:
    """Back to waiting, and the trail says who did it."""
    if row.state == REJECTED:
        row.resent += 1
        row.idempotency_key = idempotency_key(
            row.platform, row.listing_id, row.version, row.operation, row.resent
        )
        row.batch_id = None
    row.ask_first = row.state == DEAD and row.possibly_sent
    row.state, row.failures, row.settled_at = WAITING, 0, None
    row.accepted_at = None
    row.next_attempt_at = deps.clock.system_now()
    session.add(
        Attempt(
            id=new_id(),
            delivery_id=row.id,
            at=deps.clock.system_now(),
            kind="operator",
            outcome="replayed",
            detail=f"由 {who} 重推",
        )
    )


def replay_all(session: Session, deps: Deps, who: str, platform: str | None = None, limit: int = 500) -> int:
    """Push dead deliveries again, oldest first, where no newer version exists; how many."""
    query = select(Delivery).where(Delivery.state == DEAD).order_by(Delivery.id).limit(limit)
    if platform is not None:
        query = query.where(Delivery.platform == platform)
    rows = list(session.scalars(query))
    lock_listings(session, (row.listing_id for row in rows))
    newer: set[str] = set()
    for at in {row.platform for row in rows}:
        newer |= with_newer(session, at, [row.listing_id for row in rows if row.platform == at])
    chosen = [row for row in rows if row.id not in newer]
    for row in chosen:
        again(session, deps, row, who)
    if chosen:
        wake(session, CHANNEL)
    return len(chosen)
