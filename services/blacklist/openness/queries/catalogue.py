"""The catalogue entries a department answers for: what it may publish under (谁制作、谁公开, R40–R42)."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.blacklist.disclosure.models import DisclosureItem
from services.blacklist.identity.models import Department


def entries_of(session: Session, department: Department) -> list[DisclosureItem]:
    wanted = select(DisclosureItem).where(
        DisclosureItem.region == department.region,
        DisclosureItem.closed_on.is_(None),
        or_(DisclosureItem.organ == "*", DisclosureItem.organ == department.kind),
    )
    return list(session.scalars(wanted.order_by(DisclosureItem.domain, DisclosureItem.code)))


def entry_for(session: Session, department: Department, code: str) -> DisclosureItem | None:
    """The entry in force, where this department answers for it."""
    found = session.get(DisclosureItem, (department.region, code))
    fits = found is not None and found.closed_on is None and found.organ in ("*", department.kind)
    return found if fits else None


def entry_title(session: Session, region: str, code: str) -> str:
    found = session.get(DisclosureItem, (region, code))
    return found.title if found else code


def entry_titles(session: Session) -> dict[tuple[str, str], str]:
    """Every entry's title by region and code, for a list of items."""
    rows = session.execute(select(DisclosureItem.region, DisclosureItem.code, DisclosureItem.title))
    return {(region, code): title for region, code, title in rows}
