"""A connection for reading at its barest: the driver's cursor, without layers that cost more than it does.

Statements are still built and compiled by SQLAlchemy, once; only their running is direct.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from threading import local
from typing import Any, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import StaticPool

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


class _Files(local):
    """The connections to SQLite files this thread holds."""

    def __init__(self) -> None:
        self.by_engine: WeakKeyDictionary[Engine, sqlite3.Connection] = WeakKeyDictionary()


_files = _Files()


def _file(engine: Engine) -> sqlite3.Connection:
    """This thread's connection, taken from the pool for good; it closes with the database."""
    found = _files.by_engine.get(engine)
    if found is not None and _is_open(found):
        return found
    held = engine.raw_connection()
    driver: Any = held.driver_connection
    held.detach()
    event.listen(engine, "engine_disposed", lambda _: driver.close(), once=True)
    _files.by_engine[engine] = driver
    return cast("sqlite3.Connection", driver)


def _is_open(connection: sqlite3.Connection) -> bool:
    try:
        return connection.total_changes >= 0
    except sqlite3.ProgrammingError:
        return False


@contextmanager
def reading(engine: Engine) -> Iterator[Reading]:
    """On the thread's own connection; every statement is a consistent view by itself."""
    if engine.dialect.name == "postgresql":
        yield Reading(None, engine, direct(engine))
    elif isinstance(engine.pool, StaticPool):  # in memory there is only one
        held = engine.raw_connection()
        try:
            yield Reading(held.driver_connection, engine)
        finally:
            held.close()
    else:
        yield Reading(_file(engine), engine)
