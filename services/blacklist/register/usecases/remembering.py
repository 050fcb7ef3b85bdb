"""An official looks at the past of the register: who saw what, of which day and for what, is recorded.

Of persons the trail keeps no name and no number: a keyed hash tells whether it was this one.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.audit.usecases import record
from services.blacklist.register.domain import full_key, tail_value
from services.blacklist.register.domain.days import refuse_future
from services.blacklist.register.queries.past import past_listings, past_of_person
from services.blacklist.register.usecases.persons import spend_past
from services.blacklist.store import Deps
from shared.clock import local_date
from shared.crypto import KeyRing
from shared.web.access import Principal

Lines = list[dict[str, Any]]
ORGANISATION, PERSON = "listing.read-past", "listing.read-past-person"


def look_back(
    session: Session,
    *,
    name: str | None,
    uscc: str | None,
    on: date,
    purpose: str,
    actor: Principal,
    at: datetime,
) -> Lines:
    """The listings as they stood; no answer leaves without its entry, an empty one neither."""
    today = local_date(at)
    refuse_future(on, today)
    found = past_listings(session, name, uscc, on, today)
    about = {"as_of": on.isoformat(), "purpose": purpose, "name": name, "uscc": uscc}
    _record(session, ORGANISATION, about, found, actor, at)
    return found


def look_back_at_person(deps: Deps, asked: Mapping[str, Any], actor: Principal) -> Lines:
    """The same of a person: exact name with number or tail, so many an hour for each official."""
    at = deps.clock.now()
    today, on = local_date(at), asked["as_of"]
    refuse_future(on, today)
    spend_past(deps, actor)
    name, number, tail = asked["name"], asked["id_number"], asked["id_tail"]
    about = {
        "as_of": on.isoformat(),
        "purpose": asked["purpose"],
        "asked_by": "id_number" if number else "id_tail",
        "person": _hashed(deps.keyring, name, number, tail),
    }
    with deps.db.write() as session:
        found = past_of_person(session, deps.keyring, name, number, tail, on, today)
        _record(session, PERSON, about, found, actor, at)
    return found


def _hashed(keyring: KeyRing, name: str, number: str | None, tail: str | None) -> str:
    """Kept apart from the indexes of listings: the hash alone leads to none, other than the entry's ids."""
    return keyring.blind_index(f"read-past {full_key(name)} {number or tail_value(name, tail or '')}")


def _record(
    session: Session, action: str, about: Mapping[str, Any], found: Lines, actor: Principal, at: datetime
) -> None:
    record(
        session,
        actor=actor,
        action=action,
        object_type="listing",
        object_id=found[0]["id"] if found else "-",
        detail={**about, "found": [each["id"] for each in found]},
        at=at,
    )
