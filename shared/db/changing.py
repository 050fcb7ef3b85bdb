"""Changing many rows, each in its own way, with one statement: a JSON document joined on PostgreSQL, bare
tuples on SQLite. The rows are the caller's: it holds their locks.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, String, Table, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from shared.db.engine import dialect_of
from shared.db.types import unnested

Bind = Callable[[Any], Any]
APART = "\x1f"


def change_rows(
    session: Session, table: Table, rows: Sequence[Mapping[str, Any]], key: tuple[str, ...] = ("id",)
) -> None:
    """Update rows found by `key`; all must have the columns of the first, the key's among them."""
    if not rows:
        return
    dialect = session.connection().dialect
    names = tuple(rows[0])
    same = _same(rows, names, key) if dialect.name == "postgresql" else ()
    plan = _change(table, names, key, dialect, same)
    _execute(session, plan, rows, tuple(rows[0][name] for name in same))


def _same(rows: Sequence[Mapping[str, Any]], names: tuple[str, ...], key: tuple[str, ...]) -> tuple[str, ...]:
    """Columns that get one value in every row: told once instead of once a row."""
    columns = zip(*map(itemgetter(*names), rows), strict=True)
    alike = (
        name
        for name, values in zip(names, columns, strict=True)
        if name not in key and values.count(values[0]) == len(values)
    )
    return tuple(alike)


def put_rows(session: Session, table: Table, rows: Sequence[Mapping[str, Any]], key: tuple[str, ...]) -> None:
    """Insert rows, or overwrite those that have the same `key`; no key twice in one call."""
    if rows:
        _execute(session, _put(table, tuple(rows[0]), key, session.connection().dialect), rows, ())


def among(session: Session, column: SQLColumnExpression[str], values: Sequence[str]) -> ColumnElement[bool]:
    """`column IN (values)` with one parameter, whatever their number: the statement is compiled once."""
    if dialect_of(session) == "postgresql":
        # an array of the driver's is written value by value in Python; one text is not
        told = APART.join(values)
        if told and told.count(APART) == len(values) - 1:
            return column == any_(func.string_to_array(told, APART, type_=ARRAY(String)))
        return column == any_(literal(list(values), ARRAY(String)))
    return column.in_(select(unnested(session, values, String())))


@dataclass(frozen=True)
class _Plan:
    """A statement and how a row becomes its parameters."""

    statement: str
    names: tuple[str, ...]
    values: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    binds: tuple[tuple[int, Bind], ...]
    as_document: bool

    def bound(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        values = list(self.values(row))
        for at, bind in self.binds:
            values[at] = bind(values[at])
        return tuple(values)


def _execute(session: Session, plan: _Plan, rows: Sequence[Mapping[str, Any]], same: tuple[Any, ...]) -> None:
    connection = session.connection()
    if plan.as_document:
        document = [dict(zip(plan.names, plan.values(row), strict=True)) for row in rows]
        connection.exec_driver_sql(plan.statement, (*same, _dump(document)))
    else:
        connection.exec_driver_sql(plan.statement, [plan.bound(row) for row in rows])


def _text(value: Any) -> str:
    if isinstance(value, date):  # instants too
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be written in bulk")


_dump = json.JSONEncoder(default=_text, separators=(",", ":"), check_circular=False).encode


@lru_cache(maxsize=500)
def _change(
    table: Table, names: tuple[str, ...], key: tuple[str, ...], dialect: Dialect, same: tuple[str, ...]
) -> _Plan:
    quote = dialect.identifier_preparer.quote
    target = dialect.identifier_preparer.format_table(table)
    own = tuple(name for name in names if name not in same)
    changed = [name for name in own if name not in key]
    if dialect.name == "postgresql":
        sets = [f"{quote(name)} = %s::{table.columns[name].type.compile(dialect)}" for name in same]
        sets += [f"{quote(name)} = v.{quote(name)}" for name in changed]
        fits = " AND ".join(f"{target}.{quote(name)} = v.{quote(name)}" for name in key)
        source = _recordset(table, own, dialect)
        statement = f"UPDATE {target} SET {', '.join(sets)} FROM {source} WHERE {fits}"  # noqa: S608  our own names
        return _plan(table, statement, own, dialect)
    sets = [f"{quote(name)} = ?" for name in changed]
    fits = " AND ".join(f"{quote(name)} = ?" for name in key)
    statement = f"UPDATE {target} SET {', '.join(sets)} WHERE {fits}"  # noqa: S608  our own names
    return _plan(table, statement, (*changed, *key), dialect)


@lru_cache(maxsize=100)
def _put(table: Table, names: tuple[str, ...], key: tuple[str, ...], dialect: Dialect) -> _Plan:
    quote = dialect.identifier_preparer.quote
    columns = ", ".join(map(quote, names))
    if dialect.name == "postgresql":
        source = f"SELECT {columns} FROM {_recordset(table, names, dialect)}"  # noqa: S608  our own names
    else:
        source = f"VALUES ({', '.join('?' * len(names))})"
    sets = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in names if name not in key)
    statement = (
        f"INSERT INTO {dialect.identifier_preparer.format_table(table)} ({columns}) {source} "
        f"ON CONFLICT ({', '.join(map(quote, key))}) DO UPDATE SET {sets}"
    )
    return _plan(table, statement, names, dialect)


def _recordset(table: Table, names: tuple[str, ...], dialect: Dialect) -> str:
    quote = dialect.identifier_preparer.quote
    types = (f"{quote(name)} {table.columns[name].type.compile(dialect)}" for name in names)
    return f"json_to_recordset(%s::json) AS v({', '.join(types)})"


def _plan(table: Table, statement: str, names: tuple[str, ...], dialect: Dialect) -> _Plan:
    pick = itemgetter(*names)
    processors = (table.columns[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names)
    return _Plan(
        statement,
        names,
        pick if len(names) > 1 else lambda row: (pick(row),),
        tuple((at, processor) for at, processor in enumerate(processors) if processor),
        dialect.name == "postgresql",
    )
