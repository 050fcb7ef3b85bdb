"""What platforms sent back, and the task it opened."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "case_rejections",
        sa.Column("listing_id", sa.String(length=36), nullable=False),
        sa.Column("platform", sa.String(length=60), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("platform_name", sa.String(length=200), nullable=False),
        sa.Column("delivery_id", sa.String(length=36), nullable=False),
        sa.Column("operation", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("rejected_at", types.UtcDateTime(), nullable=False),
        sa.Column("duty_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_rejections_case_id")),
        sa.PrimaryKeyConstraint("listing_id", "platform", name=op.f("pk_case_rejections")),
    )
    op.create_index(op.f("ix_case_rejections_case_id"), "case_rejections", ["case_id"])


def downgrade() -> None:
    op.drop_table("case_rejections")
