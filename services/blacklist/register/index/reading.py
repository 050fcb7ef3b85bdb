"""A connection for reading at its barest: the driver's cursor, without layers that cost more than it does.

Statements are still built and compiled by SQLAlchemy, once; only their running is direct.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine

Given = Sequence[Any] | Mapping[str, Any]


class Reading:
    """Rows for SQL text; `engine` is whose rows they are."""

    def __init__(self, driver: Any, engine: Engine) -> None:
        self._driver = driver
        self.engine = engine
        self.dialect = engine.dialect.name

    def rows(self, sql: str, given: Given) -> list[Any]:
        cursor = self._driver.cursor()
        try:
            cursor.execute(sql, given)
            found: list[Any] = cursor.fetchall()
            return found
        finally:
            cursor.close()

    def bound(self, value: Any) -> Any:
        """SQLite keeps dates as text."""
        return value.isoformat() if self.dialect == "sqlite" and isinstance(value, date) else value


def reading_of(connection: Connection) -> Reading:
    """Within the transaction of a session."""
    return Reading(connection.connection.driver_connection, connection.engine)


@contextmanager
def reading(engine: Engine) -> Iterator[Reading]:
    """On a connection of the pool; every statement is a consistent view by itself."""
    held = engine.raw_connection()
    driver: Any = held.driver_connection
    alone = engine.dialect.name == "postgresql"
    try:
        if alone:  # spares the round trips of BEGIN and ROLLBACK
            driver.autocommit = True
        yield Reading(driver, engine)
    finally:
        if alone and not driver.closed:
            driver.autocommit = False
        held.close()
