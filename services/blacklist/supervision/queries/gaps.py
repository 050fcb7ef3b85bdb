"""断号: numbers a department's own series say must exist, but that nobody published or explained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.table import BEFORE_PUBLICATION
from services.blacklist.cases.models import Case
from services.blacklist.rules.models import Duty
from services.blacklist.supervision.domain.gaps import Gap, find_gaps
from services.blacklist.supervision.domain.numbers import DocumentNumber, number_key, parse_number
from services.blacklist.supervision.models import LedgerDecision
from services.blacklist.supervision.queries.indicators import PUBLISH
from services.blacklist.supervision.queries.ledger import explanations, publications

Known = dict[tuple[str, str], bool]
"""Department and number key → accounted for."""


@dataclass(frozen=True)
class DepartmentGap:
    """A gap and the department it is one of."""

    department_id: str
    gap: Gap


def gaps(
    session: Session, department_ids: Sequence[str], today: date, *, year: int | None = None
) -> list[DepartmentGap]:
    """Every gap of these departments, of one year's numbers or of all."""
    found: dict[str, dict[DocumentNumber, bool]] = {each: {} for each in department_ids}
    for (department_id, key), settled in _known(session, department_ids, today).items():
        number = parse_number(key)
        if number is not None and (year is None or number.year == year):
            found[department_id][number] = settled
    return [DepartmentGap(each, gap) for each in department_ids for gap in find_gaps(found[each])]


def _known(session: Session, department_ids: Sequence[str], today: date) -> Known:
    """Later sources win: what was published or explained is settled, whatever else is known of it."""
    known: Known = {}
    _add(known, _ledger(session, department_ids, today))
    _add(known, _cases(session, department_ids, today))
    known.update(dict.fromkeys(publications(session, department_ids), True))
    known.update(dict.fromkeys(explanations(session, department_ids), True))
    return known


def _add(known: Known, more: Mapping[tuple[str, str], bool]) -> None:
    for key, settled in more.items():
        known[key] = settled and known.get(key, True)


def _ledger(session: Session, department_ids: Sequence[str], today: date) -> Known:
    wanted = select(LedgerDecision.department_id, LedgerDecision.number_key, LedgerDecision.due_on).where(
        LedgerDecision.department_id.in_(department_ids)
    )
    return {(row.department_id, row.number_key): today <= row.due_on for row in session.execute(wanted)}


def _cases(session: Session, department_ids: Sequence[str], today: date) -> Known:
    """Cases under way; one whose publication is overdue is not settled."""
    wanted = (
        select(Case.department_id, Case.document_number, Duty.due_on)
        .outerjoin(
            Duty,
            (Duty.case_id == Case.id)
            & (Duty.kind == PUBLISH)
            & Duty.done_at.is_(None)
            & Duty.cancelled_at.is_(None),
        )
        .where(
            Case.department_id.in_(department_ids),
            Case.document_number.is_not(None),
            Case.state.in_(BEFORE_PUBLICATION),
        )
    )
    return {
        (row.department_id, number_key(row.document_number)): row.due_on is None or today <= row.due_on
        for row in session.execute(wanted)
    }
