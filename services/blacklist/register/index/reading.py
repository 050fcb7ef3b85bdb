"""A connection for reading at its barest: the driver's cursor, without layers that cost more than it does.

Statements are still built and compiled by SQLAlchemy, once; only their running is direct.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine

from services.blacklist.register.index.direct import Direct, Given, direct


class Reading:
    """Rows for SQL text; `engine` is whose rows they are."""

    def __init__(self, driver: Any, engine: Engine, own: Direct | None = None) -> None:
        self._driver, self._direct = driver, own
        self.engine = engine
        self.dialect = engine.dialect.name

    def rows(self, sql: str, given: Given) -> list[Any]:
        if self._direct is not None:
            return self._direct.rows(sql, given)
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
    """On a connection of the pool, or the thread's own; every statement is a consistent view by itself."""
    if engine.dialect.name == "postgresql":
        yield Reading(None, engine, direct(engine))
        return
    held = engine.raw_connection()
    try:
        yield Reading(held.driver_connection, engine)
    finally:
        held.close()
