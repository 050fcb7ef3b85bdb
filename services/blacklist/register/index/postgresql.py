"""The index on PostgreSQL: a GIN index over the array of grams, asked one gram at a time, added up in SQL."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

from services.blacklist.register.domain.names import Gram
from services.blacklist.register.index.port import COLUMNS, MOST_POSTINGS, Candidate, NameTuple
from services.blacklist.register.index.reading import Reading
from services.blacklist.register.index.tables import POSTGRESQL
from services.blacklist.register.models import NAMES, array_text

SHARING_FUNCTION = "names_sharing"
"""Where a role may read no grams (the public process), this function answers, by numbers only."""
NAMES_FUNCTION = "names_alike"
"""And this one with the rows of names that are public."""


def sharing(texts: str, weights: str, most: str) -> str:
    """Names by the summed weight of the grams they share; no posting list is read further than `most`."""
    return f"""
SELECT id::bigint, sum(weight)::float8 AS shared
FROM unnest({texts}, {weights}) AS asked(gram, weight)
CROSS JOIN LATERAL (
  SELECT id FROM register_name WHERE grams @> ARRAY[asked.gram] LIMIT {most}
) AS sharing
GROUP BY id ORDER BY shared DESC, id"""  # noqa: S608  our own names


_CANDIDATES = sharing("%s::text[]", "%s::float8[]", "%s") + " LIMIT %s"
_BY_FUNCTION = f"SELECT * FROM {SHARING_FUNCTION}(%s::text[], %s::float8[], %s::int, %s::int)"  # noqa: S608
_NAMES = f"SELECT * FROM {NAMES_FUNCTION}(%s::text[], %s::float8[], %s::date, %s::bigint[], %s::int)"  # noqa: S608
_HAS_FUNCTIONS = f"SELECT count(to_regproc('{SHARING_FUNCTION}')), count(to_regproc('{NAMES_FUNCTION}'))"


class _Ways(NamedTuple):
    """How a database is asked for ids, and for rows of names if it can be."""

    ids: str
    names: str | None


_ways: WeakKeyDictionary[Engine, _Ways] = WeakKeyDictionary()


def _ways_of(reading: Reading) -> _Ways:
    found = _ways.get(reading.engine)
    if found is None:
        sharing_, names = reading.rows(_HAS_FUNCTIONS, ())[0]
        found = _Ways(_BY_FUNCTION if sharing_ else _CANDIDATES, _NAMES if names else None)
        _ways[reading.engine] = found
    return found


_COMMON = """
SELECT gram, round(count(*) * 100 / %(percent)s::float8)::bigint
FROM register_name TABLESAMPLE SYSTEM (%(percent)s) CROSS JOIN LATERAL unnest(grams) AS each(gram)
GROUP BY gram HAVING count(*) * 100 >= %(least)s * %(percent)s::float8
"""
_ABOUT = "SELECT GREATEST(reltuples, 1) FROM pg_class WHERE oid = 'register_name'::regclass"
SAMPLE = 200_000
"""Of so many names grams are counted at least: counts only choose and order."""
BUILDING_MEMORY = "256MB"
_COPY = f"COPY register_name ({', '.join(COLUMNS)}) FROM STDIN"
_INVALID = """
SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indrelid = 'register_name'::regclass AND NOT indisvalid
"""


class PostgresqlIndex:
    """GIN, kept by the database itself."""

    def candidates(self, reading: Reading, grams: Sequence[Gram], limit: int) -> list[Candidate]:
        if not grams:
            return []
        texts, weights = [gram.text for gram in grams], [gram.weight for gram in grams]
        return reading.rows(_ways_of(reading).ids, (texts, weights, MOST_POSTINGS, limit))

    def names(
        self, reading: Reading, grams: Sequence[Gram], today: date, seen: Collection[int], most: int
    ) -> list[NameTuple] | None:
        way = _ways_of(reading).names
        if way is None:
            return None
        texts, weights = [gram.text for gram in grams], [gram.weight for gram in grams]
        return reading.rows(way, (texts, weights, today, list(seen), most))

    def common_grams(self, connection: Connection, at_least: int) -> list[tuple[str, int]]:
        about = float(connection.exec_driver_sql(_ABOUT).scalar_one())
        given = {"percent": min(100.0, 100 * SAMPLE / about), "least": at_least}
        return [(row[0], row[1]) for row in connection.exec_driver_sql(_COMMON, given)]

    def tidy(self, connection: Connection, *, going: bool) -> bool:
        """Puts what was added lately into the index proper, so that no question has to read through it."""
        if not going:
            connection.exec_driver_sql("SELECT gin_clean_pending_list('gin_register_name_grams')")
        return False

    def rebuild(self, connection: Connection) -> None:
        connection.exec_driver_sql("REINDEX INDEX gin_register_name_grams")
        connection.exec_driver_sql("ANALYZE register_name")

    def block(self, rows: Sequence[NameTuple]) -> bytes:
        """As COPY reads it: the driver would take longer over the arrays than the cutting took."""
        return "".join(map(_line, rows)).encode()

    def take(self, connection: Connection, block: bytes) -> None:
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(_COPY) as stream:
            stream.write(block)

    def set_aside(self, connection: Connection) -> None:
        connection.exec_driver_sql("DROP INDEX gin_register_name_grams")
        for each in NAMES.indexes:
            each.drop(connection)

    def restore(self, connection: Connection) -> None:
        connection.exec_driver_sql(f"SET LOCAL maintenance_work_mem = '{BUILDING_MEMORY}'")
        for each in sorted(NAMES.indexes, key=lambda index: str(index.name)):
            each.create(connection)
        for statement in POSTGRESQL:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("ANALYZE register_name")

    def faults(self, connection: Connection) -> list[str]:
        return [f"索引 {row[0]} 无效" for row in connection.exec_driver_sql(_INVALID)]


_ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def _line(row: NameTuple) -> str:
    """One line of COPY's text form."""
    fields = [str(each) for each in row[:-1]]
    return "\t".join([each.translate(_ESCAPED) for each in (*fields, array_text(row[-1]))]) + "\n"
