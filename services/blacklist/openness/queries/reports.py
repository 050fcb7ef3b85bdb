"""举报: by code for the sender, by department or region for officers; the sender only on stated purpose."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.disclosure.domain import normal_code
from services.blacklist.identity.domain import can_act
from services.blacklist.openness.domain.reports import ACTS, OPEN, STATES, TOPICS
from services.blacklist.openness.models import Report
from services.blacklist.openness.models.reports import REPORTER_AAD, TEXT_AAD
from services.blacklist.openness.queries.sight import missing, page_of
from services.blacklist.rules.queries import duties_of
from shared.crypto import KeyRing
from shared.web.access import Principal


def list_reports(
    session: Session, who: Principal, *, state: str | None, before: str | None, limit: int
) -> list[Report]:
    narrowed = [Report.state.in_(OPEN)] if state == "open" else [Report.state == state] if state else []
    return page_of(session, Report, who, *narrowed, before=before, limit=limit)


def report_by_code(session: Session, keyring: KeyRing, code: str) -> Report:
    """Whoever holds the code is taken for the sender; every miss looks the same."""
    plain = normal_code(code)
    blinds = keyring.blind_indexes(f"report {plain}") if plain else []
    found = session.scalars(select(Report).where(Report.lookup_blind.in_(blinds))).first()
    if found is None:
        raise missing(Report)
    return found


def report_lines(session: Session, rows: Sequence[Report], now: datetime) -> list[dict[str, Any]]:
    """No text and no sender: what a list shows."""
    duties = duties_of(session, [row.id for row in rows])
    lines = []
    for row in rows:
        duty = duties.get(row.id, [None])[-1]
        lines.append(
            {
                name: getattr(row, name)
                for name in ("id", "number", "state", "topic", "about", "received_on", "region")
            }
            | {
                "state_name": STATES[row.state],
                "topic_name": TOPICS[row.topic],
                "department": {"id": row.department_id, "name": row.department_name},
                "anonymous": row.reporter_sealed is None,
                "due": duty.due_on if duty and duty.is_open else None,
                "provisional": bool(duty and duty.provisional),
                "duty_state": duty.state_at(now) if duty else None,
                "answered_on": row.answered_on,
            }
        )
    return lines


def public_progress(session: Session, row: Report, now: datetime) -> dict[str, Any]:
    """What the sender reads: how far it is, and the answer."""
    return report_lines(session, [row], now)[0] | {"id": None, "answer": row.answer}


def officer_view(
    session: Session, keyring: KeyRing, row: Report, who: Principal, now: datetime
) -> dict[str, Any]:
    """The text and what may be done; not who sent it."""
    return report_lines(session, [row], now)[0] | {
        "text": keyring.unseal(row.text_sealed, f"{TEXT_AAD}.{row.id}").decode(),
        "draft": row.draft,
        "answer": row.answer,
        "available_actions": [
            {
                "action": act.code,
                "title": act.title,
                "allowed": (why := refusal(row, act.code, who)) is None,
                "reason": why,
            }
            for act in ACTS.values()
            if row.state in act.states
        ],
    }


def refusal(row: Report, code: str, who: Principal) -> str | None:
    act = ACTS[code]
    if not can_act(who, row.department_id) or not who.has(*act.roles):
        return "应由本部门的负责人办理" if "clerk" not in act.roles else "应由本部门的经办人办理"
    if code == "answer" and row.draft is None:
        return "还没有拟写答复"
    if code == "answer" and row.drafted_by == who.user_id:
        return "拟写人不得签发本人拟写的答复"
    return None


def reporter_of(keyring: KeyRing, row: Report) -> dict[str, Any] | None:
    """Who sent it and how to reach them; the caller writes the reading and its purpose into the trail."""
    if row.reporter_sealed is None:
        return None
    found: dict[str, Any] = json.loads(keyring.unseal(row.reporter_sealed, f"{REPORTER_AAD}.{row.id}"))
    return found
