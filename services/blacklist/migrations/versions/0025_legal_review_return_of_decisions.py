"""A case's legal review, a decision that came back after publication, and when a listing was restored."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("legal_review", types.JsonDoc(), nullable=True))
        batch_op.add_column(sa.Column("decision_failed_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("restored_on", sa.Date(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_column("restored_on")
        batch_op.drop_column("decision_failed_on")
        batch_op.drop_column("legal_review")
