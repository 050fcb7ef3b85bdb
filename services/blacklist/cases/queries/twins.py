"""The same document about one subject filed or published twice on a list: one query for a whole batch."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.sameness import Entries, Entry, writings
from services.blacklist.cases.domain.table import NOT_LISTED, WITHDRAWN
from services.blacklist.cases.models import Case
from services.blacklist.register.models import Listing
from services.blacklist.register.queries import in_force


def entry_of(case: Case, own_id: str | None = None) -> Entry:
    organ = case.document.get("organ") or case.department_name
    number, name = case.document_number, case.subject_name
    return Entry(own_id or case.id, case.list_code, number, organ, name, case.uscc, case.id_blind)


def published_entries(session: Session, cases: Iterable[Case], today: date) -> Entries:
    """What the public sees today under the document numbers of these cases."""
    numbers = {each for case in cases if case.document_number for each in writings(case.document_number)}
    if not numbers:
        return Entries()
    wanted = select(
        Listing.id, Listing.list_code, Listing.document_number, Listing.facts, Listing.subject_name,
        Listing.uscc, Listing.id_blind,
    ).where(Listing.document_number.in_(numbers), in_force(today))  # fmt: skip
    return Entries(
        Entry(key, code, number, facts["organ"]["name"], name, uscc, blind)
        for key, code, number, facts, name, uscc, blind in session.execute(wanted)
    )


def earlier_filing(session: Session, case: Case) -> Case | None:
    """Another case of the department about the same document and subject, neither withdrawn nor dropped."""
    if not case.document_number:
        return None
    wanted = select(Case).where(
        Case.document_number.in_(set(writings(case.document_number))),
        Case.department_id == case.department_id,
        Case.list_code == case.list_code,
        Case.id != case.id,
        Case.state.not_in((WITHDRAWN, NOT_LISTED)),
    )
    found = {each.id: each for each in session.scalars(wanted.order_by(Case.id))}
    return found.get(Entries(map(entry_of, found.values())).twin_of(entry_of(case)) or "")
