"""That a listing ended by its date is told by its tombstone: our copy needs no last day."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.drop_index("ix_public_listings_until", table_name="public_listings")
    with op.batch_alter_table("public_listings", schema=None) as batch_op:
        batch_op.drop_column("until")


def downgrade() -> None:
    op.add_column("public_listings", sa.Column("until", sa.Date(), nullable=True))
    op.create_index("ix_public_listings_until", "public_listings", ["until"], unique=False)
