"""Institutions that apply measures, and who was told to stop."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "enforcers",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("domain", sa.String(length=40), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enforcers")),
    )
    op.create_index("uq_enforcers_scope", "enforcers", ["department_id", "domain", "region"], unique=True)
    op.create_table(
        "stop_orders",
        sa.Column("notice_id", sa.String(length=36), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("cause", sa.String(length=60), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_stop_orders_notice_id")),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_stop_orders")),
    )
    op.create_index("ix_stop_orders_department", "stop_orders", ["department_id", "notice_id"])
    op.create_index("ix_stop_orders_case", "stop_orders", ["case_id"])


def downgrade() -> None:
    op.drop_table("stop_orders")
    op.drop_table("enforcers")
