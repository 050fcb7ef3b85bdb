"""What a case's department owes by when, tied to its steps: publication, and answers to requests."""

from datetime import date

from services.blacklist.cases.domain.figures import figure
from services.blacklist.cases.queries.standing import unpublished
from services.blacklist.cases.usecases.moves import Move
from services.blacklist.rules.domain import ListRule, publication_start
from services.blacklist.rules.models import Duty
from services.blacklist.rules.queries import duty_terms, list_rule_version
from services.blacklist.rules.usecases import (
    create_duty,
    extend_duty,
    pause_duty,
    restart_duty,
    resume_duty,
)

PUBLISH, PROACTIVE = "publish", "proactive"
SERVE_AGAIN = "serve-again"


def owe_publication(move: Move) -> None:
    """Owed from submission where it is to be public; counted from the document, or our decision once made."""
    case, rule = move.case, move.needed_rule()
    if case.disclosure != PROACTIVE:
        return
    if unpublished(case, rule):
        end_publication(move)
        return
    start = publication_start(rule, case.document_date, case.decided_on)
    length = rule.publication_duty_wd(case.document.get("kind"))
    duty = _running(move, PUBLISH)
    if duty is not None and start is not None:
        restart_duty(duty, start, move.batch.deps.calendar, length)
    if duty is None:
        _create(move, PUBLISH, length, start, rule.due_soon_wd)


def end_publication(move: Move) -> None:
    """Decided without publicity: nothing is left to publish."""
    cancel(move, PUBLISH)


def settle_publication(move: Move) -> None:
    settle(move, PUBLISH)


def owe_service_again(move: Move) -> None:
    """The decision came back after publication: soon to be served anew."""
    owe(move, SERVE_AGAIN, move.today, figure("serve_again", "serve_wd"))


def owe(move: Move, kind: str, start: date, working_days: int) -> date | None:
    """A duty beside publication; the day it is due."""
    return _create(move, kind, working_days, start, min(_rule(move).due_soon_wd, 1)).due_on


def _rule(move: Move) -> ListRule:
    """Of today; of a list that is no longer in force the version the case was decided under."""
    case = move.case
    return move.rule or list_rule_version(case.list_code, case.rule_version) or move.needed_rule()


def _create(move: Move, kind: str, working_days: int, start: date | None, soon: int) -> Duty:
    rule, case = _rule(move), move.case
    duty = create_duty(
        move.batch.session,
        case_id=case.id,
        department_id=case.department_id,
        kind=kind,
        rule=rule.rule_id,
        rule_version=rule.version,
        length_wd=working_days,
        start_on=start,
        calendar=move.batch.deps.calendar,
        soon_wd=soon,
    )
    move.batch.duties_of(case.id).append(duty)
    return duty


def _running(move: Move, kind: str) -> Duty | None:
    return next((duty for duty in _open(move, kind)), None)


def _open(move: Move, kind: str | None = None) -> list[Duty]:
    duties = move.batch.duties_of(move.case.id)
    return [duty for duty in duties if duty.is_open and kind in {None, duty.kind}]


def pause(move: Move, kind: str, reason: str) -> bool:
    """Stop the clock of the open duty of this kind; False where the law lets it run on."""
    duty = _running(move, kind)
    if duty is None or move.batch.actor is None or not may_pause(duty, reason, move.today):
        return False
    pause_duty(move.batch.session, duty, reason=reason, actor=move.batch.actor, at=move.batch.at)
    return True


def may_pause(duty: Duty, reason: str, on: date) -> bool:
    terms = duty_terms(on).get(duty.kind)
    return terms is not None and reason in terms.pause_reasons and duty.paused_on is None


def resume(move: Move, kind: str) -> date | None:
    """Let the clock run on; the new day, or None where it never stood."""
    duty = _running(move, kind)
    if duty is None or duty.paused_on is None:
        return None
    batch = move.batch
    resume_duty(batch.session, duty, batch.deps.calendar, actor=batch.actor, at=batch.at)
    return duty.due_on


def extend(move: Move, kind: str, working_days: int, reason: str) -> date | None:
    """More time for the open duty of this kind; the new day."""
    duty, batch = _running(move, kind), move.batch
    if duty is None or batch.actor is None:
        return None
    extend_duty(
        batch.session,
        duty,
        batch.deps.calendar,
        working_days=working_days,
        reason=reason,
        actor=batch.actor,
        at=batch.at,
    )
    return duty.due_on


def settle(move: Move, kind: str) -> None:
    for duty in _open(move, kind):
        duty.done_at = move.batch.at


def cancel(move: Move, kind: str) -> None:
    for duty in _open(move, kind):
        duty.cancelled_at = move.batch.at


def cancel_all(move: Move) -> None:
    """Dismissed, withdrawn, returned or ended: nothing is owed any more."""
    for duty in _open(move):
        duty.cancelled_at = move.batch.at
