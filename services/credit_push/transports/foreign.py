"""A platform's own database: SQLite, PostgreSQL or MySQL-compatible, and finding rows by what they say.

MySQL compares text without regard to case and to blanks at the end; there the bytes are compared instead.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnClause, and_, cast, create_engine, func, make_url
from sqlalchemy.dialects.mysql import CHAR
from sqlalchemy.engine import URL, Dialect

from services.credit_push.catalogue.places import MYSQL
from shared.db import Database, open_database

STRICT = "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')"
"""What does not fit is refused, whatever the server does elsewhere: cut short, no row is found again."""
SECONDS = 60
"""No statement takes longer; a server that says nothing for so long counts as away."""


def open_foreign(url: str) -> Database:
    """The platform's database; connects lazily."""
    parsed = make_url(url)
    return _open_mysql(parsed) if parsed.drivername in MYSQL else open_database(url)


def _open_mysql(url: URL) -> Database:
    engine = create_engine(
        url.set(drivername="mysql+pymysql"),
        isolation_level="READ COMMITTED",  # no locks on rows that do not match
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={
            "charset": "utf8mb4",
            "init_command": STRICT,
            "connect_timeout": 10,
            "read_timeout": SECONDS,
            "write_timeout": SECONDS,
        },
    )
    return Database(engine)


def dialect_named(url: str) -> Dialect:
    """The dialect of an address; nothing is opened."""
    parsed = make_url(url)
    mysql = parsed.drivername in MYSQL
    return (parsed.set(drivername="mysql+pymysql") if mysql else parsed).get_dialect()()


def says(columns: Mapping[str, ColumnClause[Any]], row: Mapping[str, str], dialect: str) -> Any:
    """That a row says this and nothing else; what is missing counts as empty."""
    return and_(*(_equal(func.coalesce(columns[name], ""), value, dialect) for name, value in row.items()))


def _equal(told: Any, value: str, dialect: str) -> Any:
    if dialect != "mysql":
        return told == value
    return func.hex(cast(told, CHAR(charset="utf8mb4"))) == value.encode().hex().upper()
