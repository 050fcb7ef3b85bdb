"""Opening a database and the two kinds of session, `write()` and `read()`.

On an SQLite file the process has one writing connection (its threads queue for it instead of
polling the file lock) and a pool of reading connections that cannot write.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from sqlalchemy import Connection, CursorResult, Engine, create_engine, event, make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import StaticPool

from shared.db.adding import teach_copy
from shared.db.queueing import begin_immediate
from shared.db.types import dump_json

BUSY_MS = 5000
WAIT_SECONDS = 10  # for a connection of the pool
SYNCHRONOUS = "FULL"
"""What an SQLite file is told: a commit outlives the loss of power. Tests, which lose none, say otherwise."""
Hidden = frozenset[tuple[str, str]]
NOTHING: Hidden = frozenset()


class Database:
    """One service's database. `engine` is the writing engine (DDL, migrations)."""

    def __init__(self, engine: Engine, reading: Engine | None = None) -> None:
        self.engine = engine
        self.reading = reading or engine
        self.dialect = engine.dialect.name
        self._write = sessionmaker(engine, expire_on_commit=False)
        self._read = sessionmaker(self.reading, expire_on_commit=False, autoflush=False)

    @property
    def url(self) -> str:
        return self.engine.url.render_as_string(hide_password=False)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: committed on exit, rolled back on any error."""
        with self._write() as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A consistent view; what is written in it is refused or rolled back."""
        with self._read() as session:
            yield session

    def at_begin(self, hook: Callable[[Connection], None]) -> None:
        """Call `hook` with the connection of every transaction as it begins, before its first statement."""
        for maker in (self._write, self._read):
            event.listen(maker, "after_begin", lambda _session, _transaction, connection: hook(connection))

    def close(self) -> None:
        self.reading.dispose()
        self.engine.dispose()


def open_database(url: str, *, pool_size: int = 5) -> Database:
    """sqlite:///path, sqlite:// (memory, for tests) or postgresql+psycopg://…; connects lazily."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return _open_postgresql(url, pool_size)
    if parsed.get_backend_name() != "sqlite":
        raise ValueError(f"database {parsed.get_backend_name()!r}: use sqlite or postgresql+psycopg")
    if parsed.database in {None, "", ":memory:"}:
        return Database(_sqlite_engine(url, begin="BEGIN", poolclass=StaticPool))
    Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
    writing = _sqlite_engine(url, begin="BEGIN IMMEDIATE", pool_size=1, max_overflow=0)
    reading = _sqlite_engine(url, begin="BEGIN", query_only=True, pool_size=pool_size)
    return Database(writing, reading)


def open_for_reading(url: str, *, schema: str = "", hidden: Hidden = NOTHING, pool_size: int = 5) -> Database:
    """A database nothing can be written to: the file opened read-only, or every transaction READ ONLY.

    `schema` is looked into first (PostgreSQL); of `hidden` (SQLite, table and column) only NULL is ever seen.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        path = f" -c search_path={schema},public" if schema else ""
        engine = _postgresql_engine(url, pool_size, f"-c default_transaction_read_only=on{path}")
        return Database(engine)
    file = parsed.set(database=f"file:{quote(str(parsed.database))}", query={"mode": "ro", "uri": "true"})
    engine = _sqlite_engine(
        file.render_as_string(), begin="BEGIN", query_only=True, hidden=hidden, pool_size=pool_size
    )
    return Database(engine)


def dialect_of(session: Session) -> str:
    """The dialect name a session speaks: sqlite or postgresql."""
    return session.get_bind().dialect.name


def rows_changed(session: Session, statement: Any) -> int:
    """Executes an UPDATE, DELETE or INSERT and says how many rows it touched."""
    return cast("CursorResult[Any]", session.execute(statement)).rowcount


def is_passing(error: BaseException) -> bool:
    """Whether a database error says "busy or away, try again" rather than "wrong"."""
    return isinstance(error, OperationalError | InterfaceError | PoolTimeout)


def _open_postgresql(url: str, pool_size: int) -> Database:
    engine = _postgresql_engine(url, pool_size)
    teach_copy(engine)
    return Database(engine, engine.execution_options(postgresql_readonly=True))


_SESSION = "-c timezone=UTC -c jit=off"
"""No compiling of statements that look dear: done anew each time, it takes longer than to run them. Naming
ten million listings block by block wrote 1 MB a second with it and 11 without.
"""


def _postgresql_engine(url: str, pool_size: int, options: str = "") -> Engine:
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=WAIT_SECONDS,
        pool_pre_ping=True,
        json_serializer=dump_json,
        hide_parameters=True,  # personal data stays out of error texts and logs
        connect_args={"connect_timeout": 5, "options": f"{_SESSION} {options}".rstrip()},
    )


def _sqlite_engine(
    url: str, *, begin: str, query_only: bool = False, hidden: Hidden = NOTHING, **pool: Any
) -> Engine:
    if "poolclass" not in pool:
        pool["pool_timeout"] = WAIT_SECONDS
    engine = create_engine(
        url,
        json_serializer=dump_json,
        hide_parameters=True,  # personal data stays out of error texts and logs
        connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False},
        **pool,
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy's begin event below opens every transaction
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        if "mode=ro" not in url:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"PRAGMA synchronous={SYNCHRONOUS}")
        connection.execute("PRAGMA foreign_keys=ON")
        if query_only:
            connection.execute("PRAGMA query_only=ON")
        if hidden:
            connection.set_authorizer(_hiding(hidden))

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        driver = cast("sqlite3.Connection", connection.connection.driver_connection)
        if begin == "BEGIN" or not begin_immediate(driver):
            connection.exec_driver_sql(begin)  # waits once more, then raises

    return engine


def _hiding(hidden: Hidden) -> Callable[..., int]:
    """SQLite asks for every column a statement reads, once, when it prepares it: hidden ones are NULL."""

    def judge(action: int, table: str | None, column: str | None, *_: object) -> int:
        seen = action != sqlite3.SQLITE_READ or (str(table), str(column)) not in hidden
        return sqlite3.SQLITE_OK if seen else sqlite3.SQLITE_IGNORE

    return judge
