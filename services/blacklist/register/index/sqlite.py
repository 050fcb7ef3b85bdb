"""The index on SQLite: an FTS5 table over the grams, asked one gram at a time and added up in SQL."""

from collections.abc import Collection, Sequence
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from services.blacklist.register.domain.names import Gram
from services.blacklist.register.index.port import COLUMNS, MOST_POSTINGS, Candidate, NameTuple
from services.blacklist.register.index.reading import Reading
from services.blacklist.register.index.tables import TRIGGERS
from services.blacklist.register.models import NAMES

_SHARING = "SELECT rowid, ? AS weight FROM fts_register_name WHERE fts_register_name MATCH ?"
_ARM = f"SELECT * FROM ({_SHARING} LIMIT {MOST_POSTINGS})"  # noqa: S608  our own number
_COMMON = "SELECT term, doc FROM fts_register_name_counts WHERE doc >= ?"
_REBUILD = "INSERT INTO fts_register_name(fts_register_name) VALUES ('rebuild')"
_OPTIMIZE = "INSERT INTO fts_register_name(fts_register_name) VALUES ('optimize')"
_PARTS = "SELECT count(DISTINCT segid) FROM fts_register_name_idx"
_MERGE = "INSERT INTO fts_register_name(fts_register_name, rank) VALUES ('merge', ?)"
MOST_PARTS, PAGES = 6, 200
_ADD = f"INSERT INTO register_name ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608
BUILDING_KB = 256 * 1024
"""Pages kept in memory while everything is made at once."""
_CHECK = "INSERT INTO fts_register_name(fts_register_name, rank) VALUES ('integrity-check', 1)"


class SqliteIndex:
    """FTS5, kept in step by triggers of the table of names."""

    def candidates(self, reading: Reading, grams: Sequence[Gram], limit: int) -> list[Candidate]:
        if not grams:
            return []
        asked = [part for gram in grams for part in (gram.weight, f'"{gram.text}"')]
        return reading.rows(_statement(len(grams)), (*asked, limit))

    def names(
        self, reading: Reading, grams: Sequence[Gram], today: date, seen: Collection[int], most: int
    ) -> None:
        """Two questions cost no more than one within a process."""

    def common_grams(self, connection: Connection, at_least: int) -> list[tuple[str, int]]:
        found = connection.exec_driver_sql(_COMMON, (at_least,))
        return [(row[0], row[1]) for row in found]

    def tidy(self, connection: Connection, *, going: bool) -> bool:
        """FTS5 leaves a part per transaction and merges late; every gram is looked up in every part."""
        if not going and connection.exec_driver_sql(_PARTS).scalar_one() < MOST_PARTS:
            return False
        driver: Any = connection.connection.driver_connection
        before = driver.total_changes
        connection.exec_driver_sql(_MERGE, (PAGES if going else -PAGES,))
        return bool(driver.total_changes - before >= 2)

    def rebuild(self, connection: Connection) -> None:
        connection.exec_driver_sql(_REBUILD)
        connection.exec_driver_sql(_OPTIMIZE)

    def block(self, rows: Sequence[NameTuple]) -> list[NameTuple]:
        return [(*row[:-1], " ".join(row[-1])) for row in rows]

    def take(self, connection: Connection, block: list[NameTuple]) -> None:
        if block:
            connection.exec_driver_sql(_ADD, block)

    def set_aside(self, connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA cache_size=-{BUILDING_KB}")
        for name in TRIGGERS:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        for each in NAMES.indexes:
            each.drop(connection)

    def restore(self, connection: Connection) -> None:
        for each in sorted(NAMES.indexes, key=lambda index: str(index.name)):
            each.create(connection)
        self.rebuild(connection)
        for name, work in TRIGGERS.items():
            connection.exec_driver_sql(f"CREATE TRIGGER {name} {work}")
        connection.exec_driver_sql("PRAGMA cache_size=-2000")  # as SQLite has it

    def faults(self, connection: Connection) -> list[str]:
        try:
            connection.exec_driver_sql(_CHECK)
        except DatabaseError as error:
            return [f"FTS5: {error.orig}"]
        return []


@cache
def _statement(grams: int) -> str:
    """As many arms as grams; the text is the same for the same number, so it is prepared once."""
    arms = " UNION ALL ".join([_ARM] * grams)
    added = f"SELECT rowid, sum(weight) AS shared FROM ({arms}) GROUP BY rowid"  # noqa: S608  our own text
    return f"{added} ORDER BY shared DESC, rowid LIMIT ?"
