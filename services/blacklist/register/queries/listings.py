"""One listing: publicly only while it is public, else the same "not found" as one that never was."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, select
from sqlalchemy.orm import Session

from services.blacklist.register.domain import Kind, Standing, Status, status
from services.blacklist.register.domain.redaction import covered_since, redact
from services.blacklist.register.models import DeliveryStatus, Listing, ListingVersion
from services.blacklist.register.queries.views import masked_facts
from shared.errors import NotFound

TOLD_PUBLICLY = {Kind.PUBLISHED, Kind.CORRECTED, Kind.ANNOTATED, Kind.RESTORED}
"""Hidden times (屏蔽、暂停) of a listing that is public again are nobody's business."""

FIELD_LABELS = {
    "subject": "主体信息",
    "organ": "认定机关",
    "source": "数据来源单位",
    "document": "决定文书",
    "misconduct": "违法失信事实",
    "severity": "失信程度",
    "measures": "惩戒措施",
    "publicity": "公示期限",
    "annotation": "标注",
    "list": "名单",
}


def in_force(today: date | BindParameter[date]) -> ColumnElement[bool]:
    """What may be shown on this business date; the same rule as `domain.status`, in SQL."""
    return and_(
        Listing.removed_at.is_(None),
        Listing.revoked_at.is_(None),
        Listing.suspended_at.is_(None),
        Listing.shielded_at.is_(None),
        Listing.disclosure == "proactive",
        Listing.public_start <= today,
        Listing.public_until > today,
    )


def standing(listing: Listing) -> Standing:
    return Standing(
        disclosure=listing.disclosure,
        start=listing.public_start,
        until=listing.public_until,
        removed_at=listing.removed_at,
        revoked_at=listing.revoked_at,
        suspended_at=listing.suspended_at,
        shielded_at=listing.shielded_at,
    )


def public_listing(session: Session, listing_id: str, today: date) -> Listing:
    """The listing while it is public; NotFound for hidden, ended and unknown ones alike."""
    listing = session.get(Listing, listing_id)
    if listing is None or status(standing(listing), today) is not Status.PUBLIC:
        raise NotFound("listing-not-found", "没有这条公示信息", "编号有误，或者该信息当前不公示。")
    return listing


def listing_by_id(session: Session, listing_id: str) -> Listing | None:
    """For officials and other features: whatever its status."""
    return session.get(Listing, listing_id)


def deliveries(session: Session, listing_id: str) -> Sequence[DeliveryStatus]:
    """What each platform was told and answered, by platform; the caller has checked that it may be shown."""
    found = select(DeliveryStatus).where(DeliveryStatus.listing_id == listing_id)
    return session.scalars(found.order_by(DeliveryStatus.platform)).all()


def full_versions(session: Session, listing_id: str) -> Sequence[ListingVersion]:
    """Every version in order, hidden times included: never shown publicly as it is."""
    found = select(ListingVersion).where(ListingVersion.listing_id == listing_id)
    return session.scalars(found.order_by(ListingVersion.version)).all()


def history(session: Session, listing: Listing) -> list[dict[str, Any]]:
    """What changed and when, for the public, newest first; persons masked, covered passages too."""
    told: list[dict[str, Any]] = []
    before: dict[str, Any] = {}
    versions = full_versions(session, listing.id)
    for place, each in enumerate(versions, start=1):
        now = masked_facts(covered_since(each.facts, (later.facts for later in versions[place:])))
        if Kind(each.kind) in TOLD_PUBLICLY:
            told.append(_entry(each, before, now))
        before = now
    return told[::-1]


def _entry(each: ListingVersion, before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    changes = [
        {"field": field, "label": label, "before": before.get(field), "after": now.get(field)}
        for field, label in FIELD_LABELS.items()
        if before and before.get(field) != now.get(field)
    ]
    return {
        "version": each.version,
        "kind": each.kind,
        "at": each.at,
        "reason": redact(each.reason).text if each.reason else each.reason,
        "changes": changes,
    }
