"""When a public listing ends by its date, and what is said of it then."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("public_listings", sa.Column("until", sa.Date(), nullable=True))
    op.add_column("public_listings", sa.Column("stated", types.JsonDoc(none_as_null=True), nullable=True))
    op.create_index("ix_public_listings_until", "public_listings", ["until"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_public_listings_until", table_name="public_listings")
    with op.batch_alter_table("public_listings", schema=None) as batch_op:
        batch_op.drop_column("stated")
        batch_op.drop_column("until")
