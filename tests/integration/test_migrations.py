"""Migrations make exactly the tables the models describe, from empty, on both databases."""

import importlib
import pkgutil

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Boolean, Date, DateTime, MetaData, Numeric, inspect, text

from shared.db import is_migrated, migrate, open_database
from shared.db.migration import config_of, described

SERVICES = {
    "services.blacklist": "services.blacklist.store",
    "services.credit_push": "services.credit_push.models",
    "services.notifier": "services.notifier.models",
}


def metadata_of(package):
    """The service's metadata with every model module imported."""
    root = importlib.import_module(package)
    for module in pkgutil.walk_packages(root.__path__, package + "."):
        if "models" in module.name.split(".") and "migrations" not in module.name:
            importlib.import_module(module.name)
    return importlib.import_module(SERVICES[package]).metadata


@pytest.mark.parametrize("package", SERVICES)
def test_models_equal_migrations(package, any_db_url):
    migrate(any_db_url, package)
    migrate(any_db_url, package)  # safe to repeat
    db = open_database(any_db_url)
    try:
        assert is_migrated(db, package)
        with db.engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "include_name": described}
            )
            assert compare_metadata(context, metadata_of(package)) == []
    finally:
        db.close()


@pytest.mark.parametrize("package", SERVICES)
def test_migrations_can_be_undone(package, any_db_url):
    migrate(any_db_url, package)
    db = open_database(any_db_url)
    try:
        with db.engine.connect() as connection, connection.begin():
            config = config_of(package)
            config.attributes["connection"] = connection
            command.downgrade(config, "base")
        with db.engine.connect() as connection:
            assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
    finally:
        db.close()


TOLD = {"cases.state": "draft"}
"""What a check of a remade table demands."""


def a_value(column):
    """Something of the column's type; every name the same, so that rows refer to one another."""
    if (told := TOLD.get(f"{column.table.name}.{column.name}")) is not None:
        return told
    if column.nullable and not column.foreign_keys:
        return None
    if isinstance(column.type, Boolean | Numeric) or column.type.python_type is int:
        return 1
    if isinstance(column.type, DateTime):
        return "2026-11-02 00:00:00.000000"
    return "2026-11-02" if isinstance(column.type, Date) else "{}"


@pytest.mark.parametrize("package", SERVICES)
def test_a_database_in_use_is_brought_up_to_date(package, tmp_path):
    """Rows that refer to one another survive every later migration (SQLite remakes tables to change them)."""
    url = f"sqlite:///{tmp_path / 'used.db'}"
    migrate(url, package, "0001")
    db = open_database(url)
    try:
        with db.engine.connect() as connection, connection.begin():
            connection.execute(text("PRAGMA ignore_check_constraints=ON"))
            then = MetaData()
            then.reflect(connection)
            for table in then.sorted_tables:
                if table.name != "alembic_version":
                    names = ", ".join(f'"{column.name}"' for column in table.columns)
                    values = {f"v{n}": a_value(column) for n, column in enumerate(table.columns)}
                    marks = ", ".join(f":{name}" for name in values)
                    connection.execute(text(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'), values)
        migrate(url, package)
        with db.engine.connect() as connection:
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
            now = set(inspect(connection).get_table_names())
            for table in then.sorted_tables:
                if table.name in now:
                    assert connection.execute(text(f'SELECT count(*) FROM "{table.name}"')).scalar() == 1
    finally:
        db.close()
