"""What a department has still to serve: its letters without a service that succeeded, oldest first."""

from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.serving import SERVED
from services.blacklist.cases.domain.table import FULL
from services.blacklist.cases.models import Case
from services.blacklist.letters.domain.templates import DECISION, NOTICE, REPAIR_NOTICE
from services.blacklist.letters.models import Letter, LetterCopy, LetterSending, LetterService
from shared.web.access import Principal
from shared.web.paging import cut, decode_cursor, page


def unserved_letters(session: Session, who: Principal, cursor: str | None, limit: int) -> dict[str, Any]:
    """Only letters that count, of cases the department has now; not by the same name another's."""
    served = exists().where(LetterService.letter_id == Letter.id, LetterService.outcome == SERVED)
    wanted = (
        select(Letter, Case)
        .join(Case, Case.id == Letter.case_id)
        .where(Case.department_id == who.department_id, Letter.superseded_at.is_(None), ~served, ~_typed())
        .order_by(Letter.id)
        .limit(limit + 1)
    )
    if cursor:
        wanted = wanted.where(Letter.id > decode_cursor(cursor, [str])[0])
    rows = session.execute(wanted).all()
    kept, following = cut(rows, limit, lambda row: [row[0].id])
    ids = [letter.id for letter, _ in kept]
    stamped = set(session.scalars(select(LetterCopy.letter_id).where(LetterCopy.letter_id.in_(ids))))
    announced = select(LetterSending).where(LetterSending.letter_id.in_(ids)).order_by(LetterSending.id)
    sendings = {row.letter_id: row.state for row in session.scalars(announced)}
    views = [_view(letter, case, letter.id in stamped, sendings.get(letter.id)) for letter, case in kept]
    return page(views, following)


def _typed() -> ColumnElement[bool]:
    """Service recorded on the case itself, where its letter has no record of its own."""
    notice = (Letter.kind == NOTICE) & Case.notice_service.is_not(None)
    decided = Letter.kind.in_((DECISION, REPAIR_NOTICE)) & (Case.procedure == FULL)
    return notice | (decided & Case.service_effective_on.is_not(None))


def _view(letter: Letter, case: Case, stamped: bool, sending: str | None) -> dict[str, Any]:
    return {
        "id": letter.id,
        "case_id": case.id,
        "subject_name": case.subject_name,
        "subject_type": case.subject_type,
        "title": letter.title,
        "number": letter.number,
        "date": letter.dated,
        "stamped": stamped,
        "sending": sending,
    }
