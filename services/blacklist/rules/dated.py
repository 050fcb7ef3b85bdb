"""Rules that bind some lists for a time, as files of `data/` lay them down, each with source and status."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from services.blacklist.rules.queries.shapes import DATA, STATUS, walk

_SHAPE: dict[str, Any] = {
    "code": str,
    "lists": [str],
    "rule": str,
    "valid_from": date,
    "valid_to?": date,
    "status": STATUS,
    "source": str,
}


@dataclass(frozen=True, kw_only=True)
class DatedRule:
    """`lists` are the codes it holds for ("*": all); `valid_to` is the first day it no longer holds."""

    code: str
    lists: tuple[str, ...]
    rule: str
    valid_from: date
    valid_to: date | None = None
    status: str
    source: str

    def applies(self, list_code: str, today: date) -> bool:
        begun = self.valid_from <= today and (self.valid_to is None or today < self.valid_to)
        return begun and ("*" in self.lists or list_code in self.lists)


Entry = TypeVar("Entry", bound=DatedRule)


def read_entries(file: str, table: str, own: Mapping[str, Any], kind: type[Entry]) -> tuple[Entry, ...]:
    """In the order of the file; `own` are its further fields. Another shape is a fault of the release."""
    content = tomllib.loads((DATA / file).read_text("utf-8"))
    if faults := list(walk(content, {table: [{**_SHAPE, **own}]})):
        raise ValueError(f"{file}: {faults}")
    return tuple(kind(**{name: _fixed(value) for name, value in each.items()}) for each in content[table])


def _fixed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
