"""Replays are given once and keep their own results."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_idempotency_keys")),
    )
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_keys_created_at"), ["created_at"], unique=False)

    with op.batch_alter_table("webhook_replay_items", schema=None) as batch_op:
        batch_op.add_column(sa.Column("accepted_at", types.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("result", sa.String(length=20), nullable=True))
        batch_op.create_index("ix_webhook_replay_items_dispatch", ["dispatch_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("webhook_replay_items", schema=None) as batch_op:
        batch_op.drop_index("ix_webhook_replay_items_dispatch")
        batch_op.drop_column("result")
        batch_op.drop_column("accepted_at")

    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_keys_created_at"))

    op.drop_table("idempotency_keys")
