"""Filling the regions' own catalogue items; running it again adds only what is missing."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.disclosure.models import DisclosureItem


def load_items(session: Session, rows: Iterable[Mapping[str, str]]) -> int:
    """Rows with the columns of `DisclosureItem`; how many were new."""
    known = {tuple(row) for row in session.execute(select(DisclosureItem.region, DisclosureItem.code))}
    fresh = [DisclosureItem(**row) for row in rows if (row["region"], row["code"]) not in known]
    session.add_all(fresh)
    return len(fresh)
