"""Inspections and the ledger go to a department's successor with the rest of its work (承继)."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.blacklist.identity.models import Department
from services.blacklist.supervision.models import (
    AnnualReport,
    GapWarning,
    Inspection,
    InspectionItem,
    LedgerDecision,
    LedgerUpload,
    NumberExplanation,
)


def transfer_supervision(session: Session, from_id: str, to_id: str) -> None:
    """What was found is put right by the successor, and what the office inspected it accepts; its duties move
    with all others. Zero returns stay: each is the signed word of the department that gave it.
    """
    target = session.get_one(Department, to_id)
    owned: tuple[Any, ...] = (InspectionItem, LedgerUpload, GapWarning)
    for model in owned:
        session.execute(update(model).where(model.department_id == from_id).values(department_id=to_id))
    numbered: tuple[Any, ...] = (LedgerDecision, NumberExplanation)
    for model in numbered:
        _move_numbers(session, model, from_id, to_id)
    session.execute(update(Inspection).where(Inspection.office_id == from_id).values(office_id=to_id))
    session.execute(
        update(AnnualReport)
        .where(AnnualReport.department_id == from_id, AnnualReport.published_at.is_(None))
        .values(department_id=to_id, department_name=target.name)
    )


def _move_numbers(session: Session, model: Any, from_id: str, to_id: str) -> None:
    """By number; one the successor has entered itself already stays its own."""
    known = select(model.number_key).where(model.department_id == to_id).scalar_subquery()
    moving = update(model).where(model.department_id == from_id, model.number_key.not_in(known))
    session.execute(moving.values(department_id=to_id), execution_options={"synchronize_session": False})
