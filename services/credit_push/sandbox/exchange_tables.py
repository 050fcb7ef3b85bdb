"""An exchange database as the platform sees it: its tables, rows found by content, feedback.

The content tables have no id and no status, as in the cities; rows are told apart by place (rowid, ctid);
MySQL has none, and there one of several that say the same is as good as another.
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
    String,
    Table,
    Text,
    create_engine,
    event,
    func,
    select,
    text,
)
from sqlalchemy.sql.elements import ColumnClause, literal_column

from services.credit_push.sandbox.checking import names_of
from services.credit_push.sandbox.ledger import content_digest
from services.credit_push.sandbox.platforms import Platform

ANSWERED = ("accepted", "rejected")
OUTCOME_COLUMNS = {
    "YWLSH": "idempotency_key",
    "SLH": "ticket",
    "SQZL": "kind",
    "MDBH": "listing_id",
    "WSH": "document_number",
    "BLJG": "outcome",
    "BLYY": "reason",
    "BLSJ": "decided_at",
}
"""Of what is told about requests: in the table jh_outcome and in packets, in this order."""
_PLACES = {"sqlite": "rowid", "postgresql": "ctid", "mysql": "NULL"}
_UTF8: dict[str, Any] = {"mysql_charset": "utf8mb4", "mysql_engine": "InnoDB"}
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
            name: Table(name, metadata, *(_content(field) for field in names_of(layout)), **_UTF8)
            for name, layout in platform.tables
        }
        self.feedback = _feedback_table(metadata)
        self.outcomes = _outcome_table(metadata)
        metadata.create_all(self.engine)
        self.where: ColumnClause[Any] = literal_column(_PLACES[self.engine.dialect.name])

    @property
    def sqlite(self) -> bool:
        """Whether it is SQLite (else PostgreSQL or MySQL)."""
        return self.engine.dialect.name == "sqlite"

    def pending(self, most: int) -> list[dict[str, Any]]:
        """Rows without a result, oldest first."""
        table = self.feedback
        query = select(table).where(table.c.JSJG.is_(None)).order_by(table.c.TJSJ, table.c.JLBS).limit(most)
        with self.engine.connect().execution_options(**_READING) as cx:
            return [dict(row) for row in cx.execute(query).mappings()]

    def open_outcomes(self, most: int) -> list[dict[str, Any]]:
        """What was told of requests and has no readable result, oldest first."""
        table = self.outcomes
        unread = table.c.JSJG.is_(None) | table.c.JSJG.not_in(ANSWERED)
        query = select(table).where(unread).order_by(table.c.TJSJ, table.c.YWLSH).limit(most)
        with self.engine.connect().execution_options(**_READING) as cx:
            return [dict(row) for row in cx.execute(query).mappings()]

    def answer_outcome(self, key: str, values: dict[str, str]) -> None:
        """Fill the result columns of a row about a request."""
        with self.engine.begin() as cx:
            cx.execute(self.outcomes.update().where(self.outcomes.c["YWLSH"] == key).values(**values))

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
        for number, (place, *values) in enumerate(cx.execute(query)):
            at = number if place is None else place
            content = dict(zip(names_of(layout), values, strict=True))
            found.setdefault(content_digest(layout, content), []).append(Place(at, content))
        return found

    def last(self, cx: Connection, name: str) -> int:
        """The greatest rowid now (0 where rows lie in no order)."""
        if not self.sqlite:
            return 0
        return int(cx.execute(text(f"SELECT coalesce(max(rowid), 0) FROM {name}")).scalar_one())  # noqa: S608  own names

    def remove(self, cx: Connection, name: str, place: Place) -> None:
        """Delete exactly this row."""
        table = self.tables[name]
        if self.engine.dialect.name == "mysql":
            told = ((table.c[field], said.encode().hex().upper()) for field, said in place.content.items())
            same = (func.hex(column) == said for column, said in told)
            cx.execute(table.delete().where(*same).with_dialect_options(mysql_limit=1))
            return
        there = "rowid = :at" if self.sqlite else "ctid = CAST(CAST(:at AS TEXT) AS tid)"
        cx.execute(table.delete().where(text(there)), {"at": place.at})

    def put(self, cx: Connection, name: str, content: dict[str, str]) -> None:
        """Insert a row."""
        cx.execute(self.tables[name].insert().values(**content))

    def answer(self, cx: Connection, key: str, values: dict[str, str]) -> None:
        """Fill the result columns of a feedback row."""
        cx.execute(self.feedback.update().where(self.feedback.c["JLBS"] == key).values(**values))


def _content(field: str) -> Column[Any]:
    return Column(field, Text, nullable=False)


def _feedback_table(metadata: MetaData) -> Table:
    table = Table(
        "jh_feedback",
        metadata,
        Column("PCH", String(100), nullable=False),
        Column("JLBS", String(200), primary_key=True),
        Column("BM", String(100), nullable=False),
        Column("CZ", String(20), nullable=False),
        Column("NRZY", String(64), nullable=False),
        Column("BBH", String(20)),
        Column("JLH", String(64), nullable=False),
        Column("TJSJ", String(64), nullable=False),
        Column("JSJG", String(20)),
        *(Column(name, Text) for name in ("HZH", "CWZD", "CWDM", "CWXX", "HZSJ")),
        **_UTF8,
    )
    open_rows = table.c.JSJG.is_(None)
    Index("jh_feedback_open", table.c.TJSJ, sqlite_where=open_rows, postgresql_where=open_rows)
    return table


def _outcome_table(metadata: MetaData) -> Table:
    told = [Column(name, Text, nullable=False) for name in list(OUTCOME_COLUMNS)[1:]]
    return Table(
        "jh_outcome",
        metadata,
        Column("YWLSH", String(100), primary_key=True),
        *told,
        Column("TJSJ", String(64), nullable=False),
        Column("JSJG", String(20)),
        *(Column(name, Text) for name in ("HZH", "CWXX", "HZSJ")),
        **_UTF8,
    )


def _open(url: str) -> Engine:
    engine = create_engine(url, pool_pre_ping=True)
    if engine.dialect.name == "mysql":
        engine = engine.execution_options(isolation_level="READ COMMITTED")
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
