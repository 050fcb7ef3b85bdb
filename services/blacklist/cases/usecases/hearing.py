"""Opening, closing and recording a hearing (听证): told in time, led by somebody else, kept in a record."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.guards import hearing_request_problem
from services.blacklist.cases.domain.hearing import (
    RECORD,
    TERMINATION,
    WITHDRAWAL,
    closing_problems,
    day_problem,
    earliest_hearing,
    has_begun,
    moving_problems,
    notification_problem,
    plan_problem,
    planned_for,
    presider_problem,
)
from services.blacklist.cases.domain.table import HEARING, NOTICED
from services.blacklist.cases.models import Case, CaseAttachment, CaseStep
from services.blacklist.cases.usecases.moves import Move, invalid, plain, refusal
from shared.clock import local_date
from shared.ids import new_id
from shared.web.access import Principal

MOVED = ("held_on", "held_time", "place", "presider", "notified_on")
"""What a notice of another day tells anew."""
OF_THE_DAY = ("notice", "record", "withdrawal", "termination")
"""Papers of the day that was told: another day needs its own."""
PROOF = "service-proof"
INVESTIGATING = ("clerk", "reviewer")
PAPERS = {
    RECORD: ("record", (HEARING, NOTICED)),
    WITHDRAWAL: ("withdrawal", (HEARING,)),
    TERMINATION: ("termination", (HEARING,)),
}
"""Kind of attachment → its place in the hearing, and the states in which it is the hearing's."""


def open_hearing(move: Move) -> None:
    """Asked for within the window; time, place and presider told early enough."""
    case, given = move.case, move.inputs
    requested: date = given.get("requested_on") or move.today
    if blocked := hearing_request_problem(case.noticed_on, case.hearing_ends_on, requested, move.today):
        raise refusal(blocked)
    notified: date = given.get("notified_on") or move.today
    if problem := notification_problem(requested, notified, move.today):
        raise invalid(problem)
    earliest = earliest_hearing(notified, move.batch.deps.calendar)
    found = (
        plan_problem(given["held_on"], move.today) or day_problem(given["held_on"], notified, earliest),
        presider_problem(given["presider"], _investigators(move)),
    )
    if problems := [each for each in found if each]:
        raise invalid(*problems)
    kept = {"openness": "public", **given, "requested_on": requested, "notified_on": notified}
    kept |= {"earliest_on": earliest, "opened_on": move.today, "closed": False}
    case.hearing = plain(kept)
    told = ("held_on", "held_time", "openness", "notified_on")
    move.detail |= {name: case.hearing[name] for name in told}


def reschedule_hearing(move: Move) -> None:
    """延期、改期: another day, hour or place, told anew; the former day's papers count no more."""
    case, opened = move.case, dict(move.case.hearing or {})
    kept: dict[str, Any] = {
        name: opened[name] for name in ("held_time", "place", "presider", "openness") if name in opened
    }
    given: dict[str, Any] = {
        **kept,
        **move.inputs,
        "notified_on": move.inputs.get("notified_on") or move.today,
    }
    calendar = move.batch.deps.calendar
    problems = list(moving_problems(opened, given, move.today, calendar))
    if problem := presider_problem(given.get("presider") or "", _investigators(move)):
        problems.append(problem)
    if problems:
        raise invalid(*problems)
    former: dict[str, Any] = {name: opened.get(name) for name in MOVED}
    former |= {name: opened.pop(name, None) for name in OF_THE_DAY}
    former |= {"reason": move.reason, "moved_on": move.today.isoformat()}
    given["earliest_on"] = earliest_hearing(given["notified_on"], calendar)
    told = {name: given.get(name) for name in (*MOVED, "openness", "earliest_on")}
    told |= {"rescheduled_on": move.today, "moved": [*opened.pop("moved", []), former]}
    case.hearing = {**opened, **plain(told)}
    move.detail |= {name: case.hearing[name] for name in ("held_on", "held_time", "notified_on")}
    move.detail["former"] = former["held_on"]


