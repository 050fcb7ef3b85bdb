"""Inspections: draw a sample, record what was found, take in the rectification, accept it, tell the region.

A finding on a case becomes a duty of its department, so that the deadline clock announces it like any other.
"""

import secrets
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from services.blacklist.audit.usecases import record
from services.blacklist.cases.models import Case
from services.blacklist.rules.usecases import create_duty, settle_duty
from services.blacklist.store import Deps
from services.blacklist.supervision.domain.periods import Period
from services.blacklist.supervision.domain.sampling import METHOD, draw, population_digest
from services.blacklist.supervision.models import Inspection, InspectionItem, LedgerDecision
from services.blacklist.supervision.queries.inspections import (
    STATE_NAMES,
    find_inspection,
    find_item,
    items_of,
    population,
)
from shared.clock import local_date
from shared.errors import Conflict, Forbidden, Invalid, describe_errors
from shared.ids import new_id
from shared.regions import within
from shared.web.access import Principal

RECTIFY = "rectify"
RULE, RULE_VERSION = "supervision:rectification", "1"
DRAWN, SOUND, RECTIFYING, RECTIFIED, CLOSED = "drawn", "sound", "rectifying", "rectified", "closed"

describe_errors(
    {
        "inspection-not-found": "没有这次监督检查，或者当前账号不可查看。",
        "inspection-item-not-found": "没有这件抽查样本，或者当前账号不可查看。",
        "nothing-to-draw": "所选部门在该期间没有可以抽查的案件或者决定。请调整范围。",
        "inspection-wrong-state": "样本当前状态不能办理此事项。请刷新后再办理。",
        "not-inspecting-office": "只能由开展检查的部门办理。",
        "not-inspected-department": "只能由被检查的部门办理。",
        "rectification-four-eyes": "整改报告人不得自行销号。请由另一名监督人员办理。",
        "circular-issued": "本次检查已经印发通报。",
        "circular-too-early": "还有样本没有检查完毕，不能印发通报。",
    }
)


def draw_inspection(
    session: Session,
    *,
    title: str,
    region: str,
    period: Period,
    department_ids: Sequence[str],
    size: int,
    seed: str | None,
    actor: Principal,
    at: datetime,
) -> Inspection:
    """A sample of up to `size`; without a seed one is drawn and recorded."""
    if not within(region, actor.region):
        raise Forbidden("not-inspecting-office", "不在本部门的监督范围内")
    found = population(session, department_ids, period)
    if not found:
        raise Invalid("nothing-to-draw", "没有可以抽查的案件或者决定", "请调整部门或者期间。")
    used = seed or secrets.token_hex(8)
    made = Inspection(
        id=new_id(), title=title, region=region, period=period.name, office_id=actor.department_id,
        office_name=actor.department_name, department_ids=sorted(department_ids), seed=used, method=METHOD,
        population=len(found), population_digest=population_digest(found), drawn_by=actor.user_id,
        drawer_name=actor.display_name, drawn_at=at,
    )  # fmt: skip
    session.add(made)
    session.flush()
    for position, chosen in enumerate(draw(found, size, used), 1):
        session.add(_item(made.id, position, *found[chosen]))
    _note(session, "inspection.drawn", made.id, {"seed": used, "population": len(found)}, actor, at)
    session.flush()
    return made


def _item(
    inspection_id: str, position: int, case: Case | None, decision: LedgerDecision | None
) -> InspectionItem:
    owner = case or decision
    if owner is None:
        raise ValueError("a sample is a case or a decision")
    number = case.document_number if case else owner.number if isinstance(owner, LedgerDecision) else None
    return InspectionItem(
        id=new_id(), inspection_id=inspection_id, position=position, department_id=owner.department_id,
        case_id=case.id if case else None, decision_id=decision.id if decision else None,
        document_number=number or "（无文号）", state=DRAWN,
    )  # fmt: skip


def pass_item(
    session: Session, inspection_id: str, item_id: str, opinion: str | None, *, actor: Principal, at: datetime
) -> InspectionItem:
    """Nothing to complain of."""
    _, item = _to_inspect(session, inspection_id, item_id, actor, (DRAWN,))
    item.state, item.opinion = SOUND, opinion
    item.found_by, item.found_at = actor.user_id, at
    _note(session, "inspection.passed", item.id, {}, actor, at)
    return item


