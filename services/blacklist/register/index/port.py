"""What an index over names promises, whatever the database.

Postings are names, not listings: whether a listing may be shown is decided where its row is read, at commit.
"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Protocol

from sqlalchemy import Connection

from services.blacklist.register.domain.names import Gram
from services.blacklist.register.index.reading import Reading

Candidate = tuple[int, float]
"""A name's id and the summed weight of the grams it shares with the question."""
NameTuple = tuple[Any, ...]
"""A name's columns in the order of `COLUMNS`, its grams last."""
COLUMNS = (
    "listing_id", "ordinal", "name", "full_key", "core_key", "region", "place", "brand_size", "form",
    "gram_version", "grams",
)  # fmt: skip
CUT = (
    "id", "listing_id", "ordinal", "name", "full_key", "core_key", "region", "place", "brand_size", "form",
)  # fmt: skip
"""Of a name, what is read to compare it."""
Block = Any
"""Rows of names as one database takes them at once; made in another process than it is used in."""
MOST_POSTINGS = 4000
"""Of one gram: guards against counts that are out of date."""
WORTH = 0.35
"""A candidate that shares less than this part of what the best one shares is not looked at."""


class RegisterIndex(Protocol):
    """Same grams, same answers: the suite in tests/contract runs over every engine."""

    def candidates(self, reading: Reading, grams: Sequence[Gram], limit: int) -> list[Candidate]:
        """The names sharing most of the weight, heaviest first; ties in order of id."""
        ...

    def names(
        self, reading: Reading, grams: Sequence[Gram], today: date, seen: Collection[int], most: int
    ) -> list[NameTuple] | None:
        """The candidates worth it, less those seen and what is not public today, as rows of names (`CUT`).

        None where that takes two questions: one for the ids, one for their rows.
        """
        ...

    def common_grams(self, connection: Connection, at_least: int) -> list[tuple[str, int]]:
        """Every gram that so many names share, with its count; reads the whole index."""
        ...

    def tidy(self, connection: Connection, *, going: bool) -> bool:
        """A short step towards an index in fewer parts; true while there is more to do (then `going`)."""
        ...

    def rebuild(self, connection: Connection) -> None:
        """Build the index anew from the grams in the table of names, and let the database tidy it."""
        ...

    def faults(self, connection: Connection) -> list[str]:
        """What the database itself finds wrong between index and table."""
        ...

    def block(self, rows: Sequence[NameTuple]) -> Block:
        """The rows as `take` wants them; needs no connection."""
        ...

    def take(self, connection: Connection, block: Block) -> None:
        """Adds the rows of a block to the table of names."""
        ...

    def set_aside(self, connection: Connection) -> None:
        """Takes all that is kept row by row off the table of names, until `restore` in this transaction."""
        ...

    def restore(self, connection: Connection) -> None:
        """Makes it anew, from whatever the table holds."""
        ...
