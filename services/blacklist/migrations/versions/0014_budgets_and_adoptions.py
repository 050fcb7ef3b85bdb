"""Budgets of lookups, and proposals to adopt migrated listings."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "budgets",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("whole_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_budgets")),
    )
    op.create_index(op.f("ix_budgets_whole_at"), "budgets", ["whole_at"])
    _create_adoptions()


def _create_adoptions() -> None:
    op.create_table(
        "case_adoptions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("listing_id", sa.String(length=36), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(length=36), nullable=False),
        sa.Column("proposer_name", sa.String(length=100), nullable=False),
        sa.Column("proposed_at", types.UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("decided_at", types.UtcDateTime(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("case_id", sa.String(length=36), nullable=True),
        sa.CheckConstraint("decided_by <> proposed_by", name=op.f("ck_case_adoptions_second_person")),
        sa.CheckConstraint(
            "state = 'proposed' OR decided_by IS NOT NULL",
            name=op.f("ck_case_adoptions_answered_by_someone"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_adoptions")),
    )
    op.create_index("ix_case_adoptions_department", "case_adoptions", ["department_id", "id"])
    waiting = sa.text("state = 'proposed'")
    op.create_index(
        "uq_case_adoptions_open",
        "case_adoptions",
        ["listing_id"],
        unique=True,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )


def downgrade() -> None:
    op.drop_table("case_adoptions")
    op.drop_table("budgets")
