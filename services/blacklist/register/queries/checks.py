"""Checking many bidders at once: who is listed, and whether a measure bars them from one purpose.

Two set-based look-ups for codes and full names; what neither found is looked up by likeness, if asked for.
A consortium is as its worst member.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, SQLColumnExpression, String, func, select
from sqlalchemy.orm import Session

from services.blacklist.register.domain import full_key
from services.blacklist.register.domain.names import same_writing
from services.blacklist.register.index import Reading, reading, reading_of
from services.blacklist.register.models import Listing, ListingName
from services.blacklist.register.queries.changes import newest_position
from services.blacklist.register.queries.lines import Criteria, Shown
from services.blacklist.register.queries.listings import in_force
from services.blacklist.register.queries.matching import (
    FORMER_NAME,
    SAME_CODE,
    SAME_NAME,
    SHORT_NAME,
    SHORT_POINTS,
    Hit,
    find_hits,
)
from shared.db import among, dialect_of
from shared.regions import within

OTHER_CODE = "统一社会信用代码不同"
CLASSES = ("serious", "industry-misconduct", "penalty-record", "notice")
"""From the gravest to the mildest."""
WORST = {"yes": 0, "unclear": 1, "no": 2}
MOST_ALIKE, LEAST_ALIKE = 5, 300
"""Of one name, so many listings at most, and none of fewer thousandths: the rest is hardly ever meant."""


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


class Line(NamedTuple):
    """What a check needs of a listing, in the order of `_columns`."""

    id: str
    version: int
    subject_name: str
    uscc: str | None
    list_code: str
    list_class: str
    document_number: str | None
    public_until: date
    measures: Sequence[dict[str, Any]]


class Found(NamedTuple):
    """A listing that is, or may be, the entity's; how sure in thousandths, and why."""

    listing: Line
    certain: bool
    points: int
    why: tuple[str, ...]
    matched: str | None


@dataclass(frozen=True)
class Known:
    """What the set-based look-ups found: lines by code, and by key with the name and its ordinal."""

    codes: Mapping[str, list[Line]]
    keys: Mapping[str, list[tuple[str, int, Line]]]


def check_entities(
    session: Session,
    entities: Sequence[Entity],
    today: date,
    *,
    on: date,
    purpose: Purpose | None,
    alike: bool = False,
    listed_by: date | None = None,
) -> list[dict[str, Any]]:
    """One answer per entity, in order; measures are judged for the day `on`, `alike` adds likely names.

    `listed_by` leaves out what was listed after that day.
    """
    allowed = _allowed(today, listed_by)
    members = [member for entity in entities for member in entity.members]
    known = Known(
        _by_code(session, {each.uscc for each in members if each.uscc}, allowed),
        _by_key(session, {full_key(each.name) for each in members if each.name}, allowed),
    )
    found = {member: _exactly(member, known) for member in dict.fromkeys(members)}
    if alike:
        found |= _likely(session, [each for each, rows in found.items() if _open(rows)], today, allowed)
    return [_answer(entity, _together(entity, found), on, purpose) for entity in entities]


def _open(rows: Sequence[Found]) -> bool:
    """Whether likely names are worth asking: a short name may be another's."""
    return all(each.why[0] == SHORT_NAME for each in rows)


def version_of(session: Session, today: date) -> dict[str, Any]:
    """How far the register was at least, by its change feed: read before what it is said of."""
    return {"position": newest_position(session), "as_of": today}


def _by_code(session: Session, codes: set[str], allowed: ColumnElement[bool]) -> Mapping[str, list[Line]]:
    found: dict[str, list[Line]] = defaultdict(list)
    if codes:
        same = among(session, cast("SQLColumnExpression[str]", Listing.uscc), sorted(codes))
        for line in _lines(session, same, allowed):
            found[str(line.uscc)].append(line)
    return found


def _by_key(
    session: Session, keys: set[str], allowed: ColumnElement[bool]
) -> Mapping[str, list[tuple[str, int, Line]]]:
    found: dict[str, list[tuple[str, int, Line]]] = defaultdict(list)
    if not keys:
        return found
    names = (ListingName.full_key, ListingName.name, ListingName.ordinal)
    wanted = select(*names, *_columns(session)).join_from(
        ListingName, Listing, Listing.id == ListingName.listing_id
    )
    same = among(session, ListingName.full_key, sorted(keys))
    for key, name, ordinal, *line in session.execute(wanted.where(allowed, same)):
        found[key].append((name, ordinal, _line_of(line)))
    return found


def _lines(session: Session, which: ColumnElement[bool], allowed: ColumnElement[bool]) -> list[Line]:
    wanted = select(*_columns(session)).where(allowed, which)
    return [_line_of(row) for row in session.execute(wanted)]


def _allowed(today: date, listed_by: date | None) -> ColumnElement[bool]:
    shown = in_force(today) & (Listing.subject_type == "organization")
    return shown if listed_by is None else shown & (Listing.listed_on <= listed_by)


def _columns(session: Session) -> tuple[Any, ...]:
    """The database takes the measures out of the much longer document."""
    if dialect_of(session) == "sqlite":
        measures = func.json_extract(Listing.facts, "$.measures", type_=String)
    else:
        measures = func.jsonb_extract_path_text(Listing.facts, "measures", type_=String)
    return (
        Listing.id, Listing.version, Listing.subject_name, Listing.uscc, Listing.list_code,
        Listing.list_class, Listing.document_number, Listing.public_until, measures,
    )  # fmt: skip


def _line_of(row: Sequence[Any]) -> Line:
    measures = json.loads(row[-1]) if row[-1] else []
    return Line._make((*row[:-1], measures))


