"""Drafting a migration from the models: `python -m shared.db.revise services.blacklist "what changes"`.

Compares the models with an empty SQLite database brought to the newest revision. Read the draft before
committing it: triggers and data are never in it.
"""

import importlib
import sys
import tempfile

from alembic import command
from alembic.script import ScriptDirectory

from shared.db.engine import open_database
from shared.db.migration import config_of, migrate


def draft_revision(package: str, message: str) -> None:
    """Write the next numbered revision of a service's migrations."""
    importlib.import_module(f"{package}.app")  # loads every model
    config = config_of(package)
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    count = len(list(ScriptDirectory.from_config(config).walk_revisions()))
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/draft.db"
        migrate(url, package)
        db = open_database(url)
        with db.engine.connect() as connection, connection.begin():
            config.attributes["connection"] = connection
            command.revision(config, message=message, autogenerate=True, rev_id=f"{count + 1:04d}")
        db.close()


if __name__ == "__main__":
    draft_revision(sys.argv[1], sys.argv[2])
