"""Whose a listing is: taken over from history by a case, or handed to a department's successor (承继).

Neither changes what the listing says, so no version is written and nobody outside is told.
"""

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.blacklist.register.models import Listing
from services.blacklist.register.usecases.steps import locked_in_force
from shared.db import rows_changed
from shared.errors import Conflict


def adoptable_listing(session: Session, listing_id: str) -> Listing:
    """The locked listing, if it came from history, is in force and no case answers for it yet."""
    listing = locked_in_force(session, listing_id)
    if not listing.migrated or listing.case_id is not None:
        raise Conflict(
            "listing-not-adoptable", "这条信息不需要接管", "它不是迁入的历史信息，或者已经有案件。"
        )
    return listing


def give_to_case(listing: Listing, case_id: str, department_id: str) -> None:
    """From here on the case's actions change the listing."""
    listing.case_id, listing.department_id = case_id, department_id


def move_listings(session: Session, from_department: str, to_department: str) -> int:
    """Hand every listing of a department to its successor; returns how many."""
    moved = update(Listing).where(Listing.department_id == from_department)
    return rows_changed(session, moved.values(department_id=to_department))
