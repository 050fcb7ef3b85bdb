"""Checking many bidders at once: who is listed, and whether a measure bars them from one purpose.

Two set-based look-ups for up to a thousand entities; a consortium is as its worst member.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from services.blacklist.register.domain import full_key
from services.blacklist.register.models import Listing, ListingName
from services.blacklist.register.queries.listings import in_force
from shared.regions import within

CHUNK = 500
CLASSES = ("serious", "industry-misconduct", "penalty-record", "notice")
"""From the gravest to the mildest."""
_WORST = {"yes": 0, "unclear": 1, "no": 2}


@dataclass(frozen=True)
class Entity:
    """An organisation by code, by full name or both; or several that bid together (联合体)."""

    name: str | None = None
    uscc: str | None = None
    consortium: tuple["Entity", ...] = ()

    @property
    def members(self) -> tuple["Entity", ...]:
        own = (self,) if self.name or self.uscc else ()
        return own + self.consortium


@dataclass(frozen=True)
class Purpose:
    """What the entity wants to do; `actions` names the measure codes that forbid it, None if not known."""

    domain: str | None = None
    region: str | None = None
    action: str | None = None


@dataclass(frozen=True)
class Found:
    """A listing that is, or may be, the entity's."""

    listing: Listing
    certain: bool


def check_entities(
    session: Session, entities: Sequence[Entity], today: date, *, on: date, purpose: Purpose | None
) -> list[dict[str, Any]]:
    """One answer per entity, in order; measures are judged for the day `on`."""
    members = [member for entity in entities for member in entity.members]
    by_code = _by_code(session, {each.uscc for each in members if each.uscc}, today)
    by_key = _by_key(session, {full_key(each.name) for each in members if each.name}, today)
    return [_answer(entity, _found(entity, by_code, by_key), on, purpose) for entity in entities]


def _by_code(session: Session, codes: set[str], today: date) -> Mapping[str, list[Listing]]:
    found: dict[str, list[Listing]] = defaultdict(list)
    for listing in _organisations(session, Listing.uscc, codes, today):
        found[str(listing.uscc)].append(listing)
    return found


def _by_key(session: Session, keys: set[str], today: date) -> Mapping[str, list[tuple[Listing, int]]]:
    found: dict[str, list[tuple[Listing, int]]] = defaultdict(list)
    ordered = sorted(keys)
    for start in range(0, len(ordered), CHUNK):
        rows = (
            select(ListingName.full_key, ListingName.ordinal, Listing)
            .join(Listing, Listing.id == ListingName.listing_id)
            .where(ListingName.full_key.in_(ordered[start : start + CHUNK]), in_force(today))
        )
        for key, ordinal, listing in session.execute(rows):
            found[key].append((listing, ordinal))
    return found


def _organisations(session: Session, column: Any, values: set[str], today: date) -> Iterable[Listing]:
    ordered = sorted(values)
    allowed: ColumnElement[bool] = in_force(today) & (Listing.subject_type == "organization")
    for start in range(0, len(ordered), CHUNK):
        yield from session.scalars(select(Listing).where(column.in_(ordered[start : start + CHUNK]), allowed))


def _found(
    entity: Entity, by_code: Mapping[str, list[Listing]], by_key: Mapping[str, list[tuple[Listing, int]]]
) -> list[Found]:
    found: dict[str, Found] = {}
    for member in entity.members:
        same_code = [Found(listing, certain=True) for listing in by_code.get(member.uscc or "", ())]
        named = by_key.get(full_key(member.name), ()) if member.name else ()
        for each in same_code + _by_name(member, named):
            known = found.get(each.listing.id)
            if known is None or each.certain:
                found[each.listing.id] = each
    return list(found.values())


def _by_name(member: Entity, named: Iterable[tuple[Listing, int]]) -> list[Found]:
    """A name alone is certain when it is the current one and only one organisation bears it here."""
    rows = [(listing, ordinal) for listing, ordinal in named if _may_be(member, listing)]
    one = len({listing.uscc for listing, _ in rows}) == 1
    return [Found(row, certain=one and ordinal == 0 and not member.uscc) for row, ordinal in rows]


def _may_be(member: Entity, listing: Listing) -> bool:
    return not (member.uscc and listing.uscc and member.uscc != listing.uscc)


def _answer(entity: Entity, found: Sequence[Found], on: date, purpose: Purpose | None) -> dict[str, Any]:
    certain = [each for each in found if each.certain]
    judged = [(each, *_judged(each, on, purpose)) for each in found]
    return {
        "name": entity.name,
        "uscc": entity.uscc,
        "listed": bool(certain),
        "verdict": "listed" if certain else "possible" if found else "none",
        "list_class": min((each.listing.list_class for each in certain), key=CLASSES.index, default=None),
        "barred": min((barred for _, barred, _ in judged), key=lambda each: _WORST[each], default="no"),
        "listings": [_line(each) for each in found],
        "measures": [_cited(each, measure) for each, _, counted in judged for measure in counted],
    }


def _cited(found: Found, measure: Mapping[str, Any]) -> dict[str, Any]:
    return {"listing_id": found.listing.id, **measure}


def _line(found: Found) -> dict[str, Any]:
    listing = found.listing
    return {
        "id": listing.id,
        "name": listing.subject_name,
        "uscc": listing.uscc,
        "list_code": listing.list_code,
        "list_class": listing.list_class,
        "document_number": listing.document_number,
        "public_until": listing.public_until,
        "certain": found.certain,
    }


def _judged(found: Found, on: date, purpose: Purpose | None) -> tuple[str, list[dict[str, Any]]]:
    """Whether the listing's measures bar the purpose, and the measures that say so."""
    said = [(barred(measure, on, purpose), measure) for measure in found.listing.facts["measures"]]
    counted = [(word if found.certain else "unclear", measure) for word, measure in said if word != "no"]
    worst = min((word for word, _ in counted), key=lambda each: _WORST[each], default="no")
    return worst, [measure for _, measure in counted]


def barred(measure: Mapping[str, Any], on: date, purpose: Purpose | None) -> str:
    """yes, no or unclear: whether one measure forbids the purpose on that day."""
    if not _runs(measure, on) or not _same(measure.get("domain"), purpose.domain if purpose else None):
        return "no"
    if purpose is None:
        return "unclear"
    return min(
        _in_region(measure.get("region"), purpose.region), _forbids(measure, purpose.action), key=_mildest
    )


def _mildest(word: str) -> int:
    return -_WORST[word]


def _runs(measure: Mapping[str, Any], on: date) -> bool:
    start, end = measure.get("from"), measure.get("to")
    return (not start or date.fromisoformat(start) <= on) and (not end or on <= date.fromisoformat(end))


def _same(limit: str | None, asked: str | None) -> bool:
    return not limit or not asked or limit == asked


def _in_region(limit: str | None, asked: str | None) -> str:
    if not limit or not asked or within(asked, limit):
        return "yes"
    return "unclear" if within(limit, asked) else "no"


def _forbids(measure: Mapping[str, Any], action: str | None) -> str:
    """A measure's code names the action it forbids; another code may still touch the action."""
    if not action:
        return "yes"
    return "yes" if measure.get("code") == action else "unclear"
