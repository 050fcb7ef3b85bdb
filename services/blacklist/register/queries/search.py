"""Public search for organisations: exact code and full name by B-tree, then the core of the name, its
beginning, and any part of it.

Score: 1.00 same code or same full name; 0.95 a former name; 0.90 same document number or same name but for
the legal form; 0.60–0.80 begins with the text, 0.40–0.60 contains it, rising with the part of the name that
the text covers. Verdict `listed` for code and current full name, else `possible`: someone has to look.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from services.blacklist.register.domain import core_key, full_key
from services.blacklist.register.models import Listing, ListingName
from services.blacklist.register.queries.listings import in_force
from services.blacklist.register.queries.views import summary
from shared.identifiers import InvalidIdentifier, check_uscc

CANDIDATES = 400
SAME_CODE, SAME_NAME, FORMER_NAME = "同一统一社会信用代码", "名称相同", "曾用名"
SAME_CORE, CONTAINS, SAME_DOCUMENT, ALL = "名称主体相同", "名称包含", "文号相同", "符合筛选条件"
_LAST_SIGN = "\U0010ffff"


@dataclass(frozen=True)
class Criteria:
    """What is asked; `as_of` narrows to what was already listed then among what is public today."""

    q: str = ""
    region: str | None = None
    domain: str | None = None
    list_code: str | None = None
    list_class: str | None = None
    as_of: date | None = None


@dataclass(frozen=True)
class Hit:
    """A listing found, how sure it is (thousandths), and why."""

    listing_id: str
    points: int
    why: tuple[str, ...]

    @property
    def verdict(self) -> str:
        return "listed" if {SAME_CODE, SAME_NAME} & set(self.why) else "possible"


def search(
    session: Session, criteria: Criteria, today: date, *, after: Sequence[Any] | None = None, limit: int = 20
) -> list[dict[str, Any]]:
    """Up to `limit + 1` lines after the last one shown: its (points, id), or (date, id) to browse."""
    allowed = and_(in_force(today), Listing.subject_type == "organization", *_filters(criteria))
    if not criteria.q.strip():
        return _browse(session, allowed, after, limit)
    hits = sorted(_hits(session, criteria.q, allowed, limit), key=lambda hit: (-hit.points, hit.listing_id))
    if after:
        hits = [hit for hit in hits if (-hit.points, hit.listing_id) > (-after[0], after[1])]
    return _lines(session, hits[: limit + 1])


def region_prefix(region: str) -> str:
    """The digits that every code of the subtree begins with; empty for the nation."""
    return region.removesuffix("00").removesuffix("00").removesuffix("00")


def _filters(criteria: Criteria) -> Iterable[ColumnElement[bool]]:
    if criteria.region and (prefix := region_prefix(criteria.region)):
        yield Listing.region.between(prefix.ljust(6, "0"), prefix.ljust(6, "9"))
    if criteria.domain:
        yield Listing.domain == criteria.domain
    if criteria.list_code:
        yield Listing.list_code == criteria.list_code
    if criteria.list_class:
        yield Listing.list_class == criteria.list_class
    if criteria.as_of:
        yield Listing.listed_on <= criteria.as_of


def _browse(
    session: Session, allowed: ColumnElement[bool], after: Sequence[Any] | None, limit: int
) -> list[dict[str, Any]]:
    found = select(Listing).where(allowed).order_by(Listing.listed_on.desc(), Listing.id.desc())
    if after:
        earlier = and_(Listing.listed_on == after[0], Listing.id < after[1])
        found = found.where(or_(Listing.listed_on < after[0], earlier))
    rows = session.scalars(found.limit(limit + 1))
    return [summary(row) | {"score": 1.0, "verdict": "listed", "why": [ALL]} for row in rows]


def _lines(session: Session, hits: Sequence[Hit]) -> list[dict[str, Any]]:
    found = select(Listing).where(Listing.id.in_([hit.listing_id for hit in hits]))
    rows = {row.id: row for row in session.scalars(found)} if hits else {}
    return [
        summary(rows[hit.listing_id])
        | {"score": hit.points / 1000, "verdict": hit.verdict, "why": list(hit.why)}
        for hit in hits
        if hit.listing_id in rows
    ]


def _hits(session: Session, text: str, allowed: ColumnElement[bool], limit: int) -> list[Hit]:
    by_code = _by_code(session, text, allowed)
    if by_code:
        return by_code
    key = full_key(text)
    if not key:
        return []
    best: dict[str, Hit] = {}
    for hit in _exact(session, text, key, allowed):
        _keep(best, hit)
    for hit in _names(session, _begins(key), key, allowed):
        _keep(best, hit)
    if len(best) <= limit and len(key) > 1 and not any(hit.verdict == "listed" for hit in best.values()):
        for hit in _names(session, ListingName.full_key.contains(key, autoescape=True), key, allowed):
            _keep(best, hit)
    return list(best.values())


def _keep(best: dict[str, Hit], hit: Hit) -> None:
    known = best.get(hit.listing_id)
    if known is None or hit.points > known.points:
        best[hit.listing_id] = hit


def _by_code(session: Session, text: str, allowed: ColumnElement[bool]) -> list[Hit]:
    try:
        code = check_uscc(text)
    except InvalidIdentifier:
        return []
    found = select(Listing.id).where(Listing.uscc == code, allowed).limit(CANDIDATES)
    return [Hit(listing_id, 1000, (SAME_CODE,)) for listing_id in session.scalars(found)]


def _exact(session: Session, text: str, key: str, allowed: ColumnElement[bool]) -> list[Hit]:
    numbered = select(Listing.id).where(Listing.document_number == text.strip(), allowed).limit(CANDIDATES)
    hits = [Hit(listing_id, 900, (SAME_DOCUMENT,)) for listing_id in session.scalars(numbered)]
    return hits + _names(session, ListingName.core_key == core_key(key), key, allowed)


def _begins(key: str) -> ColumnElement[bool]:
    return and_(ListingName.full_key >= key, ListingName.full_key < key + _LAST_SIGN)


def _names(
    session: Session, matches: ColumnElement[bool], key: str, allowed: ColumnElement[bool]
) -> list[Hit]:
    found = (
        select(ListingName.listing_id, ListingName.full_key, ListingName.core_key, ListingName.ordinal)
        .join(Listing, Listing.id == ListingName.listing_id)
        .where(matches, allowed)
        .order_by(ListingName.full_key, ListingName.listing_id)
        .limit(CANDIDATES)
    )
    return [_judged(key, *row) for row in session.execute(found)]


def _judged(key: str, listing_id: str, full: str, core: str, ordinal: int) -> Hit:
    former = (FORMER_NAME,) if ordinal else ()
    if full == key:
        return Hit(listing_id, 950 if ordinal else 1000, former or (SAME_NAME,))
    if core == core_key(key):
        return Hit(listing_id, 900, (SAME_CORE, *former))
    covered = 200 * len(key) // len(full)
    return Hit(listing_id, (600 if full.startswith(key) else 400) + covered, (CONTAINS, *former))
