"""Remove, revoke, hide, show and restore: when a listing stops being shown, and when it returns."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from services.blacklist.register.domain import EXPIRY, Kind, Publicity, is_shield
from services.blacklist.register.models import Listing
from services.blacklist.register.usecases.steps import Step, locked, locked_in_force, record
from shared.clock import local_date
from shared.crypto import KeyRing


def remove_listing(
    session: Session, keyring: KeyRing, listing_id: str, *, reason_code: str, reason: str, at: datetime
) -> Listing:
    """End the publicity after repair, expiry or an upheld objection (移出)."""
    listing = locked_in_force(session, listing_id)
    listing.removed_at = at
    _end(listing, reason_code, reason, at)
    record(session, keyring, [Step(listing, Kind.REMOVED, at)])
    return listing


def expire_listings(session: Session, keyring: KeyRing, listings: Sequence[Listing], *, at: datetime) -> None:
    """End locked listings whose last day is over, as a case's expiry ends its own (期满移出)."""
    for listing in listings:
        listing.removed_at = at
        _end(listing, EXPIRY, "公示期满", at)
    record(session, keyring, [Step(listing, Kind.REMOVED, at) for listing in listings])


def revoke_listing(
    session: Session,
    keyring: KeyRing,
    listing_id: str,
    *,
    reason: str,
    at: datetime,
    reason_code: str = "revoked",
) -> Listing:
    """Undo a listing whose decision was annulled, unlawful or void (撤销)."""
    listing = locked_in_force(session, listing_id)
    listing.revoked_at = at
    _end(listing, reason_code, reason, at)
    record(session, keyring, [Step(listing, Kind.REVOKED, at)])
    return listing


def hide_listing(
    session: Session, keyring: KeyRing, listing_id: str, *, code: str, reason: str, at: datetime
) -> Listing:
    """Hide at once: `suspended` by an officer, or `shield:…` by law; both may stand together."""
    listing = locked_in_force(session, listing_id)
    if is_shield(code):
        listing.shielded_at, listing.shield_code = at, code
    else:
        listing.suspended_at = at
    listing.reason_code, listing.reason = code, reason
    record(session, keyring, [Step(listing, Kind.SHIELDED, at)])
    return listing


def show_listing(
    session: Session, keyring: KeyRing, listing_id: str, *, code: str, reason: str | None, at: datetime
) -> Listing:
    """Lift one hide; the listing is shown again when no other stands."""
    listing = locked_in_force(session, listing_id)
    if is_shield(code):
        listing.shielded_at = listing.shield_code = None
    else:
        listing.suspended_at = None
    listing.reason_code, listing.reason = code, reason
    record(session, keyring, [Step(listing, Kind.UNSHIELDED, at)])
    return listing


def restore_listing(
    session: Session, keyring: KeyRing, listing_id: str, *, reason: str, publicity: Publicity, at: datetime
) -> Listing:
    """Bring a removed listing back for its remaining period (恢复列入)."""
    listing = locked(session, listing_id)
    listing.removed_at = listing.revoked_at = None
    listing.suspended_at = listing.shielded_at = listing.shield_code = None  # hides ended with the listing
    listing.actual_end, listing.public_max_end = publicity.actual_end, publicity.max_end
    listing.public_min_end, listing.public_until = publicity.min_end, publicity.until
    listing.reason_code, listing.reason = None, reason
    record(session, keyring, [Step(listing, Kind.RESTORED, at)])
    return listing


def _end(listing: Listing, reason_code: str, reason: str, at: datetime) -> None:
    listing.actual_end = local_date(at)
    listing.public_until = min(listing.actual_end, listing.public_max_end)
    listing.reason_code, listing.reason = reason_code, reason
