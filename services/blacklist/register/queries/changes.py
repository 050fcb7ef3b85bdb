"""The public change feed (变更流): organisations only, in the order of positions the sequencer gave.

Each entry shows what the listing is now, so that nothing withdrawn later can be read from an old page.
"""

from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.blacklist.register.domain import Status, status
from services.blacklist.register.models import Change, Listing
from services.blacklist.register.queries.listings import standing
from services.blacklist.register.queries.views import masked_view


def changes_after(session: Session, after: int, limit: int, today: date) -> list[dict[str, Any]]:
    """Up to `limit` entries with a position above `after`."""
    found = (
        select(Change, Listing)
        .outerjoin(Listing, Listing.id == Change.listing_id)  # the public role sees no hidden listing
        .where(Change.position > after)
        .order_by(Change.position)
        .limit(limit)
    )
    return [_entry(change, listing, today) for change, listing in session.execute(found)]


def _entry(change: Change, listing: Listing | None, today: date) -> dict[str, Any]:
    base = {"position": change.position, "listing_id": change.listing_id, "recorded_at": change.recorded_at}
    if _is_shown(listing, today) and listing is not None:
        return base | {"operation": "current", "version": listing.version, "listing": masked_view(listing)}
    return base | {"operation": "withdrawn", "version": change.version, "listing": None}


def _is_shown(listing: Listing | None, today: date) -> bool:
    """Organisations that are public; one that turned out to be a person is withdrawn like any other."""
    if listing is None or listing.subject_type != "organization":
        return False
    return status(standing(listing), today) is Status.PUBLIC


def oldest_position(session: Session) -> int:
    """The first step that is kept; 0 where there is none."""
    return session.scalar(select(func.min(Change.position))) or 0


def newest_position(session: Session) -> int:
    """The feed's end; 0 before the first step."""
    return session.scalar(select(func.max(Change.position))) or 0
