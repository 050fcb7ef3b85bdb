"""Counting what is public, in one pass over the register, kept for a hundred times as long as counting took.

So counting never takes more than a hundredth of a process's time, and a small register is always up to date.
Counts choose and inform; what a page lists is read anew each time.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Engine, String, cast, func, select
from sqlalchemy.orm import Session

from services.blacklist.register.domain.figures import Cell
from services.blacklist.register.models import Listing
from services.blacklist.register.queries.lines import Criteria, region_prefix
from services.blacklist.register.queries.listings import in_force
from shared.db import Database, dialect_of

SHARE = 100


@dataclass
class _Kept:
    """One process's counts of one database."""

    day: date
    cells: Sequence[Cell]
    until: float


_kept: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()
_lock = Lock()


def figures(db: Database, today: date) -> Sequence[Cell]:
    """The cells of everything public today."""
    kept = _kept.get(db.reading)
    if kept is not None and kept.day == today and time.monotonic() < kept.until:
        return kept.cells
    with _lock:
        kept = _kept.get(db.reading)
        if kept is not None and kept.day == today and time.monotonic() < kept.until:
            return kept.cells
        started = time.monotonic()
        with db.read() as session:
            cells = count_cells(session, today)
        ended = time.monotonic()
        _kept[db.reading] = _Kept(today, cells, ended + SHARE * (ended - started))
    return cells


def count_cells(session: Session, today: date) -> list[Cell]:
    """One row per combination that occurs."""
    by = (
        Listing.subject_type, Listing.list_code, Listing.list_class, Listing.domain, Listing.region,
        _month(dialect_of(session)),
    )  # fmt: skip
    rows = session.execute(select(*by, func.count()).where(in_force(today)).group_by(*by))
    return [Cell(*row) for row in rows]


def _month(dialect: str) -> ColumnElement[str]:
    if dialect == "sqlite":
        return func.substr(cast(Listing.listed_on, String), 1, 7)
    return func.to_char(Listing.listed_on, "YYYY-MM")


def meeting(cells: Sequence[Cell], criteria: Criteria) -> list[Cell]:
    """The organisations among the cells that meet the filters."""
    prefix = region_prefix(criteria.region or "")
    return [
        cell
        for cell in cells
        if cell.subject_type == "organization"
        and cell.region.startswith(prefix)
        and criteria.domain in {None, cell.domain}
        and criteria.list_code in {None, cell.list_code}
        and criteria.list_class in {None, cell.list_class}
    ]
