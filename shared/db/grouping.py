"""Many rows in one statement of SQLite.

Row by row, Python's driver lets go of the interpreter around each, and any thread that computes meanwhile
keeps it for 5 ms: under work a row cost twenty times its own CPU in waiting, with the write lock held.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection

GROUPS = (100, 10)
"""Rows a statement, so that few different ones are made ready; what is left over goes one by one."""
MOST_VALUES = 30_000
"""SQLite takes 32,766 in a statement."""


@dataclass(frozen=True)
class Grouped:
    """A statement around any number of rows: what stands before them, one row's marks, what comes after."""

    before: str
    marks: str
    after: str = ""

    def execute(self, connection: Connection, rows: Sequence[tuple[Any, ...]], *first: Any) -> None:
        """Carry it out for all rows; `first`: values that stand before them, the same in every statement."""
        begin, width = 0, max(1, len(rows[0]) if rows else 1)
        for size in GROUPS:
            if size * width > MOST_VALUES:
                continue
            text = _statement(self, size)
            while len(rows) - begin >= size:
                group = rows[begin : begin + size]
                connection.exec_driver_sql(text, (*first, *chain.from_iterable(group)))
                begin += size
        if begin < len(rows):
            left = [(*first, *row) for row in rows[begin:]]
            connection.exec_driver_sql(_statement(self, 1), left)


def marks(values: Iterable[object]) -> str:
    """One row's place in a statement."""
    return f"({', '.join('?' for _ in values)})"


@lru_cache(maxsize=1000)
def _statement(grouped: Grouped, rows: int) -> str:
    return f"{grouped.before}{', '.join([grouped.marks] * rows)}{grouped.after}"
