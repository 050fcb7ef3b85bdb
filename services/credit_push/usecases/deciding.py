"""Dead and refused deliveries: pushed again or given up for good, when two people agree."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.credit_push.domain import REPLAYABLE
from services.credit_push.models import Attempt, Decision, Delivery
from services.credit_push.publishes import Announcement, announce, lock_listings
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.operating import replay
from shared.errors import Conflict, Forbidden, NotFound
from shared.ids import new_id

RETRY, DISCARD = "retry", "discard"
ACTIONS = {RETRY: "重新推送", DISCARD: "放弃"}


def propose(session: Session, deps: Deps, delivery_id: str, action: str, reason: str, who: str) -> Decision:
    """One person's proposal; it waits for another's word."""
    row = session.scalars(select(Delivery).where(Delivery.id == delivery_id).with_for_update()).first()
    if row is None:
        raise NotFound("not-found", "没有这条推送记录")
    if row.state not in REPLAYABLE:
        raise Conflict("not-replayable", "当前状态不能处理", "只有推送失败或被退回的记录需要处理。")
    earlier = session.scalars(select(Decision).where(Decision.delivery_id == delivery_id)).all()
    if any(one.confirmed is None for one in earlier):
        raise Conflict("decision-open", "该记录已有待确认的处理意见", "请先由另一人确认或否决。")
    if any(one.confirmed and one.action == DISCARD for one in earlier):
        raise Conflict("delivery-discarded", "该记录已由两人确认放弃", "已放弃的记录不再处理。")
    made = Decision(
        id=new_id(),
        delivery_id=delivery_id,
        action=action,
        reason=reason[:500],
        proposed_by=who[:100],
        proposed_at=deps.clock.now(),
    )
    session.add(made)
    session.flush()
    return made


def decide(session: Session, deps: Deps, decision_id: str, who: str, *, agree: bool) -> Decision:
    """Another person's word: agreed, it is done at once."""
    found = select(Decision).where(Decision.id == decision_id).with_for_update()
    decision = session.scalars(found).first()
    if decision is None:
        raise NotFound("not-found", "没有这条处理意见")
    if decision.confirmed is not None:
        raise Conflict("decision-made", "该处理意见已经办结")
    if agree and decision.proposed_by == who:
        raise Forbidden("second-person", "须由另一人确认", "提出处理意见的人不能自己确认。")
    decision.confirmed, decision.decided_by, decision.decided_at = agree, who[:100], deps.clock.now()
    if agree and decision.action == RETRY:
        replay(session, deps, decision.delivery_id, f"{decision.proposed_by}、{who}")
    elif agree:
        session.add(_given_up(deps, decision, who))
        _say_dropped(session, deps, decision.delivery_id)
    session.flush()
    return decision


def _say_dropped(session: Session, deps: Deps, delivery_id: str) -> None:
    """The filing department need not correct it any more; a receipt that came meanwhile says otherwise."""
    row = session.get_one(Delivery, delivery_id)
    listings = lock_listings(session, [row.listing_id])
    session.refresh(row, with_for_update=True)
    if row.state in REPLAYABLE:
        at = deps.clock.now()
        announce(session, listings, deps.catalogue, [Announcement("dropped", row)], at)


def _given_up(deps: Deps, decision: Decision, who: str) -> Attempt:
    return Attempt(
        id=new_id(),
        delivery_id=decision.delivery_id,
        at=deps.clock.system_now(),
        kind="operator",
        outcome="discarded",
        detail=f"由 {decision.proposed_by}、{who} 确认放弃：{decision.reason}"[:1000],
    )
