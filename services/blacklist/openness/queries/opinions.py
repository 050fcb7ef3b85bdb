"""舆情 with its two clocks, for officers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.identity.domain import can_act
from services.blacklist.openness.domain.opinions import (
    CLOSED,
    INFORMATION_DUTY,
    LEVELS,
    MAJOR,
    STATES,
)
from services.blacklist.openness.models import OpennessItem, Opinion
from services.blacklist.openness.queries.sight import page_of
from services.blacklist.rules.models import Duty
from services.blacklist.rules.queries import duties_of
from shared.web.access import Principal


def list_opinions(
    session: Session, who: Principal, *, state: str | None, before: str | None, limit: int
) -> list[Opinion]:
    narrowed = [Opinion.state == state] if state else []
    return page_of(session, Opinion, who, *narrowed, before=before, limit=limit)


def opinion_views(
    session: Session, rows: Sequence[Opinion], who: Principal, now: datetime
) -> list[dict[str, Any]]:
    duties = duties_of(session, [row.id for row in rows])
    return [_view(session, row, duties.get(row.id, []), who, now) for row in rows]


def _view(
    session: Session, row: Opinion, duties: Sequence[Duty], who: Principal, now: datetime
) -> dict[str, Any]:
    names = (
        "id", "number", "state", "level", "title", "summary", "source", "reported_at", "information_at",
        "press_at", "press_note", "recorder_name", "closed_at", "close_reason", "response_item_id", "region",
    )  # fmt: skip
    response = session.get(OpennessItem, row.response_item_id) if row.response_item_id else None
    return {name: getattr(row, name) for name in names} | {
        "state_name": STATES[row.state],
        "level_name": LEVELS[row.level],
        "department": {"id": row.department_id, "name": row.department_name},
        "response_title": response.title if response else None,
        "clocks": [
            {"kind": each.kind, "due_at": each.due_at, "state": each.state_at(now), "done_at": each.done_at}
            for each in sorted(duties, key=lambda each: (each.kind != INFORMATION_DUTY, each.id))
        ],
        "close_refused": close_refusal(row, who),
    }


def close_refusal(row: Opinion, who: Principal) -> str | None:
    """Why this officer may not end the matter now, or None; without a response a reason stands for it."""
    if row.state == CLOSED:
        return "已经办结"
    if not can_act(who, row.department_id) or not who.has("decider"):
        return "应由本部门的负责人办理"
    if row.recorded_by == who.user_id:
        return "登记人不得办结"
    return None


def is_answered(row: Opinion) -> bool:
    """Whether everything a major matter asks for has been done."""
    return row.information_at is not None and (row.level != MAJOR or row.press_at is not None)
