"""What came of messages that a webhook was sent again: kept with the replay, beside the proof of delivery."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from services.notifier.models import ReplayItem
from shared.db import among
from shared.delivery import ACCEPTED


def settle_repeats(session: Session, ended: Mapping[str, str]) -> dict[str, datetime]:
    """Note how repeats ended; of those that failed, when the same messages had been delivered before."""
    if not ended:
        return {}
    item = ReplayItem.dispatch_id.expression
    for state in sorted(set(ended.values())):
        mine = among(session, item, [key for key, became in ended.items() if became == state])
        noted = update(ReplayItem).where(mine, ReplayItem.result.is_(None)).values(result=state)
        session.execute(noted.execution_options(synchronize_session=False))
    failed = [key for key, state in ended.items() if state != ACCEPTED]
    if not failed:
        return {}
    before = and_(among(session, item, failed), ReplayItem.accepted_at.is_not(None))
    first = select(item, func.min(ReplayItem.accepted_at)).where(before).group_by(item)
    return {key: cast("datetime", at) for key, at in session.execute(first)}


def still_delivered(values: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Of a dispatch whose repeat failed: it stays what it was, delivered then."""
    return {**values, "state": ACCEPTED, "settled_at": at, "reason": None, "next_attempt_at": None}
