"""The newest steps of the change feed, one per listing, as they stand now."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.register.models import Change, Listing
from services.blacklist.register.queries import in_force, masked_view
from services.blacklist.syndication.domain.feeds import Entry

NEWEST = 50
LOOKED_AT = 200
LIFTED = "一条公示信息已经移出"


def newest_entries(session: Session, today: date) -> list[Entry]:
    """Up to fifty, newest first; a listing changed again stands once, in its newest place."""
    shown = select(Listing.id).where(in_force(today), Listing.subject_type == "organization")
    found = (
        select(Change, Listing)
        .outerjoin(Listing, (Listing.id == Change.listing_id) & Listing.id.in_(shown))
        .where(Change.position.is_not(None))
        .order_by(Change.position.desc())
        .limit(LOOKED_AT)
    )
    entries: dict[str, Entry] = {}
    for change, listing in session.execute(found):
        if change.listing_id not in entries and len(entries) < NEWEST:
            entries[change.listing_id] = _entry(change, listing)
    return list(entries.values())


def _entry(change: Change, listing: Listing | None) -> Entry:
    position = change.position or 0
    if listing is None:
        return Entry(change.listing_id, position, change.recorded_at, LIFTED, LIFTED, public=False)
    view = masked_view(listing)
    title = f"{view['subject']['name']}：{view['list_name']}"
    text = f"{view['organ']['name']}，{view['document']['number']}。{view['misconduct']['facts'] or ''}"
    return Entry(listing.id, position, change.recorded_at, title, text, public=True)


def last_change(session: Session) -> datetime | None:
    """When the newest step was recorded."""
    found = select(Change.recorded_at).where(Change.position.is_not(None)).order_by(Change.position.desc())
    return session.scalar(found.limit(1))