def _investigators(move: Move) -> Iterator[str]:
    """Everybody who filed, edited or reviewed this case, by name."""
    case = move.case
    yield case.filer_name
    wanted = select(CaseStep.actor_name).where(
        CaseStep.case_id == case.id, CaseStep.actor_name.is_not(None), CaseStep.actor_id.is_not(None)
    )
    involved = CaseStep.actor_role.in_(INVESTIGATING) | CaseStep.actor_id.in_(
        [each for each in (case.filer_id, case.last_editor_id, case.reviewer_id) if each]
    )
    yield from (name for name in move.batch.session.scalars(wanted.where(involved)) if name)


def close_hearing(move: Move) -> None:
    """Held, withdrawn or given up by staying away; what was held needs its record before a decision."""
    opened = move.case.hearing or {}
    found = closing_problems(
        opened, move.inputs, move.batch.at, move.batch.deps.calendar, proved=_service_proved(move, opened)
    )
    if problems := list(found):
        raise invalid(*problems)
    planned = {"planned_on": opened["held_on"]} if opened.get("held_on") else {}
    if move.inputs.get("notified_on"):
        planned["planned_notified_on"] = opened.get("notified_on")
    closed = {"closed_on": move.today.isoformat(), "closed": True}
    move.case.hearing = {**opened, **planned, **plain(move.inputs), **closed}
    move.detail |= {name: move.inputs.get(name) for name in ("outcome", "acceptance")}


def _service_proved(move: Move, opened: Mapping[str, Any]) -> bool:
    """A proof of service uploaded since the party was last told of the hearing."""
    since = opened.get("rescheduled_on") or opened.get("opened_on")
    wanted = select(CaseAttachment.created_at).where(
        CaseAttachment.case_id == move.case.id, CaseAttachment.kind == PROOF
    )
    return since is not None and any(
        local_date(each).isoformat() >= since for each in move.batch.session.scalars(wanted)
    )


def require_begun(case: Case, kind: str, at: datetime) -> None:
    """No record of a hearing that has not begun."""
    if kind == RECORD and case.hearing and case.state == HEARING and not has_begun(case.hearing, at):
        when = planned_for(case.hearing)
        told = f"听证定于{when}举行，听证笔录在此之后上传；改期提前举行的，先登记听证结束"
        raise invalid(("/kind", told))


def keep_paper(session: Session, case: Case, row: CaseAttachment, actor: Principal) -> None:
    """A 听证笔录 uploaded before the decision is this hearing's record, a written withdrawal or the proof
    of another ending, while it is open, ends it. The case is another than the one seen before, so a decision
    on that one is refused.
    """
    name, states = PAPERS.get(row.kind, ("", ()))
    if case.hearing is None or case.state not in states:
        return
    told = {"attachment_id": row.id, "file_name": row.file_name, "sha256": row.sha256}
    former = (case.hearing.get(name) or {}).get("sha256")
    case.hearing = {**case.hearing, name: told}
    case.version, case.updated_at = case.version + 1, row.created_at
    step = CaseStep(
        id=new_id(), case_id=case.id, version=case.version, action=f"keep_{name}", from_state=case.state,
        to_state=case.state, actor_id=actor.user_id, actor_name=actor.display_name,
        actor_role="key" if actor.key_id else "clerk", rule_version=case.rule_version,
        detail={"sha256": row.sha256, "former": former}, at=row.created_at,
    )  # fmt: skip
    session.add(step)


def keep_notice(case: Case, told: Mapping[str, Any]) -> None:
    """How the 听证通知书 was served: a failed attempt undoes no service, and the later day counts."""
    if case.hearing is None or case.state != HEARING:
        return
    notice = plain(told)
    before, now = (case.hearing.get("notice") or {}).get("effective_on"), notice["effective_on"]
    if before is None or (now and now > before):
        case.hearing = {**case.hearing, "notice": notice}
