"""Alembic's entry. Importing the models is the business of whoever generates a revision; upgrades need none."""

from services.blacklist.store import metadata
from shared.db import run_env

run_env(metadata)
