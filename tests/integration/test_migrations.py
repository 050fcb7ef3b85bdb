"""Migrations make exactly the tables the models describe, from empty, on both databases."""

import importlib
import pkgutil

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from shared.db import is_migrated, migrate, open_database
from shared.db.migration import config_of

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
            context = MigrationContext.configure(connection, opts={"compare_type": True})
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
