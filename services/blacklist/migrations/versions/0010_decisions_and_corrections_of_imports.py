"""Duplicates decided on, corrected rows merged, progress counted, headings remembered by layout."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

IMPORTS = ("corrects", "chosen_layout", "expected_rows", "skipped_rows", "held_rows")


def upgrade() -> None:
    with op.batch_alter_table("case_imports", schema=None) as batch_op:
        for name in ("held_rows", "skipped_rows"):
            batch_op.add_column(sa.Column(name, sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("expected_rows", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("chosen_layout", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("corrects", sa.String(length=36), nullable=True))
    with op.batch_alter_table("case_import_rows", schema=None) as batch_op:
        batch_op.add_column(sa.Column("hint", sa.String(length=12), nullable=True))
        batch_op.add_column(sa.Column("identity", sa.String(length=100), nullable=True))
    with op.batch_alter_table("case_import_mappings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("layout", sa.String(length=40), server_default="", nullable=False))
        batch_op.drop_constraint(batch_op.f("pk_case_import_mappings"), type_="primary")
        batch_op.create_primary_key(
            batch_op.f("pk_case_import_mappings"), ["department_id", "layout", "heading"]
        )


def downgrade() -> None:
    op.execute("DELETE FROM case_import_mappings WHERE layout <> ''")
    with op.batch_alter_table("case_import_mappings", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("pk_case_import_mappings"), type_="primary")
        batch_op.drop_column("layout")
        batch_op.create_primary_key(batch_op.f("pk_case_import_mappings"), ["department_id", "heading"])
    with op.batch_alter_table("case_import_rows", schema=None) as batch_op:
        batch_op.drop_column("identity")
        batch_op.drop_column("hint")
    with op.batch_alter_table("case_imports", schema=None) as batch_op:
        for name in IMPORTS:
            batch_op.drop_column(name)
