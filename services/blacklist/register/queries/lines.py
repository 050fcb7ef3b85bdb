"""Lines of a search answer, read from the table without an object per row; statements are made once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Date, Row, Select, and_, bindparam, select

from services.blacklist.register.models import LISTINGS, NAMES, Listing
from services.blacklist.register.queries.listings import in_force
from services.blacklist.register.queries.views import LINE_COLUMNS, line_of

MOST = 400
_LISTING, _NAME = LISTINGS.c, NAMES.c
_LINE = [_LISTING[name] for name in LINE_COLUMNS]
_CUT = [_NAME.id, _NAME.listing_id, _NAME.ordinal, _NAME.name, _NAME.full_key, _NAME.core_key,
        _NAME.region, _NAME.place, _NAME.brand_size, _NAME.form]  # fmt: skip


@dataclass(frozen=True)
class Criteria:
    """What is asked; `as_of` narrows to what was already listed then among what is public today."""

    q: str = ""
    region: str | None = None
    domain: str | None = None
    list_code: str | None = None
    list_class: str | None = None
    as_of: date | None = None


def region_prefix(region: str) -> str:
    """The digits that every code of the subtree begins with; empty for the nation."""
    return region.removesuffix("00").removesuffix("00").removesuffix("00")


class Shown:
    """Organisations public today that meet the filters, on one connection."""

    def __init__(self, connection: Connection, criteria: Criteria, today: date) -> None:
        self.connection = connection
        given = _filters(criteria)
        self._active = tuple(given)
        self._given: dict[str, Any] = {**given, "today": today}

    def by_code(self, code: str) -> list[dict[str, Any]]:
        return self._lines("code", {"code": code})

    def by_document(self, number: str) -> list[dict[str, Any]]:
        return self._lines("document", {"document": number})

    def by_ids(self, ids: Iterable[str]) -> list[dict[str, Any]]:
        return self._lines("ids", {"ids": list(ids)})

    def by_key(self, key: str) -> list[tuple[str, int, dict[str, Any]]]:
        """Name as written, its ordinal, and the line, for every bearer of exactly this name."""
        return [(name, ordinal, line_of(line)) for name, ordinal, *line in self._rows("key", {"key": key})]

    def names_by_core(self, core: str) -> Sequence[Row[Any]]:
        return self._rows("core", {"core": core})

    def names_by_ids(self, ids: Sequence[int]) -> Sequence[Row[Any]]:
        return self._rows("names", {"names": list(ids)})

    def browse(self, after: Sequence[Any] | None, limit: int) -> list[dict[str, Any]]:
        """Newest first; `after` is the date and id of the last one seen."""
        given = {"most": limit} | ({"day": after[0], "last": after[1]} if after else {})
        return self._lines("later" if after else "first", given)

    def _lines(self, shape: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [line_of(row) for row in self._rows(shape, given)]

    def _rows(self, shape: str, given: Mapping[str, Any]) -> Sequence[Any]:
        return self.connection.execute(_statement(shape, self._active), {**self._given, **given}).all()


def _filters(criteria: Criteria) -> dict[str, Any]:
    """The parameters of the filters in force; their names are the shape."""
    given: dict[str, Any] = {
        each.name: getattr(criteria, each.name)
        for each in fields(criteria)
        if each.name not in {"q", "region"}
    }
    prefix = region_prefix(criteria.region or "")
    given |= {"region_first": prefix.ljust(6, "0"), "region_last": prefix.ljust(6, "9")} if prefix else {}
    return {name: value for name, value in given.items() if value is not None}


_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "domain": _LISTING.domain == bindparam("domain"),
    "list_code": _LISTING.list_code == bindparam("list_code"),
    "list_class": _LISTING.list_class == bindparam("list_class"),
    "as_of": _LISTING.listed_on <= bindparam("as_of"),
    "region_first": _LISTING.region >= bindparam("region_first"),
    "region_last": _LISTING.region <= bindparam("region_last"),
}
_NEWEST = (_LISTING.listed_on.desc(), _LISTING.id.desc())
_ALL_LINES = select(*_LINE)
_ALL_NAMES = select(*_CUT).join_from(NAMES, LISTINGS, _LISTING.id == _NAME.listing_id)
_SHAPES: dict[str, Select[Any]] = {
    "code": _ALL_LINES.where(_LISTING.uscc == bindparam("code")).limit(MOST),
    "document": _ALL_LINES.where(_LISTING.document_number == bindparam("document")).limit(MOST),
    "ids": _ALL_LINES.where(_LISTING.id.in_(bindparam("ids", expanding=True))),
    "key": select(_NAME.name, _NAME.ordinal, *_LINE)
    .join_from(NAMES, LISTINGS, _LISTING.id == _NAME.listing_id)
    .where(_NAME.full_key == bindparam("key"))
    .limit(MOST),
    "core": _ALL_NAMES.where(_NAME.core_key == bindparam("core")).limit(MOST),
    "names": _ALL_NAMES.where(_NAME.id.in_(bindparam("names", expanding=True))),
    "first": _ALL_LINES.order_by(*_NEWEST).limit(bindparam("most")),
    "later": _ALL_LINES.where(
        and_(_LISTING.listed_on <= bindparam("day"),
             (_LISTING.listed_on < bindparam("day")) | (_LISTING.id < bindparam("last")))
    ).order_by(*_NEWEST).limit(bindparam("most")),
}  # fmt: skip


@lru_cache(maxsize=500)
def _statement(shape: str, active: tuple[str, ...]) -> Select[Any]:
    """Made once per shape and set of filters, so that nothing is compiled on the way of a question."""
    allowed = (in_force(bindparam("today", type_=Date)), Listing.subject_type == "organization")
    return _SHAPES[shape].where(*allowed, *(_CONDITIONS[name] for name in active))
