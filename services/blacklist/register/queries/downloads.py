"""All organisations in force, read in blocks so that a million rows never stand in memory at once."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.blacklist.register.models import Listing
from services.blacklist.register.queries.listings import in_force
from services.blacklist.register.queries.views import masked_view

BLOCK = 1000


def organisations_in_force(session: Session, today: date) -> Iterator[dict[str, Any]]:
    """Public forms by listing id."""
    last = ""
    while rows := _block(session, today, last):
        yield from map(masked_view, rows)
        last = rows[-1].id
        session.expunge_all()


def count_in_force(session: Session, today: date) -> int:
    """How many the file will have."""
    wanted = (Listing.subject_type == "organization", in_force(today))
    return session.scalar(select(func.count()).select_from(Listing).where(*wanted)) or 0


def _block(session: Session, today: date, last: str) -> list[Listing]:
    found = select(Listing).where(Listing.subject_type == "organization", Listing.id > last, in_force(today))
    return list(session.scalars(found.order_by(Listing.id).limit(BLOCK)))
