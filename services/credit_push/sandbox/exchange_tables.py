"""An exchange database as the platform sees it: its tables, rows found by content, feedback.

The content tables have no id and no status, as in the cities; rows are told apart by place (rowid, ctid).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Index,
    MetaData,
    Table,
    Text,
    create_engine,
    event,
    select,
    text,
)
from sqlalchemy.sql.elements import ColumnClause, literal_column

from services.credit_push.sandbox.checking import names_of
from services.credit_push.sandbox.ledger import content_digest
from services.credit_push.sandbox.platforms import Platform

ANSWERED = ("accepted", "rejected")
_READING = {"reading": True}


@dataclass(frozen=True)
class Place:
    """Where a row lies, and what it says."""

    at: Any
    content: dict[str, str]


class ExchangeTables:
    """One platform's exchange database, made if need be."""

    def __init__(self, platform: Platform, url: str) -> None:
        self.platform = platform
        if url.startswith("sqlite:///"):
            Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        self.engine = _open(url)
        metadata = MetaData()
        self.layouts = dict(platform.tables)
        self.tables = {
            name: Table(name, metadata, *(Column(field, Text, nullable=False) for field in names_of(layout)))
            for name, layout in platform.tables
        }
        self.feedback = _feedback_table(metadata)
        metadata.create_all(self.engine)
        self.where: ColumnClause[Any] = literal_column("rowid" if self.sqlite else "ctid")

    @property
    def sqlite(self) -> bool:
        """Whether it is SQLite (else PostgreSQL)."""
        return self.engine.dialect.name == "sqlite"

    def pending(self, most: int) -> list[dict[str, Any]]:
        """Rows without a result, oldest first."""
        table = self.feedback
        query = select(table).where(table.c.JSJG.is_(None)).order_by(table.c.TJSJ, table.c.JLBS).limit(most)
        with self.engine.connect().execution_options(**_READING) as cx:
            return [dict(row) for row in cx.execute(query).mappings()]

    def forget_garbage(self) -> None:
        """Results that were never readable count as missing again."""
        table = self.feedback
        with self.engine.begin() as cx:
            cx.execute(table.update().where(table.c.JSJG.not_in(ANSWERED)).values(JSJG=None))

    def rows(self, cx: Connection, name: str, after: int = 0) -> dict[str, list[Place]]:
        """Content digest → rows of a table; on SQLite only those inserted after a rowid."""
        table, layout = self.tables[name], self.layouts[name]
        query = select(self.where, table)
        if self.sqlite and after:
            query = query.where(text("rowid > :after")).params(after=after)
        found: dict[str, list[Place]] = {}
        for at, *values in cx.execute(query):
            content = dict(zip(names_of(layout), values, strict=True))
            found.setdefault(content_digest(layout, content), []).append(Place(at, content))
        return found

    def last(self, cx: Connection, name: str) -> int:
        """The greatest rowid now (0 on PostgreSQL, where rows lie in no order)."""
        if not self.sqlite:
            return 0
        return int(cx.execute(text(f"SELECT coalesce(max(rowid), 0) FROM {name}")).scalar_one())  # noqa: S608  own names

    def remove(self, cx: Connection, name: str, place: Place) -> None:
        """Delete exactly this row."""
        there = "rowid = :at" if self.sqlite else "ctid = CAST(CAST(:at AS TEXT) AS tid)"
        cx.execute(self.tables[name].delete().where(text(there)), {"at": place.at})

    def put(self, cx: Connection, name: str, content: dict[str, str]) -> None:
        """Insert a row."""
        cx.execute(self.tables[name].insert().values(**content))

    def answer(self, cx: Connection, key: str, values: dict[str, str]) -> None:
        """Fill the result columns of a feedback row."""
        cx.execute(self.feedback.update().where(self.feedback.c["JLBS"] == key).values(**values))


def _feedback_table(metadata: MetaData) -> Table:
    table = Table(
        "jh_feedback",
        metadata,
        Column("PCH", Text, nullable=False),
        Column("JLBS", Text, primary_key=True),
        Column("BM", Text, nullable=False),
        Column("CZ", Text, nullable=False),
        Column("NRZY", Text, nullable=False),
        Column("BBH", Text),
        Column("JLH", Text, nullable=False),
        Column("TJSJ", Text, nullable=False),
        *(Column(name, Text) for name in ("JSJG", "HZH", "CWZD", "CWDM", "CWXX", "HZSJ")),
    )
    open_rows = table.c.JSJG.is_(None)
    Index("jh_feedback_open", table.c.TJSJ, sqlite_where=open_rows, postgresql_where=open_rows)
    return table


def _open(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _tune)
        event.listen(engine, "begin", _begin)
    return engine


def _begin(cx: Connection) -> None:
    reading = cx.get_execution_options().get("reading", False)
    cx.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _tune(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # BEGIN is ours, so that a read-then-write transaction never fails late
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA busy_timeout=5000")
    connection.execute("PRAGMA synchronous=NORMAL")
