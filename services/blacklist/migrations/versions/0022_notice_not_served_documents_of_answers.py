"""A notice that could not be served; documents that go with the answer to a disclosure request."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "disclosure_documents",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("identities", sa.Integer(), nullable=True),
        sa.Column("checked", sa.Text(), nullable=True),
        sa.Column("added_by", sa.String(length=36), nullable=False),
        sa.Column("adder_name", sa.String(length=100), nullable=False),
        sa.Column("added_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("removed_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["request_id"], ["disclosure_requests.id"], name=op.f("fk_disclosure_documents_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure_documents")),
    )
    with op.batch_alter_table("disclosure_documents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disclosure_documents_request_id"), ["request_id"], unique=False)

    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("notice_failed_on", sa.Date(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_column("notice_failed_on")

    with op.batch_alter_table("disclosure_documents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_disclosure_documents_request_id"))

    op.drop_table("disclosure_documents")
