"""Listings that another system published, matched with what platforms already hold."""

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
        "push_adoptions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("listing_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("candidates", sa.Text(), nullable=True),
        sa.Column("offered", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("document_number", sa.String(length=128), nullable=False),
        sa.Column("found_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("proposed_by", sa.String(length=100), nullable=True),
        sa.Column("decided_by", sa.String(length=100), nullable=True),
        sa.Column("decided_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("delivery_id", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_adoptions")),
        sa.UniqueConstraint("platform", "listing_id", name=op.f("uq_push_adoptions_platform_listing_id")),
    )
    op.create_index(op.f("ix_push_adoptions_listing_id"), "push_adoptions", ["listing_id"])
    op.create_index(op.f("ix_push_adoptions_state"), "push_adoptions", ["state"])


def downgrade() -> None:
    op.drop_table("push_adoptions")
