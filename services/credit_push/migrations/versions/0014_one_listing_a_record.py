"""A platform's record stands for one listing at most; whoever chose it is on record until another confirms."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("push_adoptions", sa.Column("record", sa.String(length=64), nullable=True))
    op.create_index("ux_push_adoptions_record", "push_adoptions", ["platform", "record"], unique=True)


def downgrade() -> None:
    op.drop_index("ux_push_adoptions_record", table_name="push_adoptions")
    op.drop_column("push_adoptions", "record")
