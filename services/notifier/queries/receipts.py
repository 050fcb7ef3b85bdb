"""Signed acknowledgements, for the department that gave them and for the one whose listing ended."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notifier.models import Receipt, StopOrder
from services.notifier.queries.enforcing import seen_by
from services.notifier.queries.messages import notice_of
from shared.errors import NotFound
from shared.web.access import Principal


def receipts_of(session: Session, actor: Principal, notice_id: str) -> list[dict[str, Any]]:
    """Those of a message of the actor's own department, the first one first."""
    return _proofs(session, notice_of(session, actor, notice_id).id)


def stop_receipts(session: Session, actor: Principal, notice_id: str) -> list[dict[str, Any]]:
    """Those an institution gave, for who may see whether it did."""
    mine = select(StopOrder.notice_id).where(StopOrder.notice_id == notice_id, seen_by(actor))
    if session.scalar(mine) is None:
        raise NotFound("not-found", "没有这条停止通知", "它不存在，或不属于您的部门。")
    return _proofs(session, notice_id)


def _proofs(session: Session, notice_id: str) -> list[dict[str, Any]]:
    given = select(Receipt.proof).where(Receipt.notice_id == notice_id, Receipt.proof.is_not(None))
    return [dict(proof) for proof in session.scalars(given.order_by(Receipt.at)) if proof]
