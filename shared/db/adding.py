"""Adding many rows without compiling and binding each: COPY on PostgreSQL, many rows a statement on SQLite.

For rows that are only ever added. Types and errors are those of SQLAlchemy's own `insert`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import lru_cache
from itertools import chain, islice
from operator import itemgetter
from typing import Any

from sqlalchemy import Column, Date, Engine, LargeBinary, Table, event
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from shared.db.grouping import Grouped, marks
from shared.db.types import JsonDoc, UtcDateTime, dump_json

FEW = 5  # up to here the second round trip of COPY costs more than it saves
COPY = "COPY "
NO_COPY = "no_copy"
"""Names of tables that a connection's transaction may not COPY into, in its `info`: PostgreSQL refuses that
where row-level security binds."""
Bind = Callable[[Any], Any]


class JsonText(str):
    """A document already written as JSON: may stand for it in a row given to `add_rows`."""

    __slots__ = ()


def add_rows(session: Session, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows that all have the columns of the first; columns left out get what the table itself says.

    Rows may be made while they are asked for: PostgreSQL works on some while the next are made.
    """
    coming = iter(rows)
    first = next(coming, None)
    if first is not None:
        columns = Columns(table, tuple(first))
        columns.add(session, map(columns.values, chain((first,), coming)))


@dataclass(frozen=True)
class Columns:
    """Some columns of a table, for rows given as tuples; `written` ones are documents in JSON already."""

    table: Table
    names: tuple[str, ...]
    written: frozenset[str] = frozenset()

    @property
    def values(self) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
        """What takes the tuple out of a whole row."""
        (*_, last) = self.names
        return itemgetter(*self.names) if len(self.names) > 1 else lambda row: (row[last],)

    def add(self, session: Session, rows: Iterable[tuple[Any, ...]]) -> None:
        """Insert the rows, as `add_rows` does."""
        coming = iter(rows)
        first = list(islice(coming, FEW + 1))
        if not first:
            return
        connection = session.connection()
        plan = _plan(self, connection.dialect)
        bound = map(plan.bound, chain(first, coming))
        if plan.copy and len(first) > FEW and self.table.name not in connection.info.get(NO_COPY, ()):
            connection.exec_driver_sql(plan.copy, (bound,))
        elif plan.grouped:
            plan.grouped.execute(connection, list(bound))
        else:
            connection.exec_driver_sql(plan.insert, list(bound))


@dataclass(frozen=True)
class _Plan:
    """How rows of one table with the same columns are written."""

    insert: str
    grouped: Grouped | None
    copy: str | None
    binds: tuple[tuple[int, Bind], ...]

    def bound(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        values = list(row)
        for at, bind in self.binds:
            if values[at] is not None:
                values[at] = bind(values[at])
        return tuple(values)


@lru_cache(maxsize=200)
def _plan(columns: Columns, dialect: Dialect) -> _Plan:
    table, names = columns.table, columns.names
    _no_defaults(table, names)
    quote = dialect.identifier_preparer.quote
    target = f"{dialect.identifier_preparer.format_table(table)} ({', '.join(map(quote, names))})"
    into = f"INSERT INTO {target} VALUES "  # noqa: S608  names of our own tables
    postgresql = dialect.name == "postgresql"
    one = ", ".join(["%s" if postgresql else "?"] * len(names))
    unwritten = (each for each in enumerate(names) if each[1] not in columns.written)
    binds = ((at, _bind(table.columns[name], dialect)) for at, name in unwritten)
    return _Plan(
        insert=f"{into}({one})",
        grouped=None if postgresql else Grouped(into, marks(names)),
        copy=f"{COPY}{target} FROM STDIN" if postgresql else None,
        binds=tuple((at, bind) for at, bind in binds if bind),
    )


def _no_defaults(table: Table, names: Sequence[str]) -> None:
    """Values that SQLAlchemy alone would have made are not made here: better no row than one without them."""
    made = (each.name for each in table.columns if each.default and not each.server_default)
    if left := [name for name in made if name not in names]:
        raise ValueError(f"{table.name}: no value given for {', '.join(left)}")


def _bind(column: Column[Any], dialect: Dialect) -> Bind | None:
    if isinstance(column.type, JsonDoc):
        return lambda value: value if type(value) is JsonText else dump_json(value)
    if isinstance(column.type, LargeBinary):
        return None  # both drivers take bytes as they are
    bind = column.type.dialect_impl(dialect).bind_processor(dialect)
    return remembered(bind) if bind and isinstance(column.type, Date | UtcDateTime) else bind


def remembered(bind: Bind) -> Bind:
    """Rows added together mostly share their days and instants. Zones with folds are left out."""
    written = lru_cache(maxsize=256)(bind)
    return lambda value: bind(value) if getattr(value, "tzinfo", UTC) is not UTC else written(value)


def teach_copy(engine: Engine) -> None:
    """Let the engine carry out COPY … FROM STDIN: rows go to the driver's stream, errors come as always."""

    @event.listens_for(engine, "do_execute")
    def _copy(cursor: Any, statement: str, parameters: Any, _context: object) -> bool:
        if not statement.startswith(COPY):
            return False
        with cursor.copy(statement) as stream:
            for values in parameters[0]:
                stream.write_row(values)
        return True
