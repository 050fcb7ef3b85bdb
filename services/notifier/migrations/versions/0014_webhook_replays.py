"""Webhook replays."""

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
        "webhook_replays",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("endpoint_id", sa.String(length=36), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("since", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("until", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("failed_only", sa.Boolean(), nullable=False),
        sa.Column("resent", sa.Integer(), nullable=False),
        sa.Column("made_up", sa.Integer(), nullable=False),
        sa.Column("left_over", sa.Integer(), nullable=False),
        sa.Column("requested_by", sa.String(length=100), nullable=False),
        sa.Column("requested_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_replays")),
    )
    with op.batch_alter_table("webhook_replays", schema=None) as batch_op:
        batch_op.create_index("ix_webhook_replays_endpoint", ["endpoint_id", "id"], unique=False)

    op.create_table(
        "webhook_replay_items",
        sa.Column("replay_id", sa.String(length=36), nullable=False),
        sa.Column("dispatch_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["replay_id"], ["webhook_replays.id"], name=op.f("fk_webhook_replay_items_replay_id")
        ),
        sa.PrimaryKeyConstraint("replay_id", "dispatch_id", name=op.f("pk_webhook_replay_items")),
    )


def downgrade() -> None:
    op.drop_table("webhook_replay_items")
    with op.batch_alter_table("webhook_replays", schema=None) as batch_op:
        batch_op.drop_index("ix_webhook_replays_endpoint")

    op.drop_table("webhook_replays")
