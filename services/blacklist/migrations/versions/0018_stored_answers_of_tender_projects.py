"""Stored answers of tender projects: a look at one searches nothing; when a sheet became outdated."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("tender_projects", sa.Column("answers", sa.Text(), nullable=True))
    op.create_index(op.f("ix_tender_projects_closed_at"), "tender_projects", ["closed_at"])
    op.add_column("tender_sheets", sa.Column("changed_at", types.UtcDateTime(), nullable=True))
    op.execute(
        "DELETE FROM tender_keys WHERE project_id IN (SELECT id FROM tender_projects WHERE state <> 'open')"
    )


def downgrade() -> None:
    op.drop_column("tender_sheets", "changed_at")
    op.drop_index(op.f("ix_tender_projects_closed_at"), "tender_projects")
    op.drop_column("tender_projects", "answers")
