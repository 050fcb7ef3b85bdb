"""What the files must know of the register: what of a file is public no more, or otherwise than it says."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from services.blacklist.register.domain import Kind
from services.blacklist.register.models import Change, Listing, ListingVersion
from services.blacklist.register.queries import in_force
from services.blacklist.snapshots.domain import BLOCKED, FOLDER, withdrawn
from shared.db import among
from shared.errors import Unavailable, describe_errors

MOST_ASKED = 500
BLOCKED_FOR = 300
"""Seconds after which asking again may help: somebody has to look."""
describe_errors(
    {
        "export-blocked": "发现有公示信息不见，又没有移出记录，全部数据暂停下载。"
        "移出照常生效，变更流照常提供；请按 Retry-After 稍后再试。"
    }
)


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
    """Of listings that vanished, those whose end nothing says: no step that withdraws, and no last day.

    A correction accounts for it only where it made the subject a person, or the record no public one.
    """
    left: list[str] = []
    for start in range(0, len(missing), MOST_ASKED):
        asked = missing[start : start + MOST_ASKED]
        ended = select(Listing.id).where(among(session, Listing.id, asked), Listing.public_until <= today)
        known = set(session.scalars(ended)) | _withdrawn(session, asked, position)
        left += [each for each in asked if each not in known]
    return left


def _withdrawn(session: Session, asked: Sequence[str], position: int) -> set[str]:
    steps: dict[str, list[tuple[str, str | None]]] = {}
    corrected: dict[str, int] = {}
    for listing_id, version, kind, code in session.execute(_newer_steps(session, asked, position)):
        steps.setdefault(listing_id, []).append((kind, code))
        if kind == Kind.CORRECTED:
            corrected[listing_id] = version
    gone = {listing_id for listing_id, taken in steps.items() if withdrawn(taken)}
    return gone | {each for each in corrected.keys() - gone if _not_public(session, each, corrected[each])}


def _newer_steps(session: Session, asked: Sequence[str], position: int) -> Select[str, int, str, str | None]:
    """What was told of them after the position, and what kind of step it was, oldest first."""
    same = and_(ListingVersion.listing_id == Change.listing_id, ListingVersion.version == Change.version)
    columns = (ListingVersion.listing_id, ListingVersion.version, ListingVersion.kind)
    return (
        select(*columns, ListingVersion.reason_code)
        .join(Change, same)
        .where(
            among(session, Change.listing_id, asked),
            or_(Change.position > position, Change.position.is_(None)),
        )
        .order_by(ListingVersion.listing_id, ListingVersion.version)
    )


def _not_public(session: Session, listing_id: str, version: int) -> bool:
    """Whether the correction itself says that this is nothing for everybody."""
    facts = session.get_one(ListingVersion, (listing_id, version)).facts
    if facts["subject"]["type"] == "individual":
        return True
    listing = session.get(Listing, listing_id)
    return listing is not None and listing.disclosure != "proactive"


def export_blocked(folder: Path) -> bool:
    """True until what vanished is back or its absence explained; `folder` is the data directory."""
    return (folder / FOLDER / BLOCKED).exists()


def refuse_while_blocked(folder: Path) -> None:
    """Unavailable where a copy of the whole register might lack listings that were never withdrawn."""
    if export_blocked(folder):
        raise Unavailable(
            "export-blocked", "全部数据暂停下载",
            "发现有公示信息不见，又没有移出记录，正在核对。核对期间不提供全部数据的下载，以免把缺失当作移出；"
            "查询、变更流和移出照常。请稍后再试。",
            retry_after=BLOCKED_FOR,
        )  # fmt: skip