def _exactly(member: Entity, known: Known) -> list[Found]:
    found = {
        line.id: Found(line, certain=True, points=1000, why=(SAME_CODE,), matched=None)
        for line in known.codes.get(member.uscc or "", ())
    }
    for each in _by_name(member, known.keys.get(full_key(member.name), ()) if member.name else ()):
        found.setdefault(each.listing.id, each)
    return list(found.values())


def _by_name(member: Entity, named: Iterable[tuple[str, int, Line]]) -> list[Found]:
    """A name alone is certain when it is the current one and only one organisation bears it here.

    Names can be shared and codes mistyped: one under another code is told, never as certain, unless the
    code asked for is found under this name itself.
    """
    rows = list(named)
    if member.uscc and any(line.uscc == member.uscc for _, _, line in rows):
        rows = [row for row in rows if _may_be(member, row[2].uscc)]
    one = len({line.uscc for _, ordinal, line in rows if ordinal >= 0}) == 1 and not member.uscc
    return [
        Found(
            line,
            certain=one and ordinal == 0,
            points=SHORT_POINTS if ordinal < 0 else 950 if ordinal else 1000,
            why=_why_named(member, name, ordinal, line),
            matched=name,
        )
        for name, ordinal, line in rows
    ]


def _why_named(member: Entity, name: str, ordinal: int, line: Line) -> tuple[str, ...]:
    how = SHORT_NAME if ordinal < 0 else FORMER_NAME if ordinal else SAME_NAME
    said = (how, *same_writing(member.name or "", name))
    return said if _may_be(member, line.uscc) else (*said, OTHER_CODE)


def _may_be(member: Entity, uscc: str | None) -> bool:
    return not (member.uscc and uscc and member.uscc != uscc)


def _likely(
    session: Session, unfound: Sequence[Entity], today: date, allowed: ColumnElement[bool]
) -> dict[Entity, list[Found]]:
    """Names alike, one question each; the lines of all that came are read together."""
    with _asking(session) as asking:
        shown = Shown(asking, Criteria(), today)
        hits = {each: _alike(shown, each.name) for each in unfound if each.name}
    ids = sorted({hit.listing_id for found in hits.values() for hit in found})
    lines = (
        {line.id: line for line in _lines(session, among(session, Listing.id, ids), allowed)} if ids else {}
    )
    return {each: list(_kept(each, found, lines)) for each, found in hits.items()}


def _asking(session: Session) -> AbstractContextManager[Reading]:
    """A thousand questions go faster on PostgreSQL's own short way; SQLite's is the session's connection."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        return reading(connection.engine)
    return nullcontext(reading_of(connection))


def _alike(shown: Shown, name: str) -> list[Hit]:
    return [hit for hit in find_hits(shown, name)[: 4 * MOST_ALIKE] if hit.points >= LEAST_ALIKE]


def _kept(member: Entity, hits: Iterable[Hit], lines: Mapping[str, Line]) -> Iterator[Found]:
    pairs = [(hit, lines[hit.listing_id]) for hit in hits if hit.listing_id in lines]
    kept = [(hit, line) for hit, line in pairs if hit.certain or _may_be(member, line.uscc)][:MOST_ALIKE]
    bearers = {line.uscc for hit, line in kept if hit.certain}
    sure = len(bearers) == 1 and not member.uscc
    for hit, line in kept:
        why = hit.why if _may_be(member, line.uscc) else (*hit.why, OTHER_CODE)
        yield Found(line, sure and hit.certain, hit.points, why, hit.matched)


def _together(entity: Entity, found: Mapping[Entity, list[Found]]) -> list[Found]:
    """What was found of all members; the surest word on each listing."""
    best: dict[str, Found] = {}
    for each in (row for member in entity.members for row in found.get(member, ())):
        known = best.get(each.listing.id)
        if known is None or (each.certain, each.points) > (known.certain, known.points):
            best[each.listing.id] = each
    return list(best.values())


def _answer(entity: Entity, found: Sequence[Found], on: date, purpose: Purpose | None) -> dict[str, Any]:
    certain = [each for each in found if each.certain]
    judged = [(each, *_judged(each, on, purpose)) for each in found]
    least = "no" if certain or not found else "unclear"  # nothing is said of one that may be another
    return {
        "name": entity.name,
        "uscc": entity.uscc,
        "listed": bool(certain),
        "verdict": "listed" if certain else "possible" if found else "none",
        "list_class": min((each.listing.list_class for each in certain), key=CLASSES.index, default=None),
        "barred": min((least, *(barred for _, barred, _ in judged)), key=lambda each: WORST[each]),
        "listings": [_line(each) for each in found],
        "measures": [_cited(each, measure) for each, _, counted in judged for measure in counted],
    }


def _cited(found: Found, measure: Mapping[str, Any]) -> dict[str, Any]:
    return {"listing_id": found.listing.id, **measure}


def _line(found: Found) -> dict[str, Any]:
    listing = found.listing
    return {
        "id": listing.id,
        "version": listing.version,
        "name": listing.subject_name,
        "uscc": listing.uscc,
        "list_code": listing.list_code,
        "list_class": listing.list_class,
        "document_number": listing.document_number,
        "public_until": listing.public_until,
        "certain": found.certain,
        "score": found.points / 1000,
        "why": list(found.why),
        "matched_name": found.matched,
    }


def _judged(found: Found, on: date, purpose: Purpose | None) -> tuple[str, list[dict[str, Any]]]:
    """Whether the listing's measures bar the purpose, and the measures that say so."""
    said = [(barred(measure, on, purpose), measure) for measure in found.listing.measures]
    counted = [(word if found.certain else "unclear", measure) for word, measure in said if word != "no"]
    worst = min((word for word, _ in counted), key=lambda each: WORST[each], default="no")
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
    return -WORST[word]


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
