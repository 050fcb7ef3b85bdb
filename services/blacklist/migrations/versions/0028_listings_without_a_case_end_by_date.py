"""Listings that no case ends are found by the day they end."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0028"
down_revision: str | None = "0027"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

UNENDED = "case_id IS NULL AND removed_at IS NULL AND revoked_at IS NULL AND "


def upgrade() -> None:
    op.create_index(
        "ix_register_listing_unended",
        "register_listing",
        ["case_id", "public_until"],
        unique=False,
        postgresql_where=sa.text(
            f"{UNENDED}changed_at < CAST(public_until AS timestamp) AT TIME ZONE 'Asia/Shanghai'"
        ),
        sqlite_where=sa.text(f"{UNENDED}changed_at < datetime(public_until, '-8 hours')"),
    )


def downgrade() -> None:
    op.drop_index("ix_register_listing_unended", table_name="register_listing")
