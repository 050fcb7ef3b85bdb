"""One listing: publicly only while it is public, else the same "not found" as one that never was."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, select
from sqlalchemy.orm import Session

from services.blacklist.register.domain import Kind, Standing, Status, status
from services.blacklist.register.domain.labels import GROUPS, LABELS
from services.blacklist.register.domain.redaction import covered_since, redact
from services.blacklist.register.models import DeliveryStatus, Listing, ListingVersion
from services.blacklist.register.queries.views import masked_facts
from shared.errors import NotFound

TOLD_PUBLICLY = {Kind.PUBLISHED, Kind.CORRECTED, Kind.ANNOTATED, Kind.RESTORED}
"""Hidden times (屏蔽、紧急暂停公示) of a listing that is public again are nobody's business."""


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
        _change(field, before.get(field), now.get(field))
        for field in GROUPS
        if before and before.get(field) != now.get(field)
    ]
    return {
        "version": each.version,
        "kind": each.kind,
        "at": each.at,
        "reason": redact(each.reason).text if each.reason else _unmarked(each, before),
        "changes": changes,
    }


def _unmarked(each: ListingVersion, before: dict[str, Any]) -> str | None:
    """A mark that is taken away has no wording of its own."""
    note = before.get("annotation")
    return f"取消标注：{note}" if note and Kind(each.kind) is Kind.ANNOTATED else None


def _change(field: str, was: Any, now: Any) -> dict[str, Any]:
    """Of a group of facts only those that differ, by their names."""
    label = GROUPS[field]
    if isinstance(was, dict) and isinstance(now, dict):
        differ = [name for name in {**was, **now} if was.get(name) != now.get(name)]
        was, now = ({name: side[name] for name in differ if name in side} for side in (was, now))
        named = [LABELS[f"{field}.{name}"] for name in differ if f"{field}.{name}" in LABELS]
        label = "、".join(named) or label
    return {"field": field, "label": label, "before": was, "after": now}
