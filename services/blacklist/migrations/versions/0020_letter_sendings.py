"""Letters announced to their parties by mail or text message."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "letter_sendings",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("letter_id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("contact", sa.String(length=254), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("code_digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("requested_by", sa.String(length=36), nullable=False),
        sa.Column("requester_name", sa.String(length=100), nullable=False),
        sa.Column("requested_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("settled_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("provider_id", sa.String(length=200), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("signed_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["letter_id"], ["letters.id"], name=op.f("fk_letter_sendings_letter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_sendings")),
        sa.UniqueConstraint("code_digest", name=op.f("uq_letter_sendings_code_digest")),
    )
    op.create_index("ix_letter_sendings_letter_id", "letter_sendings", ["letter_id"])


def downgrade() -> None:
    op.drop_table("letter_sendings")
