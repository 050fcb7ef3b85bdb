"""Where the rules are read from: the shipped files, and a folder of further law the deployment may add to.

A file put into that folder is picked up within a second, by its dates of force, without a restart. A folder
with faults is not used at all: the law last read goes on counting, and the faults are in the log.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from services.blacklist.rules.domain import ListRule
from services.blacklist.rules.queries.checking import check_additions
from services.blacklist.rules.queries.shapes import DATA, KINDS
from shared.follower import Follower
from shared.logs import get_log

Entry = Mapping[str, Any]
Stamp = tuple[tuple[str, int, int], ...]
log = get_log(__name__)


@dataclass(frozen=True)
class Book:
    """Everything read at one time; `rules` remembers what was merged for a list and a day."""

    lists: Mapping[str, Entry]
    regimes: Mapping[str, Sequence[Entry]]
    measures: Sequence[Entry]
    catalogues: Sequence[Entry]
    """Versions of the closed list of measures (全国失信惩戒措施基础清单)."""
    duties: Sequence[Entry] = ()
    """Versions of what may be done with each kind of duty."""
    rules: dict[tuple[str, date], ListRule | None] = field(default_factory=dict)


class Source:
    """The shipped rules with those of `folder`, if there is one, laid beside them."""

    def __init__(self, folder: Path | None = None, look_every: float = 1.0) -> None:
        self.folder, self._stamp = folder, Stamp()
        self._follower = Follower(read_book(DATA), self._look, look_every)

    def book(self) -> Book:
        return self._follower.current()

    def _look(self, known: Book) -> Book:
        stamp = _stamp(self.folder) if self.folder else ()
        if stamp == self._stamp or self.folder is None:
            return known
        self._stamp = stamp
        problems = check_additions(self.folder)
        if problems:
            log.error("rules_not_used", folder=str(self.folder), problems=[str(each) for each in problems])
            return known
        return read_book(DATA, self.folder)


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


def read_book(*folders: Path) -> Book:
    """Lists, regimes and measures of the folders; a list known already gains the versions of a later file."""
    lists: dict[str, Entry] = {}
    regimes: dict[str, list[Entry]] = {kind: [] for kind in KINDS}
    measures: list[Entry] = []
    catalogues: list[Entry] = []
    duties: list[Entry] = []
    for folder in folders:
        for entry in map(read, sorted((folder / "lists").glob("*.toml"))):
            known = lists.get(entry["code"])
            lists[entry["code"]] = (
                {**entry, "version": [*known["version"], *entry["version"]]} if known else entry
            )
        for kind, versions in _optional(folder / "regimes.toml").items():
            regimes[kind] += versions
        listed = _optional(folder / "measures.toml")
        measures += listed.get("measure", [])
        catalogues += listed.get("catalogue", [])
        duties += _optional(folder / "duties.toml").get("duty", [])
    return Book(lists, regimes, measures, catalogues, duties)


def in_force(versions: Sequence[Entry], on: date) -> Entry | None:
    """The version whose [valid_from, valid_to) holds the day; a later one ends the one before it."""
    holding = [v for v in versions if v["valid_from"] <= on and ("valid_to" not in v or on < v["valid_to"])]
    return max(holding, key=lambda each: each["valid_from"], default=None)


def _optional(path: Path) -> dict[str, Any]:
    return read(path) if path.is_file() else {}


def _stamp(folder: Path) -> Stamp:
    """Changes whenever a file of the folder appears, changes or goes."""
    files = sorted(folder.rglob("*.toml"))
    found = []
    for path in files:
        try:
            state = path.stat()
        except FileNotFoundError:
            continue
        found.append((str(path), state.st_mtime_ns, state.st_size))
    return tuple(found)
