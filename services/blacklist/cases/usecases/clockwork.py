"""Loop: what happens to cases by itself when a day comes: expiry, lapsed suspensions, shields, archiving.

The register hides an expired listing at the instant by its dates; this loop makes the state and the
platforms follow.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from services.blacklist.cases.domain.figures import FIGURES, figure
from services.blacklist.cases.domain.table import ARCHIVED, PUBLISHED, REMOVED, REVOKED
from services.blacklist.cases.models import Case, CaseLink, CaseOverlay
from services.blacklist.cases.usecases.transition import Order, take_steps
from services.blacklist.register.models import DeliveryStatus
from services.blacklist.store import Deps, leases
from shared.clock import SHANGHAI, local_date
from shared.leases import Lease

BATCH = 500
UNSETTLED = ("waiting", "sending", "accepted", "awaiting-hand", "rejected", "dead")
"""Delivery states in which a platform may still show the listing."""
Due = Callable[[date], Select[str]]


def _unasked() -> ColumnElement[bool]:
    """Obligations are open and this end of publicity was not put before the department yet."""
    hold = Case.list_code.in_(FIGURES["expiry"]["hold_lists"])
    new = Case.expiry_asked_for.is_(None) | (Case.expiry_asked_for != Case.publicity_max_end)
    return Case.obligations_open.is_(True) & hold & new


def _question_open() -> ColumnElement[bool]:
    return exists().where(
        CaseOverlay.case_id == Case.id, CaseOverlay.kind == "expiry", CaseOverlay.closed_at.is_(None)
    )


def questionable(today: date) -> Select[str]:
    """The end comes near and the sector's rule may prolong (期满询问)."""
    near = today + timedelta(days=figure("expiry", "ask_days"))
    waiting = (Case.state == PUBLISHED) & (Case.publicity_max_end <= near)
    return select(Case.id).where(waiting, _unasked(), ~_question_open())


def expired(today: date) -> Select[str]:
    """Publicity has run out; a case under question waits for its answer, out of public sight by its dates."""
    over = (Case.state == PUBLISHED) & (Case.publicity_max_end <= today)
    return select(Case.id).where(over, ~_unasked(), ~_question_open())


def orphaned(today: date) -> Select[str]:
    """Published children of a parent that ended since it was last put before them."""
    del today  # whatever the day
    parent = aliased(Case)
    joined = select(Case.id).join(CaseLink, CaseLink.case_id == Case.id)
    joined = joined.join(parent, parent.id == CaseLink.parent_id)
    fresh = CaseLink.proposed_at.is_(None) | (CaseLink.proposed_at < parent.ended_at)
    proposed = exists().where(
        CaseOverlay.case_id == Case.id, CaseOverlay.kind == "linked", CaseOverlay.closed_at.is_(None)
    )
    ended = parent.state.in_((REMOVED, REVOKED, ARCHIVED))
    return joined.where(Case.state == PUBLISHED, ended, fresh, ~proposed).distinct()


def lapsed_suspensions(today: date) -> Select[str]:
    """Nobody confirmed in time."""
    return _overlaid("suspended", "open").where(CaseOverlay.due_on < today)


def ended_shields(today: date) -> Select[str]:
    return _overlaid("shield", "active").where(CaseOverlay.due_on <= today)


def _overlaid(kind: str, state: str) -> Select[str]:
    joined = select(Case.id).join(CaseOverlay, CaseOverlay.case_id == Case.id)
    return joined.where(
        CaseOverlay.kind == kind,
        CaseOverlay.state == state,
        CaseOverlay.closed_at.is_(None),
        Case.state == PUBLISHED,
    )


def withdrawn_everywhere(today: date) -> Select[str]:
    """Ended long enough ago, and every platform that ever had the listing has acknowledged its withdrawal.

    A repaired listing may come back until its period is over, so it is not put away before.
    """
    quiet_since = datetime.combine(today - timedelta(days=figure("archive", "days")), time(), SHANGHAI)
    told = exists().where(DeliveryStatus.listing_id == Case.listing_id)
    open_somewhere = exists().where(
        DeliveryStatus.listing_id == Case.listing_id,
        (DeliveryStatus.operation != "withdraw") | DeliveryStatus.state.in_(UNSETTLED),
        DeliveryStatus.state != "superseded",
    )
    restorable = (Case.reason_code == "repair") & (Case.publicity_max_end > today)
    ended = Case.state.in_((REMOVED, REVOKED)) & (Case.ended_at <= quiet_since) & ~restorable
    long_since = today - timedelta(days=figure("archive", "unpushed_days"))
    never_pushed = ~told & (Case.ended_at <= datetime.combine(long_since, time(), SHANGHAI))
    return select(Case.id).where(ended, told | never_pushed, ~open_somewhere)


WORK: tuple[tuple[str, Due], ...] = (
    ("ask_expiry", questionable),
    ("expire", expired),
    ("propose_removal", orphaned),
    ("lapse_suspension", lapsed_suspensions),
    ("end_shield", ended_shields),
    ("archive", withdrawn_everywhere),
)


class CaseClock:
    """One process at a time (lease); ≤ 500 cases in a transaction."""

    name = "case-clock"

    def __init__(self, deps: Deps, holder: str) -> None:
        self._deps = deps
        self._lease = Lease(deps.db, leases, self.name, holder)

    def step(self) -> bool:
        waiting = self._waiting()
        if waiting is None or not self._lease.acquire():
            return False
        with self._deps.db.write() as session:
            return self._take(session, *waiting) > 0

    def _waiting(self) -> tuple[str, Due] | None:
        today = local_date(self._deps.clock.now())
        with self._deps.db.read() as session:
            for action, due in WORK:
                if session.scalar(select(func.count()).select_from(due(today).limit(1).subquery())):
                    return action, due
        return None

    def _take(self, session: Session, action: str, due: Due) -> int:
        at = self._deps.clock.now()
        ids = session.scalars(due(local_date(at)).order_by(Case.id).limit(BATCH)).all()
        cases = self._locked(session, ids)
        orders = [Order(each, None, action, self._inputs(session, action, each)) for each in cases]
        take_steps(session, self._deps, orders, cases, actor=None, at=at)
        return len(orders)

    def _inputs(self, session: Session, action: str, case_id: str) -> dict[str, Any]:
        """Which of the case's parents ended: the link tells."""
        if action != "propose_removal":
            return {}
        parent = select(CaseLink.id).join(Case, Case.id == CaseLink.parent_id)
        fresh = CaseLink.proposed_at.is_(None) | (CaseLink.proposed_at < Case.ended_at)
        ended = Case.state.in_((REMOVED, REVOKED, ARCHIVED))
        chosen = parent.where(CaseLink.case_id == case_id, ended, fresh).order_by(CaseLink.id).limit(1)
        return {"link": session.scalars(chosen).one()}

    def _locked(self, session: Session, ids: Sequence[str]) -> dict[str, Case]:
        wanted = select(Case).where(Case.id.in_(ids)).order_by(Case.id).with_for_update()
        return {case.id: case for case in session.scalars(wanted)}
