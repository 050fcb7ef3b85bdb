"""Who did what with sheets and letters; numbers of withdrawal letters and their replies."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "push_batch_acts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("batch_id", sa.String(length=36), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.Column("act", sa.String(length=20), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=True),
        sa.Column("detail", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["push_batches.id"], name=op.f("fk_push_batch_acts_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_batch_acts")),
    )
    op.create_index(op.f("ix_push_batch_acts_batch_id"), "push_batch_acts", ["batch_id"])
    op.create_table(
        "push_letter_numbers",
        sa.Column("batch_id", sa.String(length=36), nullable=False),
        sa.Column("series", sa.String(length=220), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("running", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["push_batches.id"], name=op.f("fk_push_letter_numbers_batch_id")
        ),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_push_letter_numbers")),
        sa.UniqueConstraint("number", name=op.f("uq_push_letter_numbers_number")),
        sa.UniqueConstraint(
            "series", "year", "running", name=op.f("uq_push_letter_numbers_series_year_running")
        ),
    )
    with op.batch_alter_table("push_batches", schema=None) as batch_op:
        batch_op.alter_column("number", existing_type=sa.String(length=100), type_=sa.String(length=300))
        batch_op.add_column(sa.Column("replied_at", types.UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("reply", sa.String(length=700), nullable=True))
        batch_op.add_column(sa.Column("reminded_at", types.UtcDateTime(), nullable=True))
    op.add_column("push_departments", sa.Column("short_name", sa.String(length=200), nullable=True))


def downgrade() -> None:
    op.drop_column("push_departments", "short_name")
    with op.batch_alter_table("push_batches", schema=None) as batch_op:
        batch_op.drop_column("reminded_at")
        batch_op.drop_column("reply")
        batch_op.drop_column("replied_at")
        batch_op.alter_column("number", existing_type=sa.String(length=300), type_=sa.String(length=100))
    op.drop_table("push_letter_numbers")
    op.drop_index(op.f("ix_push_batch_acts_batch_id"), table_name="push_batch_acts")
    op.drop_table("push_batch_acts")
