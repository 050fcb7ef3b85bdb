"""The register as it was at the end of a day, ended and hidden listings included: for officials only."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from services.blacklist.register.domain import Kind, full_key, status
from services.blacklist.register.models import Listing, ListingName, ListingVersion
from services.blacklist.register.queries.listings import standing
from services.blacklist.register.queries.persons import listings_of_person
from services.blacklist.register.queries.views import masked_facts
from shared.clock import SHANGHAI
from shared.crypto import KeyRing

MOST = 100
NOT_SHOWN = {Kind.REMOVED: "removed", Kind.REVOKED: "revoked", Kind.SHIELDED: "hidden"}


def past_listings(
    session: Session, name: str | None, uscc: str | None, on: date, today: date
) -> list[dict[str, Any]]:
    """What it said that day of an organisation of this code or name (former names too), newest first."""
    found = session.scalars(
        select(Listing)
        .where(or_(*_named(name, uscc)), Listing.subject_type == "organization", Listing.listed_on <= on)
        .order_by(Listing.listed_on.desc(), Listing.id)
        .limit(MOST)
    ).all()
    return _told(session, found, on, today)


def past_of_person(
    session: Session,
    keyring: KeyRing,
    name: str,
    id_number: str | None,
    id_tail: str | None,
    on: date,
    today: date,
) -> list[dict[str, Any]]:
    """The same of one person, by exact name and number or its tail; names stay masked.

    A listing is found by whom it names today. What it said of somebody else before a correction is not told.
    """
    found = listings_of_person(session, keyring, name, id_number, id_tail, Listing.listed_on <= on)
    return _told(session, found, on, today, full_key(name))


def _told(
    session: Session, found: Sequence[Listing], on: date, today: date, key: str | None = None
) -> list[dict[str, Any]]:
    """Only versions that name the person of this key, where one is given."""
    told = ((listing, _version(session, listing.id, on)) for listing in found)
    return [
        _line(listing, version, on, today)
        for listing, version in told
        if version is not None and key in {None, full_key(version.facts["subject"]["name"])}
    ]


def _named(name: str | None, uscc: str | None) -> Sequence[ColumnElement[bool]]:
    ways: list[ColumnElement[bool]] = []
    if uscc:
        ways.append(Listing.uscc == uscc)
    if name:
        keyed = select(ListingName.listing_id).where(ListingName.full_key == full_key(name))
        ways.append(Listing.id.in_(keyed))
    return ways


def _version(session: Session, listing_id: str, on: date) -> ListingVersion | None:
    """The last one of that day or before."""
    midnight = datetime.combine(on + timedelta(days=1), time(), SHANGHAI)
    return session.scalars(
        select(ListingVersion)
        .where(ListingVersion.listing_id == listing_id, ListingVersion.at < midnight)
        .order_by(ListingVersion.version.desc())
        .limit(1)
    ).first()


def _line(listing: Listing, version: ListingVersion, on: date, today: date) -> dict[str, Any]:
    facts = masked_facts(version.facts)
    return {
        "id": listing.id,
        "version": version.version,
        "name": facts["subject"]["name"],
        "uscc": listing.uscc,
        "list_name": facts["list"]["name"],
        "organ_name": facts["organ"]["name"],
        "document_number": facts["document"]["number"],
        "listed_on": listing.listed_on,
        "state_then": _state_then(listing, version, on),
        "state_now": status(standing(listing), today).value,
        "changed_at": version.at,
        "reason": version.reason,
        "facts": facts,
    }


def _state_then(listing: Listing, version: ListingVersion, on: date) -> str:
    state = NOT_SHOWN.get(Kind(version.kind))
    return state or ("expired" if listing.public_max_end <= on else "public")
