"""Many cases in one request: each row stands or falls alone, four eyes included, in transactions of ≤ 500.

A refused row changes nothing. Should the database itself refuse a whole transaction, its rows are taken again
one by one, so that only the culprit fails.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.blacklist.cases.models import Case
from services.blacklist.cases.queries import cases_to_act_on
from services.blacklist.cases.usecases.transition import Order, take_steps
from services.blacklist.identity.domain import can_act
from services.blacklist.store import Deps
from shared.errors import Conflict, DomainError, Forbidden, NotFound
from shared.web.access import Principal

CHUNK = 500


@dataclass(frozen=True)
class RowOutcome:
    """The row's case after the action, or why it was refused."""

    case_id: str
    case: Case | None
    refused: DomainError | None


def take_many(
    deps: Deps,
    action: str,
    items: Sequence[tuple[str, int]],
    inputs: Mapping[str, Any],
    *,
    actor: Principal,
    at: datetime,
) -> list[RowOutcome]:
    """One action on many (case id, version); outcomes in the order given."""
    orders = [Order(case_id, version, action, inputs) for case_id, version in items]
    outcomes: list[RowOutcome] = []
    for start in range(0, len(orders), CHUNK):
        outcomes += _chunk(deps, orders[start : start + CHUNK], actor, at)
    return outcomes


def _chunk(deps: Deps, orders: Sequence[Order], actor: Principal, at: datetime) -> list[RowOutcome]:
    try:
        with deps.db.write() as session:
            return _together(session, deps, orders, actor, at)
    except (IntegrityError, DomainError) as refused:
        if len(orders) == 1:
            return [RowOutcome(orders[0].case_id, None, _as_conflict(refused))]
        return [outcome for order in orders for outcome in _chunk(deps, [order], actor, at)]


def _together(
    session: Session, deps: Deps, orders: Sequence[Order], actor: Principal, at: datetime
) -> list[RowOutcome]:
    cases = cases_to_act_on(session, [order.case_id for order in orders], actor)
    own = {case_id: case for case_id, case in cases.items() if can_act(actor, case.department_id)}
    able = [order for order in orders if order.case_id in own]
    taken = dict(
        zip(
            (order.case_id for order in able),
            take_steps(session, deps, able, own, actor=actor, at=at),
            strict=True,
        )
    )
    return [_outcome(order.case_id, cases, taken) for order in orders]


def _outcome(case_id: str, cases: Mapping[str, Case], taken: Mapping[str, Case | DomainError]) -> RowOutcome:
    if case_id not in cases:
        return RowOutcome(case_id, None, NotFound("case-not-found", "没有这个案件"))
    if case_id not in taken:
        return RowOutcome(case_id, None, Forbidden("not-own-department", "不是本部门的案件"))
    found = taken[case_id]
    if isinstance(found, DomainError):
        return RowOutcome(case_id, None, found)
    return RowOutcome(case_id, found, None)


def _as_conflict(refused: IntegrityError | DomainError) -> DomainError:
    if isinstance(refused, DomainError):
        return refused
    return Conflict("action-blocked", "现在还不能办理", "数据库约束不允许这项变更，请刷新后重试。")
