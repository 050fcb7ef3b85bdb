"""Finding letters; who may see the case may see its letters, anyone else is told there are none."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.table import FULL
from services.blacklist.cases.models import Case, CaseStep
from services.blacklist.cases.queries import find_case
from services.blacklist.letters.domain.templates import (
    DECISION,
    NOTICE,
    REPAIR_NOTICE,
    Template,
    templates,
)
from services.blacklist.letters.models import Letter, LetterCopy, LetterService
from shared.errors import NotFound, describe_errors
from shared.web.access import Principal

VOIDING = "return_for_revision"
"""After it, what was told before no longer holds."""

describe_errors({"letter-not-found": "没有这份文书，或者当前账号不可查看。"})


def find_letter(session: Session, letter_id: str, who: Principal) -> tuple[Letter, Case]:
    """The letter with its case; NotFound where the case may not be seen."""
    letter = session.get(Letter, letter_id)
    if letter is None or letter.case_id is None:
        raise NotFound("letter-not-found", "没有这份文书")
    try:
        return letter, find_case(session, letter.case_id, who)
    except NotFound as error:
        raise NotFound("letter-not-found", "没有这份文书") from error


def letters_of(session: Session, case_id: str) -> Sequence[Letter]:
    """All letters of a case, superseded versions too, oldest first."""
    return session.scalars(select(Letter).where(Letter.case_id == case_id).order_by(Letter.id)).all()


def copies_of(session: Session, letter_ids: Sequence[str]) -> dict[str, list[LetterCopy]]:
    wanted = select(LetterCopy).where(LetterCopy.letter_id.in_(letter_ids)).order_by(LetterCopy.id)
    found: dict[str, list[LetterCopy]] = {}
    for each in session.scalars(wanted):
        found.setdefault(each.letter_id, []).append(each)
    return found


def services_of(session: Session, letter_ids: Sequence[str]) -> dict[str, list[LetterService]]:
    wanted = select(LetterService).where(LetterService.letter_id.in_(letter_ids)).order_by(LetterService.id)
    found: dict[str, list[LetterService]] = {}
    for each in session.scalars(wanted):
        found.setdefault(each.letter_id, []).append(each)
    return found


def counted_from(case: Case, kind: str) -> date | None:
    """The day the case itself counts the service of its notice or decision from, once it is on record."""
    if kind == NOTICE and case.notice_service is not None:
        return date.fromisoformat(case.notice_service["effective_on"])
    together = kind in (DECISION, REPAIR_NOTICE) and case.procedure == FULL
    return case.service_effective_on if together else None


def current_letter(session: Session, step_id: str, kind: str) -> Letter | None:
    """The version of a letter that counts, if it has been made out."""
    wanted = select(Letter).where(
        Letter.step_id == step_id, Letter.kind == kind, Letter.superseded_at.is_(None)
    )
    return session.scalars(wanted).first()


def told_steps(session: Session, case: Case) -> Mapping[str, CaseStep]:
    """Kind → the latest step of the case it would tell of, for every kind there is occasion for."""
    wanted = select(CaseStep).where(CaseStep.case_id == case.id).order_by(CaseStep.version, CaseStep.id)
    steps = session.scalars(wanted).all()
    voided = max((index for index, step in enumerate(steps) if step.action == VOIDING), default=-1)
    found: dict[str, CaseStep] = {}
    for template in templates().values():
        fitting = [step for step in steps[voided + 1 :] if _fits(template, case, step)]
        if fitting:
            found[template.kind] = fitting[-1]
    return found


def _fits(template: Template, case: Case, step: CaseStep) -> bool:
    return template.tells_of(case.procedure, step.action, step.from_state, step.to_state)
