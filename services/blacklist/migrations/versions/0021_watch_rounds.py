"""Rounds of watching for public opinion."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "openness_watch_rounds",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("department_name", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.String(length=36), nullable=False),
        sa.Column("recorder_name", sa.String(length=100), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openness_watch_rounds")),
    )
    op.create_index("ix_openness_watch_rounds_department", "openness_watch_rounds", ["department_id", "id"])
    op.create_index("ix_openness_watch_rounds_region", "openness_watch_rounds", ["region", "id"])


def downgrade() -> None:
    op.drop_table("openness_watch_rounds")
