"""Requests a department was sent go to its successor with the rest of its work (承继)."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.blacklist.disclosure.models import DisclosureRequest
from services.blacklist.identity.models import Department


def transfer_requests(session: Session, from_id: str, to_id: str) -> None:
    """Those under way are answered by the successor; it holds those that were answered."""
    target = session.get_one(Department, to_id)
    session.execute(
        update(DisclosureRequest)
        .where(DisclosureRequest.department_id == from_id)
        .values(department_id=target.id, department_name=target.name, region=target.region)
    )
