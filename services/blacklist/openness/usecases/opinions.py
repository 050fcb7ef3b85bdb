"""政务舆情 from report to end: clocks from the moment it was reported, the press meeting, a reasoned end."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.audit.domain import without_identities
from services.blacklist.openness.domain.opinions import (
    CLOSED,
    INFORMATION_DUTY,
    MAJOR,
    OPEN,
    PRESS_DUTY,
    clocks,
    opinion_number,
)
from services.blacklist.openness.domain.terms import data
from services.blacklist.openness.models import Opinion
from services.blacklist.openness.queries.opinions import close_refusal, is_answered
from services.blacklist.openness.queries.sight import to_act_on
from services.blacklist.openness.usecases.common import next_count, refuse, write_down
from services.blacklist.rules.usecases import cancel_duties, create_deadline, settle_duty
from services.blacklist.store import Deps
from shared.clock import local_date
from shared.errors import Conflict, Forbidden
from shared.ids import new_id
from shared.web.access import Principal


def record_opinion(
    session: Session, deps: Deps, given: Mapping[str, Any], *, actor: Principal, at: datetime
) -> Opinion:
    """Major matters start both clocks at `reported_at`."""
    if given["reported_at"] > at:
        refuse([("reported_at", "发现时间不能晚于现在。")])
    year = local_date(at).year
    row = Opinion(
        id=new_id(),
        number=opinion_number(actor.region, year, next_count(session, "YQ", actor.region, year)),
        sequence=0,
        state=OPEN,
        department_id=actor.department_id,
        department_name=actor.department_name,
        region=actor.region,
        level=given["level"],
        title=without_identities(given["title"]),
        summary=without_identities(given["summary"]),
        source=given["source"],
        reported_at=given["reported_at"],
        recorded_by=actor.user_id,
        recorder_name=actor.display_name,
        created_at=at,
    )
    session.add(row)
    if row.level == MAJOR:
        _start_clocks(session, deps, row)
    write_down(session, "opinion", row, "record", actor, at, level=row.level)
    session.flush()
    return row


def _start_clocks(session: Session, deps: Deps, row: Opinion) -> None:
    rule = data("terms")["opinion"]
    for clock in clocks(row.reported_at):
        create_deadline(
            session, case_id=row.id, department_id=row.department_id, kind=clock.duty, rule=rule["basis"],
            rule_version=rule["version"], from_at=row.reported_at, due_at=clock.due_at,
            soon_at=clock.soon_at, calendar=deps.calendar,
        )  # fmt: skip


def raise_opinion(
    session: Session, deps: Deps, opinion_id: str, *, actor: Principal, at: datetime
) -> Opinion:
    """一般 becomes 重大: the clocks run from the report all the same."""
    row = _open(session, opinion_id, actor)
    if row.level == MAJOR:
        raise Conflict("opinion-closed", "已经是重大舆情", state=row.state)
    row.level = MAJOR
    _start_clocks(session, deps, row)
    session.flush()
    if row.information_at is not None:
        settle_duty(session, row.id, INFORMATION_DUTY, row.information_at)
    write_down(session, "opinion", row, "raise", actor, at)
    return row


def record_press(
    session: Session, opinion_id: str, given: Mapping[str, Any], *, actor: Principal, at: datetime
) -> Opinion:
    """The press meeting that was held: when and where."""
    row = _open(session, opinion_id, actor)
    held = given["held_at"]
    if not row.reported_at <= held <= at:
        refuse([("held_at", "举行时间应在发现时间和现在之间。")])
    if row.press_at is not None:
        raise Conflict("opinion-closed", "已经登记过新闻发布", state=row.state)
    row.press_at, row.press_note = held, without_identities(given["note"])
    settle_duty(session, row.id, PRESS_DUTY, held)
    write_down(session, "opinion", row, "press", actor, at)
    return row


def close_opinion(
    session: Session, opinion_id: str, reason: str | None, *, actor: Principal, at: datetime
) -> Opinion:
    """By another than who recorded it; what the law asks for has been done, or why it was not is said."""
    row = _open(session, opinion_id, actor)
    if why := close_refusal(row, actor):
        raise Forbidden("opinion-four-eyes", "须由另一名负责人办结", f"{why}。")
    if not is_answered(row) and not reason:
        refuse([("reason", "尚未发布权威信息或者举行新闻发布，请写明不需要的理由。")])
    row.state, row.closed_by, row.closed_at, row.close_reason = CLOSED, actor.user_id, at, reason
    cancel_duties(session, row.id, at)
    write_down(session, "opinion", row, "close", actor, at)
    return row


def _open(session: Session, opinion_id: str, actor: Principal) -> Opinion:
    row = to_act_on(session, Opinion, opinion_id, actor)
    if row.state != OPEN:
        raise Conflict("opinion-closed", "舆情已经办结", state=row.state)
    return row
