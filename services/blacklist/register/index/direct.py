"""PostgreSQL at its barest: a connection per thread, libpq's own prepared statements.

An exact answer is one statement of a third of a millisecond; the driver's cursor, the pool and its ping took
twice as long.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from threading import local
from typing import Any
from weakref import WeakKeyDictionary, ref

import psycopg
from psycopg import pq
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

Given = Sequence[Any] | Mapping[str, Any]
_NAMED = re.compile(r"%\((\w+)\)s|%(s)|%%")
_NUMBERS: Mapping[int, Callable[[bytes], Any]] = {20: int, 21: int, 23: int, 700: float, 701: float}
"""By type of column; everything else is text, days included."""

BY_VALUES = "/* by values */ "
"""Begins a statement that is planned for its own values: how far a list is read in its order until enough of
it fits depends on how many fit.
"""
_MODES: Mapping[bool, bytes] = {
    False: b"SET plan_cache_mode = force_generic_plan", True: b"SET plan_cache_mode = force_custom_plan",
}  # fmt: skip
"""One plan serves all questions: where the first few had few grams, every later one was planned anew, which
took longer than to answer it. Not so where it depends on the values (BY_VALUES).
"""


class Direct:
    """One thread's connection to one database."""

    _by_values: bool | None
    """How the last statement was planned; None on a new connection."""

    def __init__(self, engine: Engine) -> None:
        self._engine = ref(engine)
        self._connect()

    def _connect(self) -> None:
        engine = self._engine()
        assert engine is not None  # whoever asks holds it
        self._held = engine.raw_connection()
        driver: Any = self._held.driver_connection
        self._held.detach()  # the pool forgets it: it stays with the thread, until the database is closed
        event.listen(engine, "engine_disposed", lambda _: driver.close(), once=True)
        driver.autocommit = True
        self._driver, self._by_values = driver, None
        self._prepared: dict[str, tuple[bytes, tuple[str, ...]]] = {}

    def rows(self, sql: str, given: Given) -> list[tuple[Any, ...]]:
        """One statement by itself; asked again on a new connection where the old one had gone."""
        try:
            return self._rows(sql, given)
        except (OperationalError, psycopg.OperationalError):
            if self._driver.pgconn.status == pq.ConnStatus.OK:
                raise
            self._driver.close()
            self._connect()
            return self._rows(sql, given)

    def _rows(self, sql: str, given: Given) -> list[tuple[Any, ...]]:
        connection = self._driver.pgconn
        self._plan(connection, by_values=sql.startswith(BY_VALUES))
        name, order = self._prepared.get(sql) or self._prepare(connection, sql)
        values = [given[each] for each in order] if isinstance(given, Mapping) else given
        result = connection.exec_prepared(name, [_sent(each) for each in values])
        if result.status != pq.ExecStatus.TUPLES_OK:
            raise _failure(sql, result)
        return _rows(result)

    def _plan(self, connection: Any, *, by_values: bool) -> None:
        """How the next statement is planned, said where the last one was planned otherwise."""
        if by_values is not self._by_values:
            result = connection.exec_(_MODES[by_values])
            if result.status != pq.ExecStatus.COMMAND_OK:
                raise _failure(_MODES[by_values].decode(), result)
            self._by_values = by_values

    def _prepare(self, connection: Any, sql: str) -> tuple[bytes, tuple[str, ...]]:
        text, order = numbered(sql)
        name = b"direct_%d" % len(self._prepared)
        result = connection.prepare(name, text.encode())
        if result.status != pq.ExecStatus.COMMAND_OK:
            raise _failure(sql, result)
        self._prepared[sql] = name, order
        return name, order


def _failure(sql: str, result: Any) -> OperationalError:
    message = (result.error_message or b"").decode(errors="replace")
    return OperationalError(sql, None, psycopg.OperationalError(message))


@lru_cache(maxsize=500)
def numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """`%(name)s` and `%s` as `$1` …, and the names in the order of their numbers."""
    order: list[str] = []

    def number(found: re.Match[str]) -> str:
        if found[2]:
            order.append("")
            return f"${len(order)}"
        if not found[1]:
            return "%"
        if found[1] not in order:
            order.append(found[1])
        return f"${order.index(found[1]) + 1}"

    return _NAMED.sub(number, sql), tuple(order)


def _sent(value: Any) -> bytes:
    """As PostgreSQL reads it: text, numbers, days, and lists of texts or numbers."""
    if isinstance(value, list):
        return f"{{{','.join(map(_element, value))}}}".encode()
    return (value.isoformat() if isinstance(value, date) else str(value)).encode()


def _element(value: Any) -> str:
    if not isinstance(value, str):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _rows(result: Any) -> list[tuple[Any, ...]]:
    columns = range(result.nfields)
    readers = [_NUMBERS.get(result.ftype(each), bytes.decode) for each in columns]
    value = result.get_value
    return [
        tuple(None if (raw := value(row, column)) is None else readers[column](raw) for column in columns)
        for row in range(result.ntuples)
    ]


class _Connections(local):
    """What this thread holds."""

    def __init__(self) -> None:
        self.by_engine: WeakKeyDictionary[Engine, Direct] = WeakKeyDictionary()


_connections = _Connections()


def direct(engine: Engine) -> Direct:
    """This thread's connection."""
    found = _connections.by_engine.get(engine)
    if found is None:
        found = _connections.by_engine[engine] = Direct(engine)
    return found
