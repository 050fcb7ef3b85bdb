"""The listings of one list are browsed by day without those of the others."""

from collections.abc import Sequence

from alembic import op

revision: str = "0031"
down_revision: str | None = "0030"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_index("ix_register_listing_list", "register_listing", ["list_code", "listed_on", "id"])


def downgrade() -> None:
    op.drop_index("ix_register_listing_list", table_name="register_listing")
