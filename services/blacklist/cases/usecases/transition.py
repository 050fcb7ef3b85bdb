"""Take cases through the table: find the row, check version, inputs and guards, apply the effect, and write
timeline, audit and event. One case or hundreds go the same way, with the same number of lookups.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.audit.domain import without_identities
from services.blacklist.audit.usecases import Act
from services.blacklist.cases.domain.guards import check, law_forbids
from services.blacklist.cases.domain.redaction import reason_problems
from services.blacklist.cases.domain.table import BEFORE_DECISION, find_transition
from services.blacklist.cases.models import Case, CaseOverlay
from services.blacklist.cases.publishes import CaseNews, publish_answers, publish_cases
from services.blacklist.cases.queries import case_to_act_on, open_overlays, standing_of
from services.blacklist.cases.queries.twins import entry_of, published_entries
from services.blacklist.cases.queries.views import acting
from services.blacklist.cases.usecases import (
    changing,
    decision,
    hearing,
    holding,
    legal_review,
    material,
    overlays,
    publication,
    removal,
    review,
    service,
)
from services.blacklist.cases.usecases.filing import refuse
from services.blacklist.cases.usecases.moves import Batch, Move, check_inputs, refusal, wrong_state
from services.blacklist.cases.usecases.office import Office
from services.blacklist.cases.usecases.papers import keep_papers
from services.blacklist.cases.usecases.versions import require_version
from services.blacklist.register.usecases import publish_listings
from services.blacklist.store import Deps
from shared.clock import local_date
from shared.errors import DomainError
from shared.ids import new_id
from shared.web.access import Principal

PUBLISH = "publish"
Effect = Callable[[Move], None]
EFFECTS: Mapping[str, Effect] = {
    "submit": review.submit,
    "approve_notice": review.approve_notice,
    "confirm_decision": review.confirm_decision,
    "return_for_revision": review.return_for_revision,
    "dismiss": review.end_without_listing,
    "withdraw": review.end_without_listing,
    "record_statement": decision.record_statement,
    "open_hearing": hearing.open_hearing,
    "reschedule_hearing": hearing.reschedule_hearing,
    "close_hearing": hearing.close_hearing,
    "record_legal_review": legal_review.record_legal_review,
    "decide": decision.decide,
    "record_service": service.record_service,
    "renew_service": service.renew_service,
    "record_notice_service": service.record_notice_service,
    "renew_notice_service": service.renew_notice_service,
    "fail_notice_service": service.fail_notice_service,
    "fail_service": service.fail_service,
    "serve_again": service.serve_again,
    "approve_redaction": review.approve_redaction,
    "close_undisclosed": review.end_without_listing,
    "publish": publication.publish,
    "report_change": changing.report_change,
    "drop_change": changing.drop_change,
    "correct": changing.correct,
    "revoke": removal.revoke,
    "restore": removal.restore,
    "expire": removal.expire,
    "archive": removal.archive,
    "record_obligations": holding.record_obligations,
    "ask_expiry": holding.ask_expiry,
    "decide_expiry": holding.decide_expiry,
    "propose_removal": holding.propose_removal,
    "remove_linked": removal.remove_linked,
    "keep_listing": holding.keep_listing,
    "suspend": overlays.suspend,
    "confirm_suspension": overlays.confirm_suspension,
    "lift_suspension": overlays.show_again,
    "lapse_suspension": overlays.show_again,
    "shield": overlays.shield,
    "unshield": overlays.show_again,
    "end_shield": overlays.show_again,
    "open_objection": overlays.open_request,
    "accept_objection": overlays.accept_request,
    "settle_objection": overlays.settle_objection,
    "open_repair": overlays.open_request,
    "accept_repair": overlays.accept_request,
    "refuse_objection": overlays.refuse_request,
    "refuse_repair": overlays.refuse_request,
    "request_material": material.request_material,
    "receive_material": material.receive_material,
    "extend_repair": overlays.extend_repair,
    "settle_repair": overlays.settle_repair,
}
"""What each action does beside moving the state; every action of the table has one."""


@dataclass(frozen=True)
class Order:
    """One wish: this case, seen at this version, with these inputs; loops name no version."""

    case_id: str
    version: int | None
    action: str
    inputs: Mapping[str, Any]


def take_step(session: Session, deps: Deps, order: Order, *, actor: Principal, at: datetime) -> Case:
    """One transition by a person; DomainError says why not."""
    case = case_to_act_on(session, order.case_id, actor)
    outcome = take_steps(session, deps, [order], {case.id: case}, actor=actor, at=at)[0]
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


def take_steps(
    session: Session,
    deps: Deps,
    orders: Sequence[Order],
    cases: Mapping[str, Case],
    *,
    actor: Principal | None,
    at: datetime,
) -> list[Case | DomainError]:
    """Transitions of locked, different cases; the answer in order, a refusal per row that may not."""
    batch = Batch(session, deps, Office(session, local_date(at)), actor, at, case_ids=list(cases))
    publishing = [cases[order.case_id] for order in orders if order.action == PUBLISH]
    batch.published = published_entries(session, publishing, batch.today)
    known = open_overlays(session, cases.values())
    outcomes = [
        _attempt(batch, cases[order.case_id], order, known.get(order.case_id, {})) for order in orders
    ]
    session.flush()
    keep_papers(batch)
    batch.write_down()
    if batch.publications:
        publish_listings(session, deps.keyring, batch.publications, at=at)
    publish_cases(session, batch.news)
    publish_answers(session, batch.answers)
    return outcomes


def _attempt(
    batch: Batch, case: Case, order: Order, overlays_of: dict[str, CaseOverlay]
) -> Case | DomainError:
    try:
        move = _prepared(batch, case, order, overlays_of)
        EFFECTS[order.action](move)
    except DomainError as refused:
        return refused
    if order.action == PUBLISH:
        batch.published.add(entry_of(case, case.listing_id))
    _write_down(move)
    return case


def _prepared(batch: Batch, case: Case, order: Order, overlays_of: dict[str, CaseOverlay]) -> Move:
    if order.version is not None:
        require_version(case, order.version)
    row = find_transition(case.procedure, case.state, order.action)
    if row is None or bool(row.roles) != (batch.actor is not None):
        raise wrong_state(case, order.action)
    rule = batch.office.rule(case.list_code)
    twin = batch.published.twin_of(entry_of(case)) if order.action == PUBLISH else None
    standing = standing_of(case, overlays_of, rule, batch.today, twin)
    if batch.actor is None:
        blocked = law_forbids(row, standing, batch.today)
        if blocked:
            raise refusal(blocked)
    else:
        blocked = check(row, standing, acting(batch.actor), batch.today)
        if blocked:
            raise refusal(blocked)
        check_inputs(row, order.inputs)
    inputs = {
        name: value if name == "changes" else without_identities(value)
        for name, value in order.inputs.items()
    }
    move = Move(batch, case, row, inputs, overlays_of, rule, row.target or case.state)
    if batch.actor is not None:
        refuse(list(reason_problems(row.action, move.reason)))
    return move


def _write_down(move: Move) -> None:
    batch, case, row = move.batch, move.case, move.row
    before, case.state = case.state, move.target
    if move.rule and before in BEFORE_DECISION:
        case.rule_version = move.rule.version
    version = move.rule.version if move.rule else case.rule_version
    case.version += 1
    case.updated_at = batch.at
    role = _role(move)
    batch.steps.append(
        {
            "id": new_id(),
            "case_id": case.id,
            "version": case.version,
            "action": row.action,
            "from_state": before,
            "to_state": case.state,
            "actor_id": move.person if batch.actor else None,
            "actor_name": batch.actor.display_name if batch.actor else "系统",
            "actor_role": role,
            "reason": move.reason,
            "rule": row.rule,
            "rule_version": version,
            "detail": move.detail,
            "at": batch.at,
        }
    )
    told = {"from": before, "to": case.state, "version": case.version, "reason": move.reason}
    told |= {"rule": row.rule, "rule_version": version}
    batch.acts.append(Act(f"case.{row.action}", "case", case.id, told))
    if row.event:
        case.sequence += 1
        news = CaseNews(case, row.event, row.action, role, move.reason, row.rule, batch.at, version)
        batch.news.append(news)


def _role(move: Move) -> str | None:
    """In what capacity the actor acts: a department's system is named as one (接口)."""
    actor = move.batch.actor
    if actor is not None and actor.key_id:
        return "key"
    return next((role for role in move.row.roles if actor and role in actor.roles), None)
