"""Loop: what happens to cases by itself when a day comes: expiry, lapsed suspensions, shields, archiving.

The register hides an expired listing at the instant by its dates; this loop makes the state and the
platforms follow.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Date, Select, bindparam, exists, select
from sqlalchemy.orm import Session, aliased

from services.blacklist.cases.domain.figures import figure
from services.blacklist.cases.domain.table import ARCHIVED, PUBLISHED, REMOVED, REVOKED
from services.blacklist.cases.models import Case, CaseLink, CaseOverlay
from services.blacklist.cases.usecases.transition import Order, take_steps
from services.blacklist.register.models import DeliveryStatus
from services.blacklist.rules.queries import expiry_keys
from services.blacklist.store import Deps, leases
from shared.clock import SHANGHAI, local_date
from shared.db import UtcDateTime
from shared.leases import Lease

BATCH = 500
UNSETTLED = ("waiting", "sending", "accepted", "awaiting-hand", "rejected", "dead")
"""Delivery states in which a platform may still show the listing."""
ENDED = (REMOVED, REVOKED, ARCHIVED)
HELD: BindParameter[str] = bindparam("held", expanding=True)
HELD_DOMAINS: BindParameter[str] = bindparam("held_domains", expanding=True)
TODAY, NEAR = bindparam("today", type_=Date), bindparam("near", type_=Date)
QUIET_SINCE, LONG_SINCE = (bindparam(name, type_=UtcDateTime()) for name in ("quiet_since", "long_since"))


def days_of(today: date) -> dict[str, Any]:
    """The values of the statements below, which are built once."""
    begins = datetime.combine(today, time(), SHANGHAI)
    held, held_domains = expiry_keys()
    return {
        "held": held,
        "held_domains": held_domains,
        "today": today,
        "near": today + timedelta(days=figure("expiry", "ask_days")),
        "quiet_since": begins - timedelta(days=figure("archive", "days")),
        "long_since": begins - timedelta(days=figure("archive", "unpushed_days")),
    }


def _overlay(kind: str) -> ColumnElement[bool]:
    open_one = (CaseOverlay.kind == kind) & CaseOverlay.closed_at.is_(None)
    return exists().where(CaseOverlay.case_id == Case.id, open_one)


def _unasked() -> ColumnElement[bool]:
    """Obligations are open; the list, by the version the case keeps, asks; it was not asked of this end yet,
    and publicity was not prolonged before: a list's term is laid on once.
    """
    key = Case.list_code.concat("/").concat(Case.rule_version)
    of_domain = key.concat("/").concat(Case.domain)
    hold = key.in_(HELD) | of_domain.in_(HELD_DOMAINS)
    new = Case.expiry_asked_for.is_(None) | (Case.expiry_asked_for != Case.publicity_max_end)
    once = (CaseOverlay.kind == "expiry") & (CaseOverlay.state == "extended")
    prolonged = exists().where(CaseOverlay.case_id == Case.id, once)
    return Case.obligations_open.is_(True) & hold & new & ~prolonged


def questionable() -> Select[str]:
    """The end comes near and the sector's rule may prolong (期满询问)."""
    waiting = (Case.state == PUBLISHED) & (Case.publicity_max_end <= NEAR)
    return select(Case.id).where(waiting, _unasked(), ~_overlay("expiry"))


def expired() -> Select[str]:
    """Publicity has run out; a case under question waits for its answer, out of public sight by its dates."""
    over = (Case.state == PUBLISHED) & (Case.publicity_max_end <= TODAY)
    return select(Case.id).where(over, ~_unasked(), ~_overlay("expiry"))


def _fresh_parents() -> tuple[type[Case], ColumnElement[bool]]:
    """Parents that ended since they were last put before their child."""
    parent = aliased(Case)
    fresh = CaseLink.proposed_at.is_(None) | (CaseLink.proposed_at < parent.ended_at)
    return parent, fresh & parent.state.in_(ENDED)


def orphaned() -> Select[str]:
    """Published children whose parent ended."""
    parent, ended = _fresh_parents()
    joined = select(Case.id).join(CaseLink, CaseLink.case_id == Case.id)
    joined = joined.join(parent, parent.id == CaseLink.parent_id)
    return joined.where(Case.state == PUBLISHED, ended, ~_overlay("linked")).distinct()


