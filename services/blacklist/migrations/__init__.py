"""Alembic revisions of this service; `python -m shared.db.revise` drafts the next one."""
