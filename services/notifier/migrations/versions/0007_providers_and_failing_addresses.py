"""Which provider took an attempt and what it cost; addresses that bounced; targets in the index of what is due."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

DUE = ["channel", "state", "next_attempt_at"]


def upgrade() -> None:
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("provider", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("cost", sa.Integer(), nullable=True))
    with op.batch_alter_table("dispatches", schema=None) as batch_op:
        batch_op.drop_index("ix_dispatches_due")
        batch_op.create_index("ix_dispatches_due", [*DUE, "target"], unique=False)
    op.create_table(
        "failing_addresses",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("dispatch_id", sa.String(length=36), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("since", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_failing_addresses")),
    )


def downgrade() -> None:
    op.drop_table("failing_addresses")
    with op.batch_alter_table("dispatches", schema=None) as batch_op:
        batch_op.drop_index("ix_dispatches_due")
        batch_op.create_index("ix_dispatches_due", DUE, unique=False)
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_column("cost")
        batch_op.drop_column("provider")
