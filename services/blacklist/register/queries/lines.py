"""What is public today, found by key, code, id or date, as lines of an answer or as names to compare."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, NamedTuple

from services.blacklist.register.domain.names import Gram
from services.blacklist.register.domain.numbers import writings
from services.blacklist.register.index import ENGINES, Reading
from services.blacklist.register.queries.statements import statement
from services.blacklist.register.queries.views import line_of


@dataclass(frozen=True)
class Criteria:
    """What is asked; `as_of` narrows to what was already listed then among what is public today."""

    q: str = ""
    region: str | None = None
    domain: str | None = None
    list_code: str | None = None
    list_class: str | None = None
    as_of: date | None = None


_NAMED = tuple(each.name for each in fields(Criteria) if each.name not in {"q", "region"})


def region_prefix(region: str) -> str:
    """The digits that every code of the subtree begins with; empty for the nation."""
    return region.removesuffix("00").removesuffix("00").removesuffix("00")


class NameRow(NamedTuple):
    """A name and its cut, in the order of `CUT`."""

    id: int
    listing_id: str
    ordinal: int
    name: str
    full_key: str
    core_key: str
    region: str
    place: str
    brand_size: int
    form: str


PLANNED_FOR = 12


class Shown:
    """Organisations public today that meet the filters, on one connection."""

    def __init__(self, reading: Reading, criteria: Criteria, today: date) -> None:
        self.reading, self._today = reading, today
        given = _filters(criteria)
        self._active = tuple(given)
        self._given: dict[str, Any] = {name: reading.bound(value) for name, value in given.items()}
        self._given["today"] = reading.bound(today)

    @property
    def filtered(self) -> bool:
        return bool(self._active)

    def by_code(self, code: str) -> list[dict[str, Any]]:
        return self._lines("code", {"code": code})

    def by_document(self, number: str) -> list[dict[str, Any]]:
        return self._lines("document", {"documents": self._many(writings(number))})

    def by_ids(self, ids: Iterable[str]) -> list[dict[str, Any]]:
        return self._lines("ids", {"ids": self._many(ids)})

    def by_key(self, key: str) -> list[tuple[str, int, dict[str, Any]]]:
        """Name as written, its ordinal, and the line, for every bearer of exactly this name."""
        return [(name, ordinal, line_of(line)) for name, ordinal, *line in self._rows("key", {"key": key})]

    def by_prefix(self, key: str, most: int) -> list[dict[str, Any]]:
        """Lines of the names that begin so, in the order of their keys."""
        given = {"key": key, "beyond": f"{key}\U0010ffff", "most": most}
        return [line_of(line) for _, _, *line in self._rows("prefix", given)]

    def names_by_core(self, core: str) -> list[NameRow]:
        return [NameRow(*row) for row in self._rows("core", {"core": core})]

    def names_by_ids(self, ids: Iterable[int]) -> list[NameRow]:
        return [NameRow(*row) for row in self._rows("names", {"names": self._many(ids)})]

    def names_sharing(self, grams: Sequence[Gram], seen: Collection[int], most: int) -> list[NameRow] | None:
        """Unseen names by the weight they share; None where the index says only their ids."""
        if self.filtered:
            return None
        found = ENGINES[self.reading.dialect].names(self.reading, grams, self._today, seen, most)
        return None if found is None else [NameRow(*row) for row in found]

    def browse(self, after: Sequence[Any] | None, limit: int) -> list[dict[str, Any]]:
        """Newest first; `after` is the date and id of the last one seen."""
        given = {"most": limit}
        if after:
            given |= {"day": self.reading.bound(after[0]), "last": after[1]}
        return self._lines("later" if after else "first", given)

    def _lines(self, shape: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [line_of(row) for row in self._rows(shape, given)]

    def _rows(self, shape: str, given: Mapping[str, Any]) -> list[Any]:
        plan = statement(shape, self._active, self.reading.dialect)
        return self.reading.rows(plan.text, plan.given({**self._given, **given}))

    def _many(self, values: Iterable[Any]) -> Any:
        """Many values as one parameter.

        PostgreSQL keeps a statement's plan only while lists are as long as it guesses, some ten: shorter ones
        are filled up, or each question is planned anew.
        """
        many = list(values)
        if self.reading.dialect == "sqlite":
            return json.dumps(many)
        return many + many[-1:] * (PLANNED_FOR - len(many))


def _filters(criteria: Criteria) -> dict[str, Any]:
    """The parameters of the filters in force; their names are the shape."""
    given: dict[str, Any] = {name: getattr(criteria, name) for name in _NAMED}
    prefix = region_prefix(criteria.region or "")
    given |= {"region_first": prefix.ljust(6, "0"), "region_last": prefix.ljust(6, "9")} if prefix else {}
    return {name: value for name, value in given.items() if value is not None}
