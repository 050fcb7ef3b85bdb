"""What operators may do: push dead or refused deliveries again, pause, resume and fill a platform."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import DEAD, REJECTED, REPLAYABLE, WAITING, idempotency_key
from services.credit_push.models import Attempt, Decision, Delivery
from services.credit_push.publishes import lock_listings
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.gating import hold, note_end, write
from services.credit_push.usecases.planning import CHANNEL
from services.credit_push.usecases.settling import follows, with_newer
from shared.db import wake
from shared.errors import Conflict, NotFound
from shared.ids import new_id

GIVEN_UP = exists().where(
    Decision.delivery_id == Delivery.id, Decision.confirmed.is_(True), Decision.action == "discard"
)
"""By two persons: no single one has it pushed again."""


def replay(session: Session, deps: Deps, delivery_id: str, who: str) -> Delivery:
    """Begin the schedule anew: a dead one under its own key, a refused one under a new key."""
    found = session.get(Delivery, delivery_id)
    if found is None:
        raise NotFound("not-found", "没有这条推送记录", "请核对推送记录编号，编号见推送监控（/push/）。")
    lock_listings(session, [found.listing_id])
    row = session.scalars(select(Delivery).where(Delivery.id == delivery_id).with_for_update()).one()
    session.refresh(row)
    if row.state not in REPLAYABLE:
        raise Conflict("not-replayable", "当前状态不能重推", "只有推送失败或被退回的记录可以重推。")
    if session.scalar(select(Delivery.id).where(Delivery.id == row.id, GIVEN_UP)):
        raise Conflict("delivery-discarded", "该记录已由两人确认放弃", "已放弃的记录不再处理。")
    if row.id in with_newer(session, row.platform, [row.listing_id]):
        raise Conflict("superseded-by-newer", "已有更新的版本", "该名单的新版本已在推送，旧版本不再重推。")
    again(session, deps, row, f"由 {who} 重推")
    wake(session, CHANNEL)
    return row


def again(session: Session, deps: Deps, row: Delivery, why: str, kind: str = "operator") -> None:
    """Back to waiting, and the trail says who did it, or why."""
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
            kind=kind,
            outcome="replayed",
            detail=why,
        )
    )


@dataclass(frozen=True)
class Wanted:
    """Which dead and refused deliveries to push again; all of them where nothing is told."""

    platform: str | None = None
    states: tuple[str, ...] = REPLAYABLE
    operation: str | None = None
    list_code: str | None = None
    code: str | None = None
    """What the platform objected with."""
    since: datetime | None = None
    until: datetime | None = None
    """Business time of the end: dead or refused from `since`, before `until`."""
    region: str = ""
    """The subtree of whoever asks."""

    def conditions(self) -> list[ColumnElement[bool]]:
        """What the deliveries must fit."""
        given = {
            Delivery.platform: self.platform,
            Delivery.operation: self.operation,
            Delivery.list_code: self.list_code,
            Delivery.result_code: self.code,
        }
        found: list[ColumnElement[bool]] = [column == value for column, value in given.items() if value]
        found += [Delivery.state.in_([state for state in self.states if state in REPLAYABLE]), ~GIVEN_UP]
        if self.since is not None:
            found.append(Delivery.settled_at >= self.since)
        if self.until is not None:
            found.append(Delivery.settled_at < self.until)
        if self.region:
            found.append(Delivery.region.startswith(self.region, autoescape=True))
        return found


def count_matching(session: Session, wanted: Wanted) -> int:
    """How many deliveries fit, those followed by a newer version included."""
    return session.scalar(select(func.count()).select_from(Delivery).where(*wanted.conditions())) or 0


def replay_matching(session: Session, deps: Deps, who: str, wanted: Wanted, limit: int = 500) -> int:
    """Push them again, oldest first, where no newer version exists; how many."""
    query = (
        select(Delivery)
        .where(*wanted.conditions(), ~exists().where(follows()))
        .order_by(Delivery.id)
        .limit(limit)
    )
    found = {row.id: row for row in session.scalars(query)}
    lock_listings(session, (row.listing_id for row in found.values()))
    for row in found.values():
        session.refresh(row)
    newer: set[str] = set()
    for at in {row.platform for row in found.values()}:
        newer |= with_newer(session, at, [row.listing_id for row in found.values() if row.platform == at])
    chosen = [row for row in found.values() if row.id not in newer and row.state in REPLAYABLE]
    for row in chosen:
        again(session, deps, row, f"由 {who} 重推")
    if chosen:
        wake(session, CHANNEL)
    return len(chosen)


def replay_all(session: Session, deps: Deps, who: str, platform: str | None = None, limit: int = 500) -> int:
    """Push dead deliveries again, oldest first; how many."""
    return replay_matching(session, deps, who, Wanted(platform, states=(DEAD,)), limit)


def pause(session: Session, deps: Deps, platform: str, who: str, reason: str) -> None:
    """Hand nothing over to a platform until it is resumed; receipts go on coming in."""
    _pushed(deps, platform)
    state = hold(session, platform)
    if state["paused_at"]:
        raise Conflict("platform-paused", "该平台已暂停推送", "如需恢复，请先恢复推送。")
    state.update(paused_at=deps.clock.now(), paused_by=who[:100], paused_reason=reason[:500])
    write(session, state)


def resume(session: Session, deps: Deps, platform: str) -> None:
    """Go on, with a closed breaker: a person has looked."""
    _pushed(deps, platform)
    state = hold(session, platform)
    if not state["paused_at"] and not state["opened"]:
        raise Conflict("platform-not-paused", "该平台没有暂停", "只有已暂停或熔断中的平台需要恢复。")
    note_end(state)
    state.update(paused_at=None, paused_by=None, paused_reason=None, failures=0, opened=0, retry_at=None)
    write(session, state)
    wake(session, CHANNEL)


def _pushed(deps: Deps, platform: str) -> Profile:
    profile = deps.catalogue.get(platform)
    if profile is None or not profile.pushed:
        raise NotFound("not-found", "没有这个推送平台")
    return profile


def request_backfill(session: Session, deps: Deps, platform: str, who: str) -> None:
    """Have everything in force planned for a platform; the worker does it, page by page."""
    _pushed(deps, platform)
    state = hold(session, platform)
    if state["backfill_after"] is not None:
        raise Conflict("backfill-running", "该平台正在补推", "请等待本次补推计划完成。")
    state.update(backfill_after="", backfill_by=who[:100], backfilled=0)
    write(session, state)
    wake(session, CHANNEL)
