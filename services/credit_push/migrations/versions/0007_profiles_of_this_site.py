"""profiles of this site."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "push_profiles",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("proposed_by", sa.String(length=100), nullable=False),
        sa.Column("proposed_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=100), nullable=True),
        sa.Column("decided_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_profiles")),
        sa.UniqueConstraint("number", name=op.f("uq_push_profiles_number")),
    )
    with op.batch_alter_table("push_profiles", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_push_profiles_platform"), ["platform"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("push_profiles", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_push_profiles_platform"))

    op.drop_table("push_profiles")
