"""Changes of the catalogue: what was proposed, and what the catalogue said on an earlier day."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.cases.queries.finding import region_prefix
from services.blacklist.disclosure.models import CatalogueChange, DisclosureItem
from services.blacklist.identity.models import Department
from shared.regions import within
from shared.web.access import Principal

PROPOSED, CONFIRMED, REFUSED = "proposed", "confirmed", "refused"
ENTRY = ("domain", "title", "content", "time_limit", "method", "organ", "supervision", "source")
OFFICE = "government-office"
"""政府办公厅（室） coordinates: it keeps every entry of its region (R44)."""


def entry_of(item: DisclosureItem) -> dict[str, Any]:
    """The entry's text as a change holds it."""
    return {name: getattr(item, name) for name in ENTRY}


def may_keep(session: Session, who: Principal, region: str, organ: str) -> bool:
    """Supervisors their whole region; a department its entries; the government's office its region."""
    if who.has("supervisor") and within(region, who.region):
        return True
    home = session.get(Department, who.department_id)
    return home is not None and home.region == region and home.kind in (organ, OFFICE)


def kept_entries(session: Session, who: Principal, region: str) -> list[DisclosureItem]:
    """Entries of a region in force that this officer may propose to change."""
    wanted = select(DisclosureItem).where(DisclosureItem.region == region, DisclosureItem.closed_on.is_(None))
    rows = session.scalars(wanted.order_by(DisclosureItem.domain, DisclosureItem.code))
    return [each for each in rows if may_keep(session, who, region, each.organ)]


def list_changes(
    session: Session, who: Principal, *, state: str | None, before: str | None, limit: int
) -> Sequence[CatalogueChange]:
    """Of the officer's region, newest first; supervisors see the regions below theirs."""
    wanted = select(CatalogueChange).order_by(CatalogueChange.id.desc()).limit(limit)
    prefix = region_prefix(who.region)
    if not who.has("supervisor", "auditor"):
        wanted = wanted.where(CatalogueChange.region == who.region)
    elif prefix:
        wanted = wanted.where(CatalogueChange.region.startswith(prefix, autoescape=True))
    if state:
        wanted = wanted.where(CatalogueChange.state == state)
    if before:
        wanted = wanted.where(CatalogueChange.id < before)
    return session.scalars(wanted).all()


def entries_on(session: Session, region: str, on: date) -> list[DisclosureItem]:
    """The region's own entries as they stood on a day, by domain and code."""
    rows = {
        row.code: row for row in session.scalars(_of(region)) if row.closed_on is None or row.closed_on > on
    }
    later = select(CatalogueChange).where(
        CatalogueChange.region == region, CatalogueChange.state == CONFIRMED, CatalogueChange.settled_on > on
    )
    for change in session.scalars(later.order_by(CatalogueChange.edition.desc())):
        rows.pop(change.code, None)
        if change.before is not None:
            rows[change.code] = DisclosureItem(region=region, code=change.code, **change.before)
    return sorted(rows.values(), key=lambda row: (row.domain, row.code))


def _of(region: str) -> Any:
    return select(DisclosureItem).where(DisclosureItem.region == region)