def record_finding(
    session: Session,
    deps: Deps,
    inspection_id: str,
    item_id: str,
    *,
    category: str,
    finding: str,
    requirement: str,
    order_number: str,
    working_days: int,
    actor: Principal,
    at: datetime,
) -> InspectionItem:
    """A 督办单: what is wrong, what is to be done, and by when (working days from today)."""
    _, item = _to_inspect(session, inspection_id, item_id, actor, (DRAWN,))
    today = local_date(at)
    item.state, item.category, item.finding = RECTIFYING, category, finding
    item.requirement, item.order_number = requirement, order_number
    item.found_by, item.found_at = actor.user_id, at
    item.due_on = deps.calendar.add_working_days(today, working_days).day
    if item.case_id is not None:
        _owe(session, deps, item, working_days, today)
    _note(session, "inspection.found", item.id, {"order_number": order_number}, actor, at)
    return item


def _owe(session: Session, deps: Deps, item: InspectionItem, working_days: int, today: date) -> None:
    create_duty(
        session, case_id=str(item.case_id), department_id=item.department_id, kind=RECTIFY, rule=RULE,
        rule_version=RULE_VERSION, length_wd=working_days, start_on=today, calendar=deps.calendar,
    )  # fmt: skip


def report_rectification(
    session: Session, inspection_id: str, item_id: str, text: str, *, actor: Principal, at: datetime
) -> InspectionItem:
    """The inspected department says what it did; its duty is met, acceptance follows."""
    _, item = find_item(session, inspection_id, item_id, actor, lock=True)
    if item.department_id != actor.department_id:
        raise Forbidden("not-inspected-department", "只能由被检查的部门报告整改")
    _require(item, (RECTIFYING,))
    item.state, item.rectification = RECTIFIED, text
    item.rectified_by, item.rectified_at = actor.user_id, at
    if item.case_id is not None:
        settle_duty(session, item.case_id, RECTIFY, at)
    _note(session, "inspection.rectified", item.id, {}, actor, at)
    return item


def close_item(
    session: Session,
    deps: Deps,
    inspection_id: str,
    item_id: str,
    *,
    accepted: bool,
    opinion: str,
    working_days: int,
    actor: Principal,
    at: datetime,
) -> InspectionItem:
    """Accept the rectification (销号), or send it back with a new term."""
    _, item = _to_inspect(session, inspection_id, item_id, actor, (RECTIFIED,))
    if item.rectified_by == actor.user_id:
        raise Conflict("rectification-four-eyes", "须由另一人销号", "整改报告人不得自行销号。")
    item.opinion = opinion
    if accepted:
        item.state, item.closed_by, item.closed_at = CLOSED, actor.user_id, at
    else:
        today = local_date(at)
        item.state, item.rectified_by, item.rectified_at = RECTIFYING, None, None
        item.due_on = deps.calendar.add_working_days(today, working_days).day
        if item.case_id is not None:
            _owe(session, deps, item, working_days, today)
    action = "inspection.closed" if accepted else "inspection.sent-back"
    _note(session, action, item.id, {"opinion": opinion}, actor, at)
    return item


def issue_circular(
    session: Session, inspection_id: str, number: str, opinion: str, *, actor: Principal, at: datetime
) -> Inspection:
    """通报 of the results, once every sample was looked at."""
    inspection = find_inspection(session, inspection_id, actor, lock=True)
    _require_office(inspection, actor)
    if inspection.circular_number is not None:
        raise Conflict("circular-issued", "本次检查已经印发通报")
    if any(item.state == DRAWN for item in items_of(session, inspection, actor)):
        raise Conflict("circular-too-early", "还有样本没有检查完毕")
    inspection.circular_number, inspection.circular_opinion, inspection.circular_at = number, opinion, at
    _note(session, "inspection.circular", inspection.id, {"number": number}, actor, at)
    return inspection


def _to_inspect(
    session: Session, inspection_id: str, item_id: str, actor: Principal, states: tuple[str, ...]
) -> tuple[Inspection, InspectionItem]:
    inspection, item = find_item(session, inspection_id, item_id, actor, lock=True)
    _require_office(inspection, actor)
    _require(item, states)
    return inspection, item


def _require_office(inspection: Inspection, actor: Principal) -> None:
    if inspection.office_id != actor.department_id:
        raise Forbidden("not-inspecting-office", "只能由开展检查的部门办理")


def _require(item: InspectionItem, states: tuple[str, ...]) -> None:
    if item.state not in states:
        raise Conflict(
            "inspection-wrong-state", "样本当前状态不能办理此事项", f"样本处于“{STATE_NAMES[item.state]}”。"
        )


def _note(
    session: Session, action: str, object_id: str, detail: dict[str, object], actor: Principal, at: datetime
) -> None:
    record(
        session,
        actor=actor,
        action=action,
        object_type="inspection",
        object_id=object_id,
        detail=detail,
        at=at,
    )
