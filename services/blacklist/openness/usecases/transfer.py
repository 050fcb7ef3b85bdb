"""What a department has drafted, recorded or been sent goes to its successor with the rest of its work."""

from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.blacklist.identity.models import Department
from services.blacklist.openness.models import ChannelDraft, OpennessItem, Opinion, Report


def transfer_openness(session: Session, from_id: str, to_id: str) -> None:
    """Everything, the public items included: the successor answers for them and is named on them."""
    target = session.get_one(Department, to_id)
    moved: tuple[Any, ...] = (OpennessItem, Opinion, Report)
    for model in moved:
        session.execute(
            update(model)
            .where(model.department_id == from_id)
            .values(department_id=to_id, department_name=target.name)
        )
    session.execute(
        update(ChannelDraft).where(ChannelDraft.department_id == from_id).values(department_id=to_id)
    )
