"""Inspections as their office, the inspected departments and overseers see them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.table import DRAFT, NOT_LISTED, WITHDRAWN
from services.blacklist.cases.models import Case
from services.blacklist.cases.queries.finding import region_prefix
from services.blacklist.identity.models import Department
from services.blacklist.supervision.domain.periods import Period
from services.blacklist.supervision.models import Inspection, InspectionItem, LedgerDecision
from services.blacklist.supervision.queries.scope import OVERSEERS
from shared.errors import NotFound
from shared.web.access import Principal

STATE_NAMES = {
    "drawn": "待检查",
    "sound": "未发现问题",
    "rectifying": "整改中",
    "rectified": "已整改，待销号",
    "closed": "已销号",
}
CATEGORIES = {
    "disclosure": "信息公开情况",
    "timeliness": "公开时效",
    "platform-reporting": "平台掌握信息报送和公开情况",
    "procedure": "认定程序",
    "other": "其他",
}


def visible_to(who: Principal) -> ColumnElement[bool]:
    """Overseers see their region's inspections; a department those it was drawn in, or that it holds."""
    drawn = select(InspectionItem.inspection_id).where(InspectionItem.department_id == who.department_id)
    own = or_(Inspection.office_id == who.department_id, Inspection.id.in_(drawn))
    if not who.has(*OVERSEERS):
        return own
    prefix = region_prefix(who.region)
    return or_(own, Inspection.region.startswith(prefix, autoescape=True)) if prefix else true()


def list_inspections(
    session: Session, who: Principal, *, before: str | None, limit: int
) -> Sequence[Inspection]:
    """Newest first, up to `limit` + 1."""
    wanted = select(Inspection).where(visible_to(who)).order_by(Inspection.id.desc()).limit(limit + 1)
    return session.scalars(wanted.where(Inspection.id < before) if before else wanted).all()


def find_inspection(
    session: Session, inspection_id: str, who: Principal, *, lock: bool = False
) -> Inspection:
    wanted = select(Inspection).where(Inspection.id == inspection_id, visible_to(who))
    found = session.scalars(wanted.with_for_update() if lock else wanted).first()
    if found is None:
        raise NotFound("inspection-not-found", "没有这次监督检查")
    return found


def items_of(session: Session, inspection: Inspection, who: Principal) -> Sequence[InspectionItem]:
    """All of them for overseers and the office; an inspected department sees its own."""
    wanted = select(InspectionItem).where(InspectionItem.inspection_id == inspection.id)
    if not who.has(*OVERSEERS) and inspection.office_id != who.department_id:
        wanted = wanted.where(InspectionItem.department_id == who.department_id)
    return session.scalars(wanted.order_by(InspectionItem.position)).all()


def find_item(
    session: Session, inspection_id: str, item_id: str, who: Principal, *, lock: bool = False
) -> tuple[Inspection, InspectionItem]:
    inspection = find_inspection(session, inspection_id, who)
    wanted = select(InspectionItem).where(
        InspectionItem.id == item_id, InspectionItem.inspection_id == inspection.id
    )
    found = session.scalars(wanted.with_for_update() if lock else wanted).first()
    sees_all = who.has(*OVERSEERS) or inspection.office_id == who.department_id
    if found is None or not (sees_all or found.department_id == who.department_id):
        raise NotFound("inspection-item-not-found", "没有这件抽查样本")
    return inspection, found


def population(
    session: Session, department_ids: Sequence[str], period: Period
) -> dict[str, tuple[Case | None, LedgerDecision | None]]:
    """What may be drawn: cases of the period's documents, and decisions of the ledger no case answers for."""
    cases = session.scalars(
        select(Case).where(
            Case.department_id.in_(department_ids),
            Case.state.not_in((DRAFT, WITHDRAWN, NOT_LISTED)),
            or_(
                Case.document_date.between(period.start, period.end),
                Case.decided_on.between(period.start, period.end),
            ),
        )
    ).all()
    decisions = session.scalars(
        select(LedgerDecision).where(
            LedgerDecision.department_id.in_(department_ids),
            LedgerDecision.decided_on.between(period.start, period.end),
            LedgerDecision.number.not_in(
                select(Case.document_number).where(Case.document_number.is_not(None))
            ),
        )
    ).all()
    found: dict[str, tuple[Case | None, LedgerDecision | None]] = {each.id: (each, None) for each in cases}
    return found | {each.id: (None, each) for each in decisions}


def inspection_view(row: Inspection) -> dict[str, Any]:
    names = (
        "id", "title", "region", "period", "office_id", "office_name", "seed", "method", "population",
        "population_digest", "drawer_name", "drawn_at", "circular_number", "circular_opinion", "circular_at",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names}


def item_view(row: InspectionItem, names: dict[str, str], today: date) -> dict[str, Any]:
    shown = (
        "id", "position", "department_id", "case_id", "decision_id", "document_number", "state", "category",
        "finding", "requirement", "order_number", "due_on", "found_at", "rectification", "rectified_at",
        "opinion", "closed_at",
    )  # fmt: skip
    overdue = row.state == "rectifying" and row.due_on is not None and row.due_on < today
    return {name: getattr(row, name) for name in shown} | {
        "department_name": names.get(row.department_id, ""),
        "state_name": STATE_NAMES[row.state],
        "overdue": overdue,
    }


def department_names(session: Session, ids: Sequence[str]) -> dict[str, str]:
    rows = session.execute(select(Department.id, Department.name).where(Department.id.in_(set(ids))))
    return {row.id: row.name for row in rows}
