"""Changing many rows, each in its own way, with one statement: a JSON document joined on PostgreSQL, rows
of values on SQLite. The rows are the caller's: it holds their locks.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Date,
    SQLColumnExpression,
    String,
    Table,
    any_,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from shared.db.adding import Bind, remembered
from shared.db.engine import dialect_of
from shared.db.grouping import Grouped, marks
from shared.db.types import UtcDateTime, unnested

APART = "\x1f"
FEW = 5
"""Rows that may be alike by chance: statements for them would be many."""


def change_rows(
    session: Session, table: Table, rows: Sequence[Mapping[str, Any]], key: tuple[str, ...] = ("id",)
) -> None:
    """Update rows found by `key`, each once; all must have the columns of the first, the key's among them."""
    if not rows:
        return
    dialect = session.connection().dialect
    names = tuple(rows[0])
    same = _same(rows, names, key) if dialect.name == "postgresql" or len(rows) > FEW else ()
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

    statement: str | Grouped
    names: tuple[str, ...]
    values: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    binds: tuple[tuple[int, Bind], ...]
    same: tuple[Bind | None, ...]

    def bound(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        values = list(self.values(row))
        for at, bind in self.binds:
            values[at] = bind(values[at])
        return tuple(values)


def _execute(session: Session, plan: _Plan, rows: Sequence[Mapping[str, Any]], same: tuple[Any, ...]) -> None:
    connection = session.connection()
    if isinstance(plan.statement, Grouped):
        told = (bind(value) if bind else value for bind, value in zip(plan.same, same, strict=True))
        plan.statement.execute(connection, list(map(plan.bound, rows)), *told)
        return
    document = [dict(zip(plan.names, plan.values(row), strict=True)) for row in rows]
    connection.exec_driver_sql(plan.statement, (*same, _dump(document)))


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
    place = {name: f"v.column{at}" for at, name in enumerate(own, 1)}
    sets = [f"{quote(name)} = ?" for name in same] + [f"{quote(name)} = {place[name]}" for name in changed]
    fits = " AND ".join(f"{target}.{quote(name)} = {place[name]}" for name in key)
    before = f"UPDATE {target} SET {', '.join(sets)} FROM (VALUES "  # noqa: S608  our own names
    return _plan(table, Grouped(before, marks(own), f") AS v WHERE {fits}"), own, dialect, same)


@lru_cache(maxsize=100)
def _put(table: Table, names: tuple[str, ...], key: tuple[str, ...], dialect: Dialect) -> _Plan:
    quote = dialect.identifier_preparer.quote
    columns = ", ".join(map(quote, names))
    sets = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in names if name not in key)
    insert = f"INSERT INTO {dialect.identifier_preparer.format_table(table)} ({columns}) "
    over = f" ON CONFLICT ({', '.join(map(quote, key))}) DO UPDATE SET {sets}"
    if dialect.name == "postgresql":
        source = f"SELECT {columns} FROM {_recordset(table, names, dialect)}"  # noqa: S608  our own names
        return _plan(table, insert + source + over, names, dialect)
    return _plan(table, Grouped(f"{insert}VALUES ", marks(names), over), names, dialect)


def _recordset(table: Table, names: tuple[str, ...], dialect: Dialect) -> str:
    quote = dialect.identifier_preparer.quote
    types = (f"{quote(name)} {table.columns[name].type.compile(dialect)}" for name in names)
    return f"json_to_recordset(%s::json) AS v({', '.join(types)})"


def _plan(
    table: Table,
    statement: str | Grouped,
    names: tuple[str, ...],
    dialect: Dialect,
    same: tuple[str, ...] = (),
) -> _Plan:
    pick = itemgetter(*names)
    processors = [_bind(table.columns[name], dialect) for name in names]
    return _Plan(
        statement,
        names,
        pick if len(names) > 1 else lambda row: (pick(row),),
        tuple((at, processor) for at, processor in enumerate(processors) if processor),
        tuple(_bind(table.columns[name], dialect) for name in same),
    )


def _bind(column: Column[Any], dialect: Dialect) -> Bind | None:
    bind = column.type.dialect_impl(dialect).bind_processor(dialect)
    return remembered(bind) if bind and isinstance(column.type, Date | UtcDateTime) else bind
