"""Listings as pages of a site map, by id: organisations in force, at most ten thousand a page."""

from datetime import date, datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from services.blacklist.register.models import Listing
from services.blacklist.register.queries import in_force

PER_MAP = 10_000


def map_pages(session: Session, today: date) -> list[tuple[int, datetime]]:
    """Number (from 1) and newest change of every page."""
    numbered = _shown(today).add_columns(func.row_number().over(order_by=Listing.id).label("row")).subquery()
    page = ((numbered.c.row - 1) // PER_MAP).label("page")
    found = select(page, func.max(numbered.c.changed_at)).group_by("page").order_by("page")
    return [(int(number) + 1, changed) for number, changed in session.execute(found)]


def page_of(session: Session, today: date, number: int) -> list[tuple[str, datetime]]:
    """Listing ids and when they changed."""
    found = _shown(today).order_by(Listing.id).limit(PER_MAP).offset((number - 1) * PER_MAP)
    return [(row.id, row.changed_at) for row in session.execute(found)]


def _shown(today: date) -> Select[str, datetime]:
    shown = select(Listing.id, Listing.changed_at)
    return shown.where(in_force(today), Listing.subject_type == "organization")
