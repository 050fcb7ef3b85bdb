"""Alembic's entry: brings the notifier's own tables up to date."""

from services.notifier.models import metadata
from shared.db import run_env

run_env(metadata)
