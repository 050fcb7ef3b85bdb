"""Changes of the disclosure catalogue by two people: editions and closing days of its entries."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("disclosure_items", sa.Column("edition", sa.Integer(), server_default="1", nullable=False))
    op.add_column("disclosure_items", sa.Column("closed_on", sa.Date(), nullable=True))
    op.create_table(
        "catalogue_changes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("act", sa.String(length=12), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("before", types.JsonDoc, nullable=True),
        sa.Column("after", types.JsonDoc, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("proposed_by", sa.String(length=36), nullable=False),
        sa.Column("proposer_name", sa.String(length=100), nullable=False),
        sa.Column("proposed_at", types.UtcDateTime(), nullable=False),
        sa.Column("settled_by", sa.String(length=36), nullable=True),
        sa.Column("settler_name", sa.String(length=100), nullable=True),
        sa.Column("settled_at", types.UtcDateTime(), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state <> 'confirmed' OR (settled_by IS NOT NULL AND settled_by <> proposed_by)",
            name=op.f("ck_catalogue_changes_second_person"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_changes")),
    )
    op.create_index("ix_catalogue_changes_entry", "catalogue_changes", ["region", "code", "id"])
    waiting = sa.text("state = 'proposed'")
    op.create_index(
        "uq_catalogue_changes_waiting",
        "catalogue_changes",
        ["region", "code"],
        unique=True,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )


def downgrade() -> None:
    op.drop_table("catalogue_changes")
    op.drop_column("disclosure_items", "closed_on")
    op.drop_column("disclosure_items", "edition")
