"""layouts and column mappings of imports."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "case_import_mappings",
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("heading", sa.String(length=100), nullable=False),
        sa.Column("shown", sa.String(length=100), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("updated_by", sa.String(length=36), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("department_id", "heading", name=op.f("pk_case_import_mappings")),
    )
    with op.batch_alter_table("case_imports", schema=None) as batch_op:
        batch_op.add_column(sa.Column("layout", sa.String(length=40), nullable=True))
        batch_op.add_column(
            sa.Column("headings", types.JsonDoc(none_as_null=True), server_default="[]", nullable=False)
        )
        batch_op.add_column(sa.Column("replaces", sa.String(length=36), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("case_imports", schema=None) as batch_op:
        batch_op.drop_column("replaces")
        batch_op.drop_column("headings")
        batch_op.drop_column("layout")

    op.drop_table("case_import_mappings")
