"""Matching other people's tables with the register (W3C Reconciliation Service API 0.2): organisations only.

An entity is an organisation: its 统一社会信用代码, or the listing's id where none is on record. All that is
said of it comes from what is public at this moment.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.blacklist.register.domain.names import full_key
from services.blacklist.register.index import Reading
from services.blacklist.register.queries.lines import Criteria, Shown
from services.blacklist.register.queries.search import search_on
from services.blacklist.rules.domain import LIST_CLASSES, entered
from shared.identifiers import InvalidIdentifier, check_uscc

ORGANISATION = {"id": "organization", "name": "法人和非法人组织"}
TYPES: Mapping[str, str] = {ORGANISATION["id"]: ORGANISATION["name"], **LIST_CLASSES}
"""What an entity can be: an organisation, and on which class of list it stands."""
Line = Mapping[str, Any]
NARROWING = {"list": "list_code", "region": "region", "domain": "domain", "class": "list_class"}
"""Properties of a question that must hold; the others only help to find."""
MOST = 50
LONGEST = 200


@dataclass(frozen=True)
class Property:
    """One fact that can be fetched of an entity, or used to narrow a question."""

    id: str
    name: str
    value: Callable[[Line], Any]


PROPERTIES: Mapping[str, Property] = {
    each.id: each
    for each in (
        Property("name", "名称", lambda line: line["subject"]["name"]),
        Property("uscc", "统一社会信用代码", lambda line: line["subject"]["uscc"]),
        Property("list", "名单代码", lambda line: line["list_code"]),
        Property("list_name", "名单", lambda line: line["list_name"]),
        Property("class", "名单类别", lambda line: line["list_class"]),
        Property("domain", "领域代码", lambda line: line["domain"]),
        Property("region", "行政区划代码", lambda line: line["region"]),
        Property("region_name", "行政区划", lambda line: line["region_name"]),
        Property("organ_name", "认定机关", lambda line: line["organ_name"]),
        Property("document_number", "决定书文号", lambda line: line["document_number"]),
        Property("document_date", "决定日期", lambda line: line["document_date"]),
        Property("listed_on", "列入日期", lambda line: line["listed_on"]),
        Property("public_until", "公示截止", lambda line: line["public_until"]),
        Property("listing", "记录编号", lambda line: line["id"]),
    )
}


@dataclass(frozen=True)
class Question:
    """One row of somebody's table."""

    text: str
    limit: int
    types: frozenset[str]
    given: Mapping[str, str]
    """Property → value."""


def candidates(reading: Reading, asked: Question, today: date) -> list[dict[str, Any]]:
    """Entities that may be meant, best first; `match` only where exactly one is certain."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in _lines(reading, asked, today):
        found.setdefault(entity_id(line), []).append(line)
    certain = [key for key, lines in found.items() if lines[0]["verdict"] == "listed"]
    return [
        _candidate(key, lines, match=certain == [key]) for key, lines in list(found.items())[: asked.limit]
    ]


def _lines(reading: Reading, asked: Question, today: date) -> Iterable[dict[str, Any]]:
    """By the code if it is given and known, else by the name, narrowed by what else is given."""
    criteria: dict[str, Any] = {
        field: asked.given[name] for name, field in NARROWING.items() if name in asked.given
    }
    for text in (asked.given.get("uscc", ""), asked.text, asked.given.get("name", "")):
        if not full_key(text) or len(text) > LONGEST:
            continue
        rows = search_on(reading, Criteria(q=text, **criteria), today, limit=MOST)
        kept = [row for row in rows if _is_a(row, asked.types)]
        if kept:
            return kept
    return []


def _is_a(line: Line, types: frozenset[str]) -> bool:
    return not types or ORGANISATION["id"] in types or line["list_class"] in types


def entity_id(line: Line) -> str:
    return str(line["subject"]["uscc"] or line["id"])


def _candidate(key: str, lines: Sequence[dict[str, Any]], *, match: bool) -> dict[str, Any]:
    best = lines[0]
    return {
        "id": key,
        "name": best["subject"]["name"],
        "description": describe(best) + (f"；匹配依据：{'、'.join(best['why'])}" if best["why"] else ""),
        "type": types_of(lines),
        "score": round(best["score"] * 100, 1),
        "match": match,
        "features": [
            {"id": "likeness", "value": best["score"]},
            {"id": "listed", "value": best["verdict"] == "listed"},
        ],
    }


def describe(line: Line) -> str:
    said = f"{line['listed_on']}{entered(line['list_class'])}"
    return f"{line['list_name']}；{line['region_name']}；{line['organ_name']}；{said}"


def types_of(lines: Sequence[Line]) -> list[dict[str, str]]:
    classes = dict.fromkeys(line["list_class"] for line in lines)
    return [ORGANISATION, *({"id": each, "name": LIST_CLASSES.get(each, each)} for each in classes)]


def entity(reading: Reading, key: str, today: date) -> list[dict[str, Any]]:
    """Every public listing of one entity, newest first; nothing if it has none today."""
    shown = Shown(reading, Criteria(), today)
    try:
        lines = shown.by_code(check_uscc(key))
    except InvalidIdentifier:
        lines = shown.by_ids([key])
    return sorted(lines, key=lambda line: (line["listed_on"], line["id"]), reverse=True)


def suggest_entities(reading: Reading, prefix: str, today: date, most: int) -> list[dict[str, Any]]:
    """Organisations whose name begins so, or else is most like it; by code too."""
    key = full_key(prefix)
    if not key or len(prefix) > LONGEST:
        return []
    rows = Shown(reading, Criteria(), today).by_prefix(key, most * 3)
    rows = rows or search_on(reading, Criteria(q=prefix), today, limit=most)
    found: dict[str, list[dict[str, Any]]] = {}
    for line in rows:
        found.setdefault(entity_id(line), []).append(line)
    return [
        {
            "id": key,
            "name": lines[0]["subject"]["name"],
            "description": describe(lines[0]),
            "notable": types_of(lines),
        }
        for key, lines in list(found.items())[:most]
    ]


def suggest(known: Mapping[str, str], prefix: str) -> list[dict[str, str]]:
    """Types or properties by the beginning of their id or a part of their name."""
    wanted = prefix.strip().lower()
    return [
        {"id": key, "name": name} for key, name in known.items() if key.startswith(wanted) or wanted in name
    ]


def extended(reading: Reading, ids: Sequence[str], properties: Sequence[str], today: date) -> dict[str, Any]:
    """The values of the properties known here, for each entity; several where it is listed several times."""
    known = [PROPERTIES[each] for each in dict.fromkeys(properties) if each in PROPERTIES]
    rows = {}
    for key in dict.fromkeys(ids):
        lines = entity(reading, key, today) if len(key) <= LONGEST else []
        rows[key] = {each.id: _values(lines, each) for each in known}
    return {"meta": [{"id": each.id, "name": each.name} for each in known], "rows": rows}


def _values(lines: Sequence[Line], asked: Property) -> list[dict[str, str]]:
    found = dict.fromkeys(asked.value(line) for line in lines)
    return [_value(each) for each in found if each is not None]


def _value(value: Any) -> dict[str, str]:
    if isinstance(value, date):
        return {"date": f"{value.isoformat()}T00:00:00+08:00"}
    return {"str": str(value)}
