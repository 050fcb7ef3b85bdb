"""decision parts and linked cases."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "case_links",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("parent_id", sa.String(length=36), nullable=False),
        sa.Column("relation", sa.String(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("proposed_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("case_id <> parent_id", name=op.f("ck_case_links_not_its_own_parent")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_links_case_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["cases.id"], name=op.f("fk_case_links_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_links")),
    )
    with op.batch_alter_table("case_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_links_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index("uq_case_links_pair", ["case_id", "parent_id"], unique=True)

    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("hearing_ends_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("decision", types.JsonDoc(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("obligations", types.JsonDoc(none_as_null=True), nullable=True))
        batch_op.add_column(
            sa.Column("obligations_open", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(sa.Column("expiry_asked_for", sa.Date(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_column("expiry_asked_for")
        batch_op.drop_column("obligations_open")
        batch_op.drop_column("obligations")
        batch_op.drop_column("decision")
        batch_op.drop_column("hearing_ends_on")

    with op.batch_alter_table("case_links", schema=None) as batch_op:
        batch_op.drop_index("uq_case_links_pair")
        batch_op.drop_index(batch_op.f("ix_case_links_parent_id"))

    op.drop_table("case_links")
