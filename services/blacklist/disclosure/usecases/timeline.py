"""One entry of a request's timeline and of the audit trail, in the transaction of the act."""

from datetime import datetime

from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.disclosure.models import DisclosureRequest, DisclosureStep
from shared.ids import new_id
from shared.web.access import Principal


def write_step(
    session: Session,
    row: DisclosureRequest,
    action: str,
    title: str,
    *,
    actor: Principal | None,
    at: datetime,
    told: str | None = None,
    note: str | None = None,
) -> None:
    """`told` is for the applicant, `note` for officers; the trail keeps neither text."""
    row.updated_at = at
    session.add(
        DisclosureStep(
            id=new_id(),
            request_id=row.id,
            action=action,
            title=title,
            told=told,
            note=note,
            actor_id=actor.user_id if actor else None,
            actor_name=actor.display_name if actor else None,
            at=at,
        )
    )
    audit.record(
        session,
        actor=actor,
        action=f"disclosure.{action}",
        object_type="disclosure-request",
        object_id=row.id,
        detail={"number": row.number, "state": row.state, "department_id": row.department_id},
        at=at,
    )
