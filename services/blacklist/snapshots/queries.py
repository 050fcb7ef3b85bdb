"""What the files must know of the register: what of a file is public no more, or otherwise than it says."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.blacklist.register.models import Change, Listing
from services.blacklist.register.queries import in_force
from shared.db import among

MOST_ASKED = 500


def changed_since(session: Session, position: int) -> bool:
    """Whether anything was committed that a file of this position may not show."""
    newer = or_(Change.position > position, Change.position.is_(None))
    return session.scalar(select(Change.id).where(newer).limit(1)) is not None


def gone_since(session: Session, position: int, day: date, today: date) -> set[str]:
    """Listings that a file of this position and day may show and that are not public now."""
    newer = or_(Change.position > position, Change.position.is_(None))
    shown = in_force(today) & (Listing.subject_type == "organization")
    joined = select(Change.listing_id).outerjoin(Listing, Listing.id == Change.listing_id)
    gone = set(session.scalars(joined.where(newer, or_(Listing.id.is_(None), ~shown))))
    if today > day:
        over = select(Listing.id).where(Listing.public_until > day, Listing.public_until <= today)
        gone.update(session.scalars(over))
    return gone


def changed_again(session: Session, position: int) -> set[str]:
    """Listings that a file of this position may show as they are no more."""
    newer = or_(Change.position > position, Change.position.is_(None))
    return set(session.scalars(select(Change.listing_id).where(newer, Change.version > 1)))


def unexplained(session: Session, missing: Sequence[str], position: int, today: date) -> list[str]:
    """Of listings that vanished, those for which neither a change nor their last day accounts."""
    left: list[str] = []
    for start in range(0, len(missing), MOST_ASKED):
        asked = missing[start : start + MOST_ASKED]
        newer = or_(Change.position > position, Change.position.is_(None))
        known = set(
            session.scalars(select(Change.listing_id).where(among(session, Change.listing_id, asked), newer))
        )
        ended = select(Listing.id).where(among(session, Listing.id, asked), Listing.public_until <= today)
        known.update(session.scalars(ended))
        left += [each for each in asked if each not in known]
    return left