def ended_links() -> Select[str]:
    """Of one child, the links to such parents."""
    parent, ended = _fresh_parents()
    joined = select(CaseLink.id).join(parent, parent.id == CaseLink.parent_id)
    return joined.where(CaseLink.case_id == bindparam("child"), ended).order_by(CaseLink.id).limit(1)


def lapsed_suspensions() -> Select[str]:
    """Nobody confirmed in time."""
    return _overlaid("suspended", "open").where(CaseOverlay.due_on < TODAY)


def ended_shields() -> Select[str]:
    return _overlaid("shield", "active").where(CaseOverlay.due_on <= TODAY)


def _overlaid(kind: str, state: str) -> Select[str]:
    joined = select(Case.id).join(CaseOverlay, CaseOverlay.case_id == Case.id)
    return joined.where(
        CaseOverlay.kind == kind,
        CaseOverlay.state == state,
        CaseOverlay.closed_at.is_(None),
        Case.state == PUBLISHED,
    )


def withdrawn_everywhere() -> Select[str]:
    """Ended long enough ago, and every platform that ever had the listing has acknowledged its withdrawal.

    A repaired listing may come back until its period is over, so it is not put away before.
    """
    told = exists().where(DeliveryStatus.listing_id == Case.listing_id)
    open_somewhere = exists().where(
        DeliveryStatus.listing_id == Case.listing_id,
        (DeliveryStatus.operation != "withdraw") | DeliveryStatus.state.in_(UNSETTLED),
        DeliveryStatus.state != "superseded",
    )
    restorable = (Case.reason_code == "repair") & (Case.publicity_max_end > TODAY)
    ended = Case.state.in_((REMOVED, REVOKED)) & (Case.ended_at <= QUIET_SINCE) & ~restorable
    return select(Case.id).where(ended, told | (Case.ended_at <= LONG_SINCE), ~open_somewhere)


WORK: tuple[tuple[str, Select[str]], ...] = (
    ("ask_expiry", questionable()),
    ("expire", expired()),
    ("propose_removal", orphaned()),
    ("lapse_suspension", lapsed_suspensions()),
    ("end_shield", ended_shields()),
    ("archive", withdrawn_everywhere()),
)
FIRST = {action: due.limit(1) for action, due in WORK}
NEXT = {action: due.order_by(Case.id).limit(BATCH) for action, due in WORK}
LINK = ended_links()


class CaseClock:
    """One process at a time (lease); ≤ 500 cases in a transaction."""

    name = "case-clock"

    def __init__(self, deps: Deps, holder: str) -> None:
        self._deps = deps
        self._lease = Lease(deps.db, leases, self.name, holder)

    def step(self) -> bool:
        action = self._waiting()
        if action is None or not self._lease.acquire():
            return False
        with self._deps.db.write() as session:
            return self._take(session, action) > 0

    def _waiting(self) -> str | None:
        days = days_of(local_date(self._deps.clock.now()))
        with self._deps.db.read() as session:
            return next((action for action, due in FIRST.items() if session.scalar(due, days)), None)

    def _take(self, session: Session, action: str) -> int:
        at = self._deps.clock.now()
        ids = session.scalars(NEXT[action], days_of(local_date(at))).all()
        cases = self._locked(session, ids)
        orders = [Order(each, None, action, self._inputs(session, action, each)) for each in cases]
        take_steps(session, self._deps, orders, cases, actor=None, at=at)
        return len(orders)

    def _inputs(self, session: Session, action: str, case_id: str) -> dict[str, Any]:
        """Which of the case's parents ended: the link tells."""
        if action != "propose_removal":
            return {}
        return {"link": session.scalars(LINK, {"child": case_id}).one()}

    def _locked(self, session: Session, ids: Sequence[str]) -> dict[str, Case]:
        wanted = select(Case).where(Case.id.in_(ids)).order_by(Case.id).with_for_update()
        return {case.id: case for case in session.scalars(wanted)}
