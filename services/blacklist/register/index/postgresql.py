"""The index on PostgreSQL: a GIN index over the array of grams, asked one gram at a time, added up in SQL."""

from collections.abc import Sequence

from sqlalchemy import Connection

from services.blacklist.register.domain.names import Gram
from services.blacklist.register.index.port import MOST_POSTINGS, Candidate
from services.blacklist.register.index.reading import Reading

_CANDIDATES = """
SELECT id, sum(weight)::float8 AS shared
FROM unnest(%s::text[], %s::float8[]) AS asked(gram, weight)
CROSS JOIN LATERAL (
  SELECT id FROM register_name WHERE grams @> ARRAY[asked.gram] LIMIT %s
) AS sharing
GROUP BY id ORDER BY shared DESC, id LIMIT %s
"""
_COMMON = """
SELECT gram, count(*) FROM register_name CROSS JOIN LATERAL unnest(grams) AS each(gram)
GROUP BY gram HAVING count(*) >= %s
"""
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
        return reading.rows(_CANDIDATES, (texts, weights, MOST_POSTINGS, limit))

    def common_grams(self, connection: Connection, at_least: int) -> list[tuple[str, int]]:
        return [(row[0], row[1]) for row in connection.exec_driver_sql(_COMMON, (at_least,))]

    def tidy(self, connection: Connection, *, going: bool) -> bool:
        """Puts what was added lately into the index proper, so that no question has to read through it."""
        if not going:
            connection.exec_driver_sql("SELECT gin_clean_pending_list('gin_register_name_grams')")
        return False

    def rebuild(self, connection: Connection) -> None:
        connection.exec_driver_sql("REINDEX INDEX gin_register_name_grams")
        connection.exec_driver_sql("ANALYZE register_name")

    def faults(self, connection: Connection) -> list[str]:
        return [f"索引 {row[0]} 无效" for row in connection.exec_driver_sql(_INVALID)]
