"""Handover of cases (承继): cases follow a department to its successor, in the handover's transaction."""

from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.cases.models import Case, CaseImport
from services.blacklist.identity.queries import department
from services.blacklist.rules.usecases import move_duties
from shared.web.access import Principal


def transfer_cases(
    session: Session,
    from_department: str,
    to_department: str,
    on: date,
    *,
    actor: Principal | None,
    at: datetime,
) -> int:
    """Move every case, its open duties and imports; what was decided keeps the organ that decided it.

    Returns how many cases moved.
    """
    after = department(session, to_department)
    ids = session.scalars(select(Case.id).where(Case.department_id == from_department)).all()
    session.execute(
        update(Case)
        .where(Case.department_id == from_department)
        .values(department_id=after.id, version=Case.version + 1)
        .execution_options(synchronize_session="fetch")
    )
    session.execute(
        update(CaseImport).where(CaseImport.department_id == from_department).values(department_id=after.id)
    )
    duties = move_duties(session, from_department, to_department)
    audit.record(
        session,
        actor=actor,
        action="case.transfer",
        object_type="department",
        object_id=from_department,
        detail={"to": to_department, "on": on.isoformat(), "cases": len(ids), "duties": duties},
        at=at,
    )
    return len(ids)
