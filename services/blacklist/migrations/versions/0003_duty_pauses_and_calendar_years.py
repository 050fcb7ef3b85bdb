"""pauses and extensions of duties, imported calendar years."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "calendar_years",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=True),
        sa.Column("rest", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("work", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=True),
        sa.Column("notice", sa.Text(), nullable=True),
        sa.Column("doubts", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("proposed_by", sa.String(length=36), nullable=False),
        sa.Column("proposer_name", sa.String(length=100), nullable=False),
        sa.Column("proposed_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.String(length=36), nullable=True),
        sa.Column("settler_name", sa.String(length=100), nullable=True),
        sa.Column("settled_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state <> 'confirmed' OR generation IS NOT NULL", name=op.f("ck_calendar_years_confirmed_counts")
        ),
        sa.CheckConstraint(
            "state <> 'confirmed' OR settled_by <> proposed_by",
            name=op.f("ck_calendar_years_confirmed_by_second"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_years")),
        sa.UniqueConstraint("generation", name=op.f("uq_calendar_years_generation")),
    )
    with op.batch_alter_table("calendar_years", schema=None) as batch_op:
        batch_op.create_index("ix_calendar_years_year", ["year", "generation"], unique=False)

    with op.batch_alter_table("duties", schema=None) as batch_op:
        batch_op.add_column(sa.Column("extended_wd", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("paused_on", sa.Date(), nullable=True))
        batch_op.add_column(
            sa.Column("pauses", types.JsonDoc(none_as_null=True), server_default="[]", nullable=False)
        )
        batch_op.add_column(
            sa.Column("extensions", types.JsonDoc(none_as_null=True), server_default="[]", nullable=False)
        )


def downgrade() -> None:
    with op.batch_alter_table("duties", schema=None) as batch_op:
        batch_op.drop_column("extensions")
        batch_op.drop_column("pauses")
        batch_op.drop_column("paused_on")
        batch_op.drop_column("extended_wd")

    with op.batch_alter_table("calendar_years", schema=None) as batch_op:
        batch_op.drop_index("ix_calendar_years_year")

    op.drop_table("calendar_years")
