"""Watches of the public on organisations, the mails they call for, and what is public today."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "budgets",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("whole_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_budgets")),
    )
    op.create_index("ix_budgets_whole_at", "budgets", ["whole_at"])
    op.create_table(
        "watches",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("sealed_address", sa.Text(), nullable=False),
        sa.Column("address_index", sa.String(length=120), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("expires_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watches")),
    )
    op.create_index("uq_watches_address", "watches", ["address_index", "uscc"], unique=True)
    op.create_index("ix_watches_uscc", "watches", ["uscc"])
    op.create_index("ix_watches_expires", "watches", ["expires_at"])
    op.create_table(
        "public_listings",
        sa.Column("listing_id", sa.String(length=36), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("listing_id", name=op.f("pk_public_listings")),
    )
    op.create_index("ix_public_listings_uscc", "public_listings", ["uscc"])
    _create_mails()


def _create_mails() -> None:
    op.create_table(
        "watch_mails",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("watch_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("occasion", sa.String(length=100), nullable=False),
        sa.Column("listing_id", sa.String(length=36), nullable=True),
        sa.Column("facts", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts_count", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("lease_holder", sa.String(length=200), nullable=True),
        sa.Column("lease_until", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("settled_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["watch_id"], ["watches.id"], name=op.f("fk_watch_mails_watch_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_mails")),
    )
    op.create_index("uq_watch_mails_occasion", "watch_mails", ["watch_id", "occasion"], unique=True)
    op.create_index("ix_watch_mails_due", "watch_mails", ["state", "next_attempt_at"])
    op.create_index("ix_watch_mails_listing", "watch_mails", ["listing_id"])


def downgrade() -> None:
    for table in ("watch_mails", "public_listings", "watches", "budgets"):
        op.drop_table(table)
