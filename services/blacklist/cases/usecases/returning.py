"""Objections and repairs that a party filed at a platform (信用中国) and that came back here.

They open the same overlays as at the window, by nobody of the office, so that anybody of it may settle them.
Nothing a party says is lost: while one of the kind is open, what another ticket brings is added to it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.audit.usecases import record
from services.blacklist.cases.models import Case, CaseOverlay, CaseStep
from services.blacklist.cases.publishes import RequestAnswer, publish_answers
from services.blacklist.cases.queries import open_overlays
from services.blacklist.cases.usecases.answering import MOOT, SINGLE_WINDOW, keep_ticket
from services.blacklist.cases.usecases.moves import SYSTEM
from services.blacklist.cases.usecases.transition import Order, take_steps
from services.blacklist.store import Deps
from shared.errors import DomainError
from shared.ids import new_id
from shared.logs import get_log
from shared.web.access import Principal

OPENED, ADDED, LATE, UNKNOWN = "opened", "added", "late", "unknown"
log = get_log(__name__)


@dataclass(frozen=True)
class Returned:
    """One ticket: `kind` is objection or repair, `received_on` the day the platform got it."""

    listing_id: str
    kind: str
    platform: str
    platform_name: str
    ticket: str
    received_on: date
    evidence: str
    commitment: str | None = None


def take_returned(session: Session, deps: Deps, asked: Returned, *, at: datetime) -> str:
    """Open the overlay, or add to the open one; a listing that has ended meanwhile needs neither."""
    found = select(Case).where(Case.listing_id == asked.listing_id).with_for_update()
    case = session.scalars(found.execution_options(populate_existing=True)).first()
    if case is None:
        log.warning("request about no case of ours", platform=asked.platform, listing=asked.listing_id)
        return UNKNOWN
    actor = _sender(case, asked)
    order = Order(case.id, None, f"open_{asked.kind}", _inputs(asked))
    (outcome,) = take_steps(session, deps, [order], {case.id: case}, actor=actor, at=at)
    overlay = open_overlays(session, [case]).get(case.id, {}).get(asked.kind)
    if overlay is not None:
        keep_ticket(overlay, asked.platform, asked.ticket)
    if not isinstance(outcome, DomainError):
        return OPENED
    if overlay is not None:
        _add(overlay, asked)
    else:
        session.add(_late_step(case, asked, actor, outcome, at))
        _say_moot(session, case, asked, outcome, at)
    told: dict[str, str | None] = {"platform": asked.platform, "ticket": asked.ticket, "kind": asked.kind}
    told |= {"evidence": asked.evidence, "refused": None if overlay else outcome.slug}
    record(
        session, actor=actor, action=f"case.request-{ADDED if overlay else LATE}", object_type="case",
        object_id=case.id, detail=told, at=at,
    )  # fmt: skip
    return ADDED if overlay else LATE


def _say_moot(session: Session, case: Case, asked: Returned, refused: DomainError, at: datetime) -> None:
    """The listing has ended: nobody has to decide that, and who asked is told at once."""
    if refused.slug == "wrong-state":
        told = RequestAnswer(case, asked.kind, MOOT, asked.platform, asked.ticket, refused.title, at)
        publish_answers(session, [told])


def _late_step(case: Case, asked: Returned, actor: Principal, refused: DomainError, at: datetime) -> CaseStep:
    """On the case's timeline, so that the office sees that somebody is waiting for an answer."""
    came = f"{asked.platform_name}转来（受理号 {asked.ticket}，{asked.received_on} 收到）"
    return CaseStep(
        id=new_id(),
        case_id=case.id,
        version=case.version,
        action=f"{LATE}_{asked.kind}",
        from_state=case.state,
        to_state=case.state,
        actor_id=actor.user_id,
        actor_name=actor.display_name,
        reason=f"{came}，到达时已不能受理：{refused.title}。申请内容：{asked.evidence}",
        rule_version=case.rule_version,
        detail={"platform": asked.platform, "ticket": asked.ticket, "refused": refused.slug},
        at=at,
    )


def _sender(case: Case, asked: Returned) -> Principal:
    """In the office's name but nobody of it, as a department's own system files."""
    name = f"{asked.platform_name}（转来）"
    return Principal(
        SYSTEM, asked.platform, name, case.department_id, "", case.region, frozenset({"clerk"}),
        key_id=asked.platform,
    )  # fmt: skip


def _inputs(asked: Returned) -> dict[str, Any]:
    given = {
        "channel": SINGLE_WINDOW if asked.platform == SINGLE_WINDOW else "direct",
        "ticket": asked.ticket,
        "received_at": asked.received_on,
        "evidence": asked.evidence,
    }
    return given | ({"commitment": asked.commitment} if asked.commitment else {})


def _add(overlay: CaseOverlay, asked: Returned) -> None:
    known = overlay.detail.get("evidence") or []
    texts = list(known) if isinstance(known, list) else [known]
    more = f"受理号 {asked.ticket}（{asked.platform_name}转来，{asked.received_on}）：{asked.evidence}"
    if more not in texts:
        overlay.detail = {**overlay.detail, "evidence": [*texts, more]}
