"""Databases of the services: SQLite on one machine, PostgreSQL in production, the same code for both.

`write()` is the only way to change anything: one transaction, begun IMMEDIATE on SQLite so that two
processes wait for each other instead of failing half-way.
"""

from shared.db.adding import Columns, JsonText, add_rows
from shared.db.changing import among, change_rows, put_rows
from shared.db.engine import (
    Database,
    Hidden,
    dialect_of,
    is_passing,
    open_database,
    open_for_reading,
    rows_changed,
)
from shared.db.migration import current_revision, head_revision, is_migrated, migrate, run_env
from shared.db.types import JsonDoc, UtcDateTime, dump_json, new_metadata, unnested, upsert
from shared.db.wakeup import Wakeup, commits_of, wake

__all__ = [
    "Columns",
    "Database",
    "Hidden",
    "JsonDoc",
    "JsonText",
    "UtcDateTime",
    "Wakeup",
    "add_rows",
    "among",
    "change_rows",
    "commits_of",
    "current_revision",
    "dialect_of",
    "dump_json",
    "head_revision",
    "is_migrated",
    "is_passing",
    "migrate",
    "new_metadata",
    "open_database",
    "open_for_reading",
    "put_rows",
    "rows_changed",
    "run_env",
    "unnested",
    "upsert",
    "wake",
]
