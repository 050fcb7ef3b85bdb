"""Bounce reports count once."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "mail_bounces",
        sa.Column("mail_id", sa.String(length=36), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("effect", sa.String(length=12), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("repeated_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("mail_id", "round", name=op.f("pk_mail_bounces")),
    )
    with op.batch_alter_table("mail_bounces", schema=None) as batch_op:
        batch_op.create_index("ix_mail_bounces_at", ["at"], unique=False)

    with op.batch_alter_table("failing_addresses", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lifted_at", types.UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("failing_addresses", schema=None) as batch_op:
        batch_op.drop_column("lifted_at")

    with op.batch_alter_table("mail_bounces", schema=None) as batch_op:
        batch_op.drop_index("ix_mail_bounces_at")

    op.drop_table("mail_bounces")
