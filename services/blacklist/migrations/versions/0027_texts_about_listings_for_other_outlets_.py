"""Texts about listings for other outlets, and for which of them a department has drafts written."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0027"
down_revision: str | None = "0026"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "openness_listing_outlets",
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("since", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("chosen_by", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("department_id", "channel", name=op.f("pk_openness_listing_outlets")),
    )
    op.create_table(
        "openness_listing_texts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("listing_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("drafted_by", sa.String(length=36), nullable=True),
        sa.Column("drafter_name", sa.String(length=100), nullable=False),
        sa.Column("approved_by", sa.String(length=36), nullable=True),
        sa.Column("approver_name", sa.String(length=100), nullable=True),
        sa.Column("approved_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("sent_by", sa.String(length=36), nullable=True),
        sa.Column("sent_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("sent_to", sa.String(length=300), nullable=True),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state <> 'sent' OR (sent_at IS NOT NULL AND sent_to IS NOT NULL)",
            name=op.f("ck_openness_listing_texts_sent_somewhere"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'sent') OR approved_by IS NOT NULL",
            name=op.f("ck_openness_listing_texts_approved"),
        ),
        sa.CheckConstraint(
            "approved_by <> drafted_by", name=op.f("ck_openness_listing_texts_approver_not_drafter")
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["register_listing.id"], name=op.f("fk_openness_listing_texts_listing_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openness_listing_texts")),
    )
    with op.batch_alter_table("openness_listing_texts", schema=None) as batch_op:
        batch_op.create_index("ix_openness_listing_texts_listing", ["listing_id", "channel"], unique=False)
        batch_op.create_index(batch_op.f("ix_openness_listing_texts_state"), ["state"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("openness_listing_texts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_openness_listing_texts_state"))
        batch_op.drop_index("ix_openness_listing_texts_listing")

    op.drop_table("openness_listing_texts")
    op.drop_table("openness_listing_outlets")
