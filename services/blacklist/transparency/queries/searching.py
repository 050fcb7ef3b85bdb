"""Asking the register as a certificate asks it: an organisation by code or full name, a person by number."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.register.models import Listing, Unlogged
from services.blacklist.register.queries import Entity, check_entities, find_person
from services.blacklist.transparency.domain.certificates import LISTED, NONE, POSSIBLE
from shared.crypto import KeyRing

Answer = tuple[str, Sequence[tuple[Listing, bool]]]
"""The result and the listings found, each with whether it is certainly the subject's."""


def ask(session: Session, keyring: KeyRing, asked: Mapping[str, Any], today: date) -> Answer:
    """What the register says of the subject today."""
    if asked["subject_type"] == "individual":
        return _person(session, keyring, asked, today)
    entity = Entity(asked["name"], asked["uscc"])
    found = check_entities(session, [entity], today, on=today, purpose=None)[0]
    lines = sorted(found["listings"], key=lambda each: each["id"])
    rows = {row.id: row for row in session.scalars(select(Listing).where(Listing.id.in_(_ids(lines))))}
    listings = [(rows[each["id"]], bool(each["certain"])) for each in lines]
    return (LISTED if found["listed"] else POSSIBLE if listings else NONE), listings


def _ids(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    return [each["id"] for each in lines]


def _person(session: Session, keyring: KeyRing, asked: Mapping[str, Any], today: date) -> Answer:
    rows = find_person(
        session, keyring, asked["name"], id_number=asked["id_number"], id_tail=None, today=today
    )
    listings = [(row, True) for row in sorted(rows, key=lambda row: row.id)]
    return (LISTED if listings else NONE), listings


def is_pending(session: Session, listing_ids: Sequence[str]) -> bool:
    """Whether a version of one of these is committed but not in the log yet."""
    waiting = select(Unlogged.id).where(Unlogged.listing_id.in_(listing_ids)).limit(1)
    return bool(listing_ids) and session.scalar(waiting) is not None
