"""What messages are about, filters of receivers by it, and routes that departments add."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ABOUT = (("region", 6), ("domain", 40), ("list_code", 64))


def upgrade() -> None:
    op.create_table(
        "added_routes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("event_types", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("scope", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("roles", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_added_routes")),
    )
    with op.batch_alter_table("added_routes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_added_routes_department_id"), ["department_id"], unique=False)
    for name, length in ABOUT:
        op.add_column("notices", sa.Column(name, sa.String(length=length), nullable=True))
    for table in ("webhook_endpoints", "robots"):
        scope = sa.Column("scope", types.JsonDoc(none_as_null=True), server_default="{}", nullable=False)
        op.add_column(table, scope)


def downgrade() -> None:
    for table in ("webhook_endpoints", "robots"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("scope")
    with op.batch_alter_table("notices", schema=None) as batch_op:
        for name, _ in ABOUT:
            batch_op.drop_column(name)
    op.drop_table("added_routes")
