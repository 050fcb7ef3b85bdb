"""The ladders as officers see them: their own department's, and for supervisors those of their region."""

from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from services.notifier.domain import ROLE_NAMES
from services.notifier.models import DepartmentCopy, Escalation, Notice
from services.notifier.routing import routing
from services.notifier.routing.ladders import Ladder, ladders
from shared.regions import within
from shared.web.access import Principal
from shared.web.paging import cut, last_id, page

ENDINGS = {"acknowledged": "已签收", "exhausted": "已逐级催办，仍无人签收"}
STATES = {"open": "催办中", **ENDINGS}


def escalation_page(
    session: Session, actor: Principal, state: str | None, cursor: str | None, limit: int
) -> dict[str, Any]:
    """One page of ladders, newest message first."""
    after = last_id(cursor)
    query = select(Escalation, Notice, DepartmentCopy.name).join(Notice, Notice.id == Escalation.notice_id)
    query = query.outerjoin(DepartmentCopy, DepartmentCopy.id == Notice.department_id)
    query = query.where(_visible(session, actor)).order_by(Escalation.notice_id.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(Escalation.notice_id < after)
    if state is not None:
        query = query.where(Escalation.ended.is_(None) if state == "open" else Escalation.ended == state)
    rows = [_view(row, notice, name or "", actor) for row, notice, name in session.execute(query)]
    kept, following = cut(rows, limit, lambda view: [view["notice_id"]])
    return page(kept, following)


def _visible(session: Session, actor: Principal) -> ColumnElement[bool]:
    if not actor.has("supervisor"):
        return Notice.department_id == actor.department_id
    known = session.execute(select(DepartmentCopy.id, DepartmentCopy.region))
    below = {row.id for row in known if within(row.region, actor.region)}
    return Notice.department_id.in_({actor.department_id} | below)


def _view(row: Escalation, notice: Notice, department: str, actor: Principal) -> dict[str, Any]:
    ladder = ladders().by_event.get(row.event_type)
    return {
        "notice_id": row.notice_id,
        "event_type": row.event_type,
        "title": notice.title,
        "department_name": department,
        "own": notice.department_id == actor.department_id,
        "since": row.since,
        "told": row.rung,
        "next_at": None if row.ended else row.next_at,
        "next_name": "" if row.ended or ladder is None else _label(ladder.rung(row.rung).event),
        "state": row.ended or "open",
        "state_name": STATES[row.ended or "open"],
        "acknowledged_at": notice.acknowledged_at,
        "acknowledged_by": notice.acknowledged_by,
    }


def _label(event: str) -> str:
    route = routing().route(event)
    return route.label if route else event


def ladder_rows() -> list[dict[str, Any]]:
    """The ladders of the data: which messages, who is told after how long, on what basis."""
    found: dict[str, dict[str, Any]] = {}
    for event, ladder in ladders().by_event.items():
        shown = found.setdefault(ladder.name, {"name": ladder.name, "events": [], **_steps(ladder)})
        shown["events"].append(_label(event))
    return list(found.values())


def _steps(ladder: Ladder) -> dict[str, Any]:
    steps = [f"{each.after_hours:g} 个工作小时后：{_told(each.event)}" for each in ladder.rungs]
    return {"steps": steps, "repeats": ladder.repeats, "source": ladder.source, "assumed": ladder.assumed}


def _told(event: str) -> str:
    route = routing().route(event)
    if route is None:
        return event
    names = [ROLE_NAMES[role] for role in sorted(route.department)]
    return "、".join([*names, *(["上级监督人员"] if route.supervisors else [])])
