"""Alembic, driven from code: every service migrates its own database from `<package>/migrations`.

Migrations run in one transaction under a lock, so several processes may call `migrate` at once.
A service's `migrations/env.py` is two lines: `from shared.db import run_env` and `run_env(metadata)`.
"""

import importlib.util
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text

from shared.db.engine import Database, open_database

NOT_DESCRIBED = {"table": "fts_", "index": "gin_"}
LOCK = 0x6372_6564  # advisory lock: one migration at a time per database


def migrate(db_url: str, package: str, revision: str = "head") -> None:
    """Brings the database of `package` (e.g. "services.blacklist") to `revision`; safe to repeat."""
    db = open_database(db_url)
    try:
        with db.engine.connect() as connection:
            _let_tables_be_remade(connection)
            with connection.begin():
                if db.dialect == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
                config = config_of(package)
                config.attributes["connection"] = connection
                command.upgrade(config, revision)
                _check_references(connection)
    finally:
        db.close()


def _let_tables_be_remade(connection: Connection) -> None:
    """SQLite changes a table by copying, dropping and renaming it; what refers to it must not forbid that.

    The switch does nothing inside a transaction, so it goes to the driver before one begins.
    """
    driver = connection.connection.driver_connection
    if connection.dialect.name == "sqlite" and driver is not None:
        driver.execute("PRAGMA foreign_keys=OFF")


def _check_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.execute(text("PRAGMA foreign_key_check")).all()
        if broken:
            raise RuntimeError(f"migration left {len(broken)} rows that refer to nothing, first: {broken[0]}")


def run_env(metadata: MetaData) -> None:
    """What every `migrations/env.py` calls: runs the migrations on the connection `migrate` opened."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
        compare_type=True,
        user_module_prefix="types.",
        include_name=described,
    )
    with context.begin_transaction():
        context.run_migrations()


def described(name: str | None, kind: str, _parents: object) -> bool:
    """Whether models describe it; full-text tables (SQLite) and GIN indexes (PostgreSQL) are plain DDL."""
    return not (name or "").startswith(NOT_DESCRIBED.get(kind, "\0"))


def head_revision(package: str) -> str | None:
    return ScriptDirectory.from_config(config_of(package)).get_current_head()


def current_revision(db: Database) -> str | None:
    with db.reading.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_migrated(db: Database, package: str) -> bool:
    """Whether the database stands at the newest revision of `package`, for /readyz."""
    return current_revision(db) == head_revision(package)


def config_of(package: str) -> Config:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"{package} is not a package")
    config = Config()
    config.set_main_option("script_location", str(Path(spec.submodule_search_locations[0]) / "migrations"))
    return config
