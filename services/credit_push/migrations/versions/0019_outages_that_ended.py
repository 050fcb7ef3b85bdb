"""Since when withdrawals that died in an outage are to be put back; null: none are."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("push_platforms", sa.Column("revive_from", types.UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("push_platforms", "revive_from")
