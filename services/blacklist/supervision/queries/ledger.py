"""The decision ledger as it stands: each decision beside what became public of it, and what was explained."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.table import NOT_LISTED, WITHDRAWN
from services.blacklist.cases.models import Case
from services.blacklist.identity.models import Department
from services.blacklist.register.models import Listing
from services.blacklist.supervision.domain.decisions import PENDING, decision_status
from services.blacklist.supervision.domain.numbers import number_key
from services.blacklist.supervision.domain.periods import Period
from services.blacklist.supervision.models import LedgerDecision, NumberExplanation, ZeroReturn
from shared.clock import local_date

Key = tuple[str, str]
"""Department and number key."""


@dataclass(frozen=True)
class Publication:
    """When a number became public, and by which listing and case."""

    on: date
    listing_id: str
    case_id: str | None


@dataclass(frozen=True)
class Entry:
    """A decision with where it stands; `reason` where it is explained."""

    decision: LedgerDecision
    status: str
    publication: Publication | None
    reason: str | None


def entries(session: Session, department_ids: Sequence[str], period: Period, today: date) -> list[Entry]:
    """Decisions made in the period, newest first."""
    wanted = select(LedgerDecision).where(
        LedgerDecision.department_id.in_(department_ids),
        LedgerDecision.decided_on >= period.start,
        LedgerDecision.decided_on <= period.end,
    )
    decisions = session.scalars(
        wanted.order_by(LedgerDecision.decided_on.desc(), LedgerDecision.id.desc())
    ).all()
    if not decisions:
        return []
    published = publications(session, department_ids, period)
    reasons = explanations(session, department_ids)
    return [_entry(each, published, reasons, today) for each in decisions]


def _entry(
    decision: LedgerDecision, published: dict[Key, Publication], reasons: dict[Key, str], today: date
) -> Entry:
    key = (decision.department_id, decision.number_key)
    publication, reason = published.get(key), reasons.get(key)
    status = decision_status(
        due=decision.due_on,
        published_on=publication.on if publication else None,
        explained=reason is not None,
        today=today,
    )
    return Entry(decision, status, publication, reason)


def statuses_by_department(
    session: Session, department_ids: Sequence[str], period: Period, today: date
) -> dict[str, list[str]]:
    """The status of each decision, by department; departments without decisions are left out."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for entry in entries(session, department_ids, period, today):
        found[entry.decision.department_id].append(entry.status)
    return dict(found)


def publications(
    session: Session, department_ids: Sequence[str], since: Period | None = None
) -> dict[Key, Publication]:
    """The first publication of each number; of history taken over, the day it was listed."""
    wanted = select(
        Listing.department_id, Listing.document_number, Listing.published_at, Listing.listed_on,
        Listing.migrated, Listing.id, Listing.case_id,
    ).where(Listing.department_id.in_(department_ids), Listing.document_number.is_not(None))  # fmt: skip
    if since is not None:
        wanted = wanted.where(or_(Listing.published_at >= since.opens_at, Listing.migrated.is_(True)))
    found: dict[Key, Publication] = {}
    for row in session.execute(wanted):
        key = (row.department_id, number_key(row.document_number))
        on = row.listed_on if row.migrated else local_date(row.published_at)
        if key not in found or on < found[key].on:
            found[key] = Publication(on, row.id, row.case_id)
    return found


def explanations(session: Session, department_ids: Sequence[str]) -> dict[Key, str]:
    """Why a number is not public: as explained, or as its case says."""
    found = _reasons_of_cases(session, department_ids)
    wanted = select(NumberExplanation).where(NumberExplanation.department_id.in_(department_ids))
    for row in session.scalars(wanted):
        found[row.department_id, row.number_key] = row.reason
    return found


def _reasons_of_cases(session: Session, department_ids: Sequence[str]) -> dict[Key, str]:
    wanted = select(Case.department_id, Case.document_number, Case.disclosure_reason, Case.reason).where(
        Case.department_id.in_(department_ids),
        Case.document_number.is_not(None),
        or_(Case.disclosure != "proactive", Case.state.in_((NOT_LISTED, WITHDRAWN))),
    )
    return {
        (row.department_id, number_key(row.document_number)): row.disclosure_reason or row.reason or "见案件"
        for row in session.execute(wanted)
    }


def zero_returns(session: Session, department_ids: Sequence[str], period: Period) -> Sequence[ZeroReturn]:
    wanted = select(ZeroReturn).where(
        ZeroReturn.department_id.in_(department_ids),
        ZeroReturn.period_start >= period.start,
        ZeroReturn.period_end <= period.end,
    )
    return session.scalars(wanted.order_by(ZeroReturn.period_start.desc(), ZeroReturn.id)).all()


def made_in(session: Session, department_id: str, start: date, end: date) -> bool:
    """Whether the ledger or the cases know a decision of this department between two days.

    What a department merged into it decided before the merger was not its own decision.
    """
    ledger = select(LedgerDecision.id).where(
        LedgerDecision.department_id == department_id,
        LedgerDecision.decided_on.between(start, end),
        ~_before_merger(department_id, LedgerDecision.organ, LedgerDecision.decided_on),
    )
    decided = func.coalesce(Case.decided_on, Case.document_date)
    cases = select(Case.id).where(
        Case.department_id == department_id,
        ~_before_merger(department_id, Case.department_name, decided),
        Case.state.not_in((NOT_LISTED, WITHDRAWN)),
        or_(Case.document_date.between(start, end), Case.decided_on.between(start, end)),
    )
    return any(session.scalars(each.limit(1)).first() is not None for each in (ledger, cases))


def _before_merger(department_id: str, organ: Any, decided_on: Any) -> ColumnElement[bool]:
    """By name and day: the successor may bear the same name, and may write the old one later.

    A department merged into one that was merged in its turn counts too.
    """
    before = select(Department.id).where(Department.successor_id == department_id)
    line = before.cte("merged", recursive=True)
    line = line.union(select(Department.id).where(Department.successor_id == line.c.id))
    merged = (Department.id.in_(select(line.c.id)), Department.name == organ)
    return exists().where(*merged, decided_on < Department.valid_to)


def entry_view(entry: Entry, names: dict[str, str]) -> dict[str, Any]:
    decision, publication = entry.decision, entry.publication
    return {
        "id": decision.id,
        "department_id": decision.department_id,
        "department_name": names[decision.department_id],
        "number": decision.number,
        "decided_on": decision.decided_on,
        "organ": decision.organ,
        "kind": decision.kind,
        "due_on": decision.due_on,
        "provisional": decision.provisional,
        "status": entry.status,
        "published_on": publication.on if publication else None,
        "case_id": publication.case_id if publication else None,
        "reason": entry.reason if entry.status != PENDING else None,
    }


def zero_return_view(row: ZeroReturn, names: dict[str, str], *, contradicted: bool) -> dict[str, Any]:
    return {
        "id": row.id,
        "department_id": row.department_id,
        "department_name": names[row.department_id],
        "period": row.period,
        "note": row.note,
        "signer_name": row.signer_name,
        "signed_at": row.signed_at,
        "contradicted": contradicted,
    }


def explanation_view(row: NumberExplanation) -> dict[str, Any]:
    return {
        "id": row.id,
        "department_id": row.department_id,
        "number": row.number,
        "reason_code": row.reason_code,
        "reason": row.reason,
        "explainer_name": row.explainer_name,
        "explained_at": row.explained_at,
    }
