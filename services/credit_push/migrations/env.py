"""Alembic's entry."""

from services.credit_push.models import metadata
from shared.db import run_env

run_env(metadata)
