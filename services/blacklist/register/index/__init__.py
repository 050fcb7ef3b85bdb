"""The inverted index over names: the port, and one engine per database that keeps its promises.

Both are part of the table of names and change with it in one transaction; nothing is kept in step by hand.
"""

from services.blacklist.register.index.building import name_unnamed
from services.blacklist.register.index.port import RegisterIndex
from services.blacklist.register.index.postgresql import PostgresqlIndex
from services.blacklist.register.index.reading import Reading, reading, reading_of
from services.blacklist.register.index.sqlite import SqliteIndex
from services.blacklist.register.index.tables import install
from services.blacklist.register.index.upkeep import GramCounter, Reindexed, reindex, verify_index

install()
ENGINES: dict[str, RegisterIndex] = {"sqlite": SqliteIndex(), "postgresql": PostgresqlIndex()}
"""By dialect name; the conformance suite runs over all of them."""

__all__ = [
    "ENGINES",
    "GramCounter",
    "PostgresqlIndex",
    "Reading",
    "RegisterIndex",
    "Reindexed",
    "SqliteIndex",
    "name_unnamed",
    "reading",
    "reading_of",
    "reindex",
    "verify_index",
]
