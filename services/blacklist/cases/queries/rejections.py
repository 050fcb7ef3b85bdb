"""What platforms sent back of a case's listing, and how the tasks to correct it stand."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.cases.models import PlatformRejection


def rejections_of(session: Session, case_id: str) -> Sequence[PlatformRejection]:
    """One a platform, the newest first."""
    wanted = select(PlatformRejection).where(PlatformRejection.case_id == case_id)
    newest = (PlatformRejection.rejected_at.desc(), PlatformRejection.platform)
    return session.scalars(wanted.order_by(*newest)).all()


def rejection_view(row: PlatformRejection, duties: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What is to be corrected where; `state` and `due` are those of its duty."""
    duty = next((each for each in duties if each["id"] == row.duty_id), None)
    same = (
        "platform",
        "platform_name",
        "operation",
        "version",
        "field",
        "code",
        "reason",
        "times",
        "duty_id",
    )
    return {name: getattr(row, name) for name in same} | {
        "at": row.rejected_at.isoformat(),
        "due": duty["due"] if duty else None,
        "state": duty["state"] if duty else None,
    }
