"""Databases of the services: SQLite on one machine, PostgreSQL in production, the same code for both.

`write()` is the only way to change anything: one transaction, begun IMMEDIATE on SQLite so that two
processes wait for each other instead of failing half-way.
"""

from shared.db.engine import Database, dialect_of, is_passing, open_database, rows_changed
from shared.db.migration import current_revision, head_revision, is_migrated, migrate, run_env
from shared.db.types import JsonDoc, UtcDateTime, new_metadata, unnested, upsert
from shared.db.wakeup import Wakeup, wake

__all__ = [
    "Database",
    "JsonDoc",
    "UtcDateTime",
    "Wakeup",
    "current_revision",
    "dialect_of",
    "head_revision",
    "is_migrated",
    "is_passing",
    "migrate",
    "new_metadata",
    "open_database",
    "rows_changed",
    "run_env",
    "unnested",
    "upsert",
    "wake",
]
