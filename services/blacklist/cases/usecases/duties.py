"""What a case's department owes by when, tied to its steps: publication, and answers to requests."""

from datetime import date

from services.blacklist.cases.usecases.moves import Move
from services.blacklist.rules.domain import publication_start
from services.blacklist.rules.usecases import cancel_duties, create_duty, settle_duty, start_duty

PUBLISH = "publish"


def owe_publication(move: Move) -> None:
    """Owed from submission; counted from the document, or from our decision once there is one."""
    case, rule = move.case, move.needed_rule()
    start = publication_start(rule, case.document_date, case.decided_on)
    length = rule.publication_duty_wd(case.document.get("kind"))
    if move.row.action != "submit" and start is not None:
        start_duty(move.batch.session, case.id, PUBLISH, start, move.batch.deps.calendar, length_wd=length)
        return
    create_duty(
        move.batch.session,
        case_id=case.id,
        department_id=case.department_id,
        kind=PUBLISH,
        rule=rule.rule_id,
        rule_version=rule.version,
        length_wd=length,
        start_on=start,
        calendar=move.batch.deps.calendar,
        soon_wd=rule.due_soon_wd,
    )


def settle_publication(move: Move) -> None:
    settle(move, PUBLISH)


def owe(move: Move, kind: str, start: date, working_days: int) -> date | None:
    """A duty beside publication; the day it is due."""
    rule = move.needed_rule()
    duty = create_duty(
        move.batch.session,
        case_id=move.case.id,
        department_id=move.case.department_id,
        kind=kind,
        rule=rule.rule_id,
        rule_version=rule.version,
        length_wd=working_days,
        start_on=start,
        calendar=move.batch.deps.calendar,
        soon_wd=min(rule.due_soon_wd, 1),
    )
    return duty.due_on


def settle(move: Move, kind: str) -> None:
    settle_duty(move.batch.session, move.case.id, kind, move.batch.at)


def cancel_all(move: Move) -> None:
    """Dismissed, withdrawn, returned or ended: nothing is owed any more."""
    cancel_duties(move.batch.session, move.case.id, move.batch.at)
