"""更正任务: a platform rejects a version for good, and the filing department owes a corrected one.

One task of a listing and platform. It is met when the platform acknowledges a later word of the listing;
it falls away when two people gave the delivery up, when nothing is left to tell, or with the listing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.figures import FIGURES, figure, rule_of
from services.blacklist.cases.domain.table import ARCHIVED, REMOVED, REVOKED
from services.blacklist.cases.models import Case, PlatformRejection
from services.blacklist.rules.models import Duty
from services.blacklist.rules.usecases import create_duty
from services.blacklist.store import Deps
from shared.clock import local_date

CORRECT_DELIVERY = "correct-delivery"
GROUP = "rejection"
REJECTED, FILED, DROPPED = "rejected", "acknowledged", "dropped"
ENDED = (REMOVED, REVOKED, ARCHIVED)
NEWS = ("sequence", "platform_name", "delivery_id", "operation", "version", "field", "code", "reason")


@dataclass(frozen=True)
class PlatformWord:
    """What became of one version at one platform; `sequence` numbers all news of the listing."""

    verdict: str
    listing_id: str
    platform: str
    platform_name: str
    sequence: int
    delivery_id: str
    operation: str
    version: int
    field: str | None
    code: str | None
    reason: str | None
    at: datetime


def follow_words(session: Session, deps: Deps, words: Sequence[PlatformWord], at: datetime) -> None:
    """In the consumer's transaction. What is older than what is known, or comes twice, changes nothing."""
    listings = {word.listing_id for word in words}
    known = _known(session, listings)
    first = [word.listing_id for word in words if word.verdict == REJECTED]
    cases = _cases(session, first) if first else {}
    for word in sorted(words, key=lambda one: one.sequence):
        row = known.get((word.listing_id, word.platform))
        if row is not None and row.sequence >= word.sequence:
            continue
        if word.verdict == REJECTED and word.listing_id in cases:
            made = _rejected(session, deps, word, row, cases[word.listing_id])
            known[word.listing_id, word.platform] = made
        elif row is not None:
            _settled(session, row, word, at)


def _known(session: Session, listings: set[str]) -> dict[tuple[str, str], PlatformRejection]:
    wanted = select(PlatformRejection).where(PlatformRejection.listing_id.in_(sorted(listings)))
    return {(row.listing_id, row.platform): row for row in session.scalars(wanted)}


def _cases(session: Session, listings: Sequence[str]) -> Mapping[str, Case]:
    """Locked, so that no case ends while a task is opened on it."""
    wanted = select(Case).where(Case.listing_id.in_(sorted(set(listings)))).order_by(Case.id)
    return {str(case.listing_id): case for case in session.scalars(wanted.with_for_update())}


def _rejected(
    session: Session, deps: Deps, word: PlatformWord, row: PlatformRejection | None, case: Case
) -> PlatformRejection:
    if row is None:
        row = PlatformRejection(
            listing_id=word.listing_id, platform=word.platform, case_id=case.id, times=0, duty_id=None
        )
        session.add(row)
    for name in NEWS:
        setattr(row, name, getattr(word, name))
    row.times, row.rejected_at = row.times + 1, word.at
    duty = session.get(Duty, row.duty_id) if row.duty_id else None
    if (duty is None or not duty.is_open) and _owed(case, word):
        row.duty_id = _owe(session, deps, word, case).id
    session.flush()
    return row


def _owed(case: Case, word: PlatformWord) -> bool:
    """Of a listing that has ended only its withdrawal still matters."""
    return case.state not in ENDED or word.operation == "withdraw"


def _owe(session: Session, deps: Deps, word: PlatformWord, case: Case) -> Duty:
    return create_duty(
        session,
        case_id=case.id,
        department_id=case.department_id,
        kind=CORRECT_DELIVERY,
        rule=f"{word.platform_name[:60]}：{rule_of(GROUP)}"[:100],
        rule_version=str(FIGURES[GROUP]["version"]),
        length_wd=figure(GROUP, "correct_wd"),
        start_on=local_date(word.at),
        calendar=deps.calendar,
        soon_wd=figure(GROUP, "soon_wd"),
    )


def _settled(session: Session, row: PlatformRejection, word: PlatformWord, at: datetime) -> None:
    """Filed: met. Given up, or nothing left to tell: it falls away."""
    row.sequence = word.sequence
    duty = session.get(Duty, row.duty_id) if row.duty_id else None
    if duty is None or not duty.is_open:
        return
    if word.verdict == FILED:
        duty.done_at = at
    elif word.verdict == DROPPED:
        duty.cancelled_at = at
