"""Data users: by id or key, what each has not processed, and the public board that says who is behind.

The board tells a count and an age, never which listing: from a position one could read that off the feed.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from services.blacklist.register.models import Change, Listing
from services.blacklist.syndication.domain.following import age_hours, state_of
from services.blacklist.syndication.models import DataUser
from shared.errors import NotFound, describe_errors

MOST_SHOWN = 500
describe_errors({"data-user-not-found": "没有这个数据使用方，或者登记已经结束。请核对编号。"})


def find_data_user(session: Session, user_id: str, *, lock: bool = False) -> DataUser:
    """A registered one, by its id."""
    wanted = select(DataUser).where(DataUser.id == user_id, DataUser.ended_at.is_(None))
    found = session.scalars(wanted.with_for_update() if lock else wanted).first()
    if found is None:
        raise NotFound("data-user-not-found", "没有这个数据使用方", "编号有误，或者登记已经结束。")
    return found


def data_user_by_key(session: Session, prefix: str, secret_hash: str, now: datetime) -> DataUser | None:
    """Whose key it is, while it is in force."""
    found = session.scalars(select(DataUser).where(DataUser.prefix == prefix)).first()
    stored = found.secret_hash if found else "0" * 64
    if not hmac.compare_digest(stored, secret_hash) or found is None:
        return None
    return found if found.ended_at is None and found.key_expires_at > now else None


def registered(session: Session) -> Sequence[DataUser]:
    """All registered ones: the longest behind first, then by name."""
    wanted = select(DataUser).where(DataUser.ended_at.is_(None))
    ordered = wanted.order_by(DataUser.oldest_at.is_(None), DataUser.oldest_at, DataUser.name, DataUser.id)
    return session.scalars(ordered.limit(MOST_SHOWN)).all()


def unprocessed(session: Session, after: int) -> tuple[int, datetime | None]:
    """Removals past a position of the feed: how many listings, and when the oldest was recorded.

    What ends by its own last day is no removal: that day stands in every copy.
    """
    last = (
        select(Change.listing_id, func.max(Change.recorded_at).label("at"))
        .where(Change.position > after)
        .group_by(Change.listing_id)
        .subquery()
    )
    counted = (
        select(func.count(), func.min(last.c.at))
        .join_from(last, Listing, Listing.id == last.c.listing_id)
        .where(_withdrawn())
    )
    number, oldest = session.execute(counted).one()
    return int(number), oldest


def _withdrawn() -> ColumnElement[bool]:
    return or_(
        Listing.removed_at.is_not(None),
        Listing.revoked_at.is_not(None),
        Listing.suspended_at.is_not(None),
        Listing.shielded_at.is_not(None),
        Listing.disclosure != "proactive",
        Listing.subject_type != "organization",
    )


def board_line(user: DataUser, now: datetime, hours: int) -> dict[str, Any]:
    """What anyone may know of a data user."""
    return {
        "name": user.name,
        "kind": user.kind,
        "registered_at": user.registered_at,
        "acknowledged_at": user.acknowledged_at,
        "pending": user.pending,
        "oldest_at": user.oldest_at,
        "age_hours": age_hours(user.oldest_at, now),
        "state": state_of(user.oldest_at, now, hours),
        "counted_at": user.counted_at,
    }


def own_line(user: DataUser, now: datetime, hours: int) -> dict[str, Any]:
    """What the data user itself and the operators see."""
    own = {"id": user.id, "position": user.position, "key_expires_at": user.key_expires_at}
    return board_line(user, now, hours) | own
