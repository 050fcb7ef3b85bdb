"""Looking up one person: exact name with the identity number or its tail, found by blind index only.

Every miss looks and costs the same: nobody listed, wrong number, wrong name, hidden listing.
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from services.blacklist.register.domain import full_key, tail_value
from services.blacklist.register.models import Listing
from services.blacklist.register.publishes import storage_aad
from services.blacklist.register.queries.listings import in_force
from shared.crypto import KeyRing

MOST = 100


def find_person(
    session: Session, keyring: KeyRing, name: str, *, id_number: str | None, id_tail: str | None, today: date
) -> Sequence[Listing]:
    """The public listings of one person; `id_tail` are the last four to eight signs of the number."""
    return listings_of_person(session, keyring, name, id_number, id_tail, in_force(today))


def listings_of_person(
    session: Session,
    keyring: KeyRing,
    name: str,
    id_number: str | None,
    id_tail: str | None,
    allowed: ColumnElement[bool],
) -> Sequence[Listing]:
    """Those of them that are allowed, newest first; the name must be the same, not merely alike."""
    if id_number:
        matches = Listing.id_blind.in_(keyring.blind_indexes(id_number))
    else:
        matches = Listing.tail_blind.in_(keyring.blind_indexes(tail_value(name, id_tail or "")))
    found = select(Listing).where(matches, Listing.subject_type == "individual", allowed)
    rows = session.scalars(found.order_by(Listing.listed_on.desc(), Listing.id).limit(MOST)).all()
    key = full_key(name)
    return [row for row in rows if full_key(row.subject_name) == key and _ends(row, keyring, id_tail)]


def _ends(listing: Listing, keyring: KeyRing, id_tail: str | None) -> bool:
    if not id_tail:
        return True
    number = keyring.unseal(listing.identity["id_number"], storage_aad(listing.id, "id_number")).decode()
    return number.upper().endswith(id_tail.upper())
