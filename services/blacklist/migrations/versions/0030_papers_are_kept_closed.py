"""Certificates and tender sheets say whether their proofs are kept without openings."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0030"
down_revision: str | None = "0029"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None
PAPERS = ("certificates", "tender_sheets")


def upgrade() -> None:
    for table in PAPERS:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("closed", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    for table in PAPERS:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("closed")
