"""Handover of cases (承继): cases follow a department to its successor, in the handover's transaction."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.cases.domain.table import ARCHIVED, NOT_LISTED, WITHDRAWN
from services.blacklist.cases.models import Adoption, Case, CaseImport, CaseStep
from services.blacklist.cases.publishes import CaseNews, publish_cases
from services.blacklist.identity.models import Department
from services.blacklist.identity.queries import department
from services.blacklist.register.usecases.ownership import move_listings
from services.blacklist.rules.usecases import move_duties
from shared.ids import new_id
from shared.web.access import Principal

AT_ONCE = 500
RULE = "机构职责调整，由承继部门继续办理"
SETTLED = frozenset({ARCHIVED, NOT_LISTED, WITHDRAWN})
"""Nothing is left to do on these: they move, and nobody is told."""


def transfer_cases(
    session: Session,
    from_department: str,
    to_department: str,
    on: date,
    *,
    actor: Principal | None,
    at: datetime,
) -> int:
    """Move every case, its duties, listing and imports; what was decided keeps the organ that decided it.

    Returns how many cases moved.
    """
    before, after = department(session, from_department), department(session, to_department)
    count = 0
    for cases in _cases_of(session, before.id):
        _move(session, cases, before, after, actor, at)
        count += len(cases)
    for model in (CaseImport, Adoption):
        owned = update(model).where(model.department_id == before.id)
        session.execute(owned.values(department_id=after.id))
    listings = move_listings(session, before.id, after.id)
    duties = move_duties(session, before.id, after.id)
    audit.record(
        session,
        actor=actor,
        action="case.transfer",
        object_type="department",
        object_id=before.id,
        detail={
            "to": after.id, "on": on.isoformat(), "cases": count, "duties": duties, "listings": listings,
        },
        at=at,
    )  # fmt: skip
    return count


def _cases_of(session: Session, department_id: str) -> Iterator[Sequence[Case]]:
    """Locked, some hundreds at a time; each batch has left the department before the next is looked for."""
    wanted = select(Case).where(Case.department_id == department_id).order_by(Case.id).limit(AT_ONCE)
    while found := session.scalars(wanted.with_for_update()).all():
        yield found


def _move(
    session: Session,
    cases: Sequence[Case],
    before: Department,
    after: Department,
    actor: Principal | None,
    at: datetime,
) -> None:
    told = [case for case in cases if case.state not in SETTLED]
    reason = f"由{before.name}移交{after.name}"
    for case in cases:
        case.department_id, case.updated_at = after.id, at
        case.version += 1
    for case in told:
        case.sequence += 1
    session.flush()
    session.execute(insert(CaseStep), [_step(case, reason, actor, at) for case in cases])
    publish_cases(
        session, [CaseNews(case, "transferred", "transfer", None, reason, RULE, at) for case in told]
    )


def _step(case: Case, reason: str, actor: Principal | None, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "case_id": case.id,
        "version": case.version,
        "action": "transfer",
        "from_state": case.state,
        "to_state": case.state,
        "actor_id": actor.user_id if actor else None,
        "actor_name": actor.display_name if actor else "系统",
        "actor_role": None,
        "reason": reason,
        "rule": RULE,
        "rule_version": case.rule_version,
        "detail": {},
        "at": at,
    }
