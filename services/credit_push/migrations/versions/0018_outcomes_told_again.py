"""How often an outcome that its platform refused was sent again: each time under a key of its own."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    column = sa.Column("resent", sa.Integer(), nullable=False, server_default="0")
    op.add_column("push_answers", column)


def downgrade() -> None:
    op.drop_column("push_answers", "resent")
