"""The statements of the search, made and compiled once for every shape, set of filters and database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    Select,
    String,
    Text,
    and_,
    any_,
    bindparam,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from services.blacklist.register.index.direct import BY_VALUES
from services.blacklist.register.index.port import CUT
from services.blacklist.register.models import LISTINGS, NAMES, Listing
from services.blacklist.register.queries.listings import in_force

MOST = 400
BROWSING = frozenset({"first", "later"})
_LISTING, _NAME = LISTINGS.c, NAMES.c
_DIALECTS: Mapping[str, Dialect] = {
    "sqlite": sqlite.dialect(),
    "postgresql": postgresql.psycopg.dialect(),  # type: ignore[no-untyped-call]
}
_NEWEST = (_LISTING.listed_on.desc(), _LISTING.id.desc())
_CONDITIONS: Mapping[str, ColumnElement[bool]] = {
    "domain": _LISTING.domain == bindparam("domain"),
    "list_code": _LISTING.list_code == bindparam("list_code"),
    "list_class": _LISTING.list_class == bindparam("list_class"),
    "as_of": _LISTING.listed_on <= bindparam("as_of"),
    "region_first": _LISTING.region >= bindparam("region_first"),
    "region_last": _LISTING.region <= bindparam("region_last"),
}


@dataclass(frozen=True)
class Plan:
    """SQL text, the order of its parameters where they have no names, and those that never change."""

    text: str
    order: tuple[str, ...] | None
    fixed: Mapping[str, Any]

    def given(self, named: Mapping[str, Any]) -> Any:
        every = {**self.fixed, **named}
        return every if self.order is None else [every[name] for name in self.order]


@lru_cache(maxsize=500)
def statement(shape: str, active: tuple[str, ...], dialect: str) -> Plan:
    """What is public on the day, meets the filters, and has the shape's key."""
    allowed = (in_force(bindparam("today", type_=Date)), Listing.subject_type == "organization")
    made = _shape(shape, dialect).where(*allowed, *(_CONDITIONS[name] for name in active))
    compiled = made.compile(dialect=_DIALECTS[dialect])
    order = tuple(compiled.positiontup) if compiled.positiontup else None
    front = BY_VALUES if shape in BROWSING else ""
    return Plan(front + str(compiled), order, compiled.params)


def _shape(name: str, dialect: str) -> Select[Any]:
    lines = select(*_line(dialect))
    names = select(*(_NAME[each] for each in CUT)).join_from(NAMES, LISTINGS, _LISTING.id == _NAME.listing_id)
    day = bindparam("day", type_=Date)
    earlier = (_LISTING.listed_on < day) | (_LISTING.id < bindparam("last"))
    shapes: dict[str, Callable[[], Select[Any]]] = {
        "code": lambda: lines.where(_LISTING.uscc == bindparam("code")).limit(MOST),
        "document": lambda: lines.where(_among(_LISTING.document_number, "documents", Text(), dialect)).limit(
            MOST
        ),
        "ids": lambda: lines.where(_among(_LISTING.id, "ids", Text(), dialect)),
        "key": lambda: (
            select(_NAME.name, _NAME.ordinal, *_line(dialect))
            .join_from(NAMES, LISTINGS, _LISTING.id == _NAME.listing_id)
            .where(_NAME.full_key == bindparam("key"))
            .limit(MOST)
        ),
        "prefix": lambda: (
            select(_NAME.full_key, _NAME.name, *_line(dialect))
            .join_from(NAMES, LISTINGS, _LISTING.id == _NAME.listing_id)
            .where(_NAME.full_key >= bindparam("key"), _NAME.full_key < bindparam("beyond"))
            .order_by(_NAME.full_key)
            .limit(bindparam("most"))
        ),
        "core": lambda: names.where(_NAME.core_key == bindparam("core")).limit(MOST),
        "names": lambda: names.where(_among(_NAME.id, "names", BigInteger(), dialect)),
        "first": lambda: lines.order_by(*_NEWEST).limit(bindparam("most")),
        "later": lambda: (
            lines.where(and_(_LISTING.listed_on <= day, earlier)).order_by(*_NEWEST).limit(bindparam("most"))
        ),
    }
    return shapes[name]()


def _line(dialect: str) -> tuple[Any, ...]:
    """The columns of `views.line_of`; the database takes the few facts out of the much longer document."""
    return (
        _LISTING.id, _LISTING.version, _LISTING.subject_name, _LISTING.uscc, _LISTING.list_code,
        _LISTING.list_class, _LISTING.domain, _LISTING.region, _fact("list", "name", dialect),
        _fact("organ", "name", dialect), _LISTING.document_number, _fact("document", "date", dialect),
        _LISTING.listed_on, _LISTING.public_until, _LISTING.annotation,
    )  # fmt: skip


def _fact(group: str, name: str, dialect: str) -> ColumnElement[Any]:
    if dialect == "sqlite":
        return func.json_extract(_LISTING.facts, literal_column(f"'$.{group}.{name}'"), type_=String)
    path: tuple[ColumnElement[Any], ...] = (literal_column(f"'{group}'"), literal_column(f"'{name}'"))
    return func.jsonb_extract_path_text(_LISTING.facts, *path, type_=String)


def _among(column: ColumnElement[Any], name: str, kind: TypeEngine[Any], dialect: str) -> ColumnElement[bool]:
    """Whether the column is one of many values sent as one parameter."""
    if dialect == "sqlite":
        return column.in_(select(func.json_each(bindparam(name, type_=Text)).table_valued("value").c.value))
    return column == any_(bindparam(name, type_=ARRAY(kind)))
