"""Alembic's entry; whoever drafts a revision imports the models first, upgrades need none."""

from services.blacklist.store import metadata
from shared.db import run_env

run_env(metadata)
