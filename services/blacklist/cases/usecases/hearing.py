"""Opening, closing and recording a hearing (听证): told in time, led by somebody else, kept in a record."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import select

from services.blacklist.cases.domain.guards import hearing_request_problem
from services.blacklist.cases.domain.hearing import (
    RECORD,
    closing_problems,
    day_problem,
    earliest_hearing,
    notification_problem,
    presider_problem,
)
from services.blacklist.cases.domain.table import HEARING, NOTICED
from services.blacklist.cases.models import Case, CaseAttachment, CaseStep
from services.blacklist.cases.usecases.moves import Move, invalid, plain, refusal

INVESTIGATING = ("clerk", "reviewer")


def open_hearing(move: Move) -> None:
    """Asked for within the window; time, place and presider told early enough. Both may be entered later."""
    case, given = move.case, move.inputs
    requested: date = given.get("requested_on") or move.today
    if blocked := hearing_request_problem(case.noticed_on, case.hearing_ends_on, requested, move.today):
        raise refusal(blocked)
    notified: date = given.get("notified_on") or move.today
    if problem := notification_problem(requested, notified, move.today):
        raise invalid(problem)
    earliest = earliest_hearing(notified, move.batch.deps.calendar)
    found = (
        day_problem(given["held_on"], notified, earliest),
        presider_problem(given["presider"], _investigators(move)),
    )
    if problems := [each for each in found if each]:
        raise invalid(*problems)
    kept = {"openness": "public", **given, "requested_on": requested, "notified_on": notified}
    kept |= {"earliest_on": earliest, "opened_on": move.today, "closed": False}
    case.hearing = plain(kept)
    told = ("held_on", "held_time", "openness", "notified_on")
    move.detail |= {name: case.hearing[name] for name in told}


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
    if problems := list(closing_problems(opened, move.inputs, move.today)):
        raise invalid(*problems)
    planned = {"planned_on": opened["held_on"]} if opened.get("held_on") else {}
    closed = {"closed_on": move.today.isoformat(), "closed": True}
    move.case.hearing = {**opened, **planned, **plain(move.inputs), **closed}
    move.detail |= {name: move.inputs.get(name) for name in ("outcome", "acceptance")}


def keep_record(case: Case, row: CaseAttachment) -> None:
    """A 听证笔录 uploaded since the hearing was opened and before the decision is this hearing's record."""
    if row.kind == RECORD and case.hearing is not None and case.state in (HEARING, NOTICED):
        told = {"attachment_id": row.id, "file_name": row.file_name, "sha256": row.sha256}
        case.hearing = {**case.hearing, "record": told}
