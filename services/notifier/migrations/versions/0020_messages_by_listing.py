"""What was said of a listing is found at once, to be forgotten when it ends."""

from collections.abc import Sequence

from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_index("ix_notices_listing", "notices", ["listing_id", "department_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_notices_listing", table_name="notices")
