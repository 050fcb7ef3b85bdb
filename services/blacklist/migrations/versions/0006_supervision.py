"""decision ledger, inspections, accounts with a last day."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "inspections",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("office_id", sa.String(length=36), nullable=False),
        sa.Column("office_name", sa.String(length=200), nullable=False),
        sa.Column("department_ids", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=100), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("population_digest", sa.String(length=64), nullable=False),
        sa.Column("drawn_by", sa.String(length=36), nullable=False),
        sa.Column("drawer_name", sa.String(length=60), nullable=False),
        sa.Column("drawn_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("circular_number", sa.String(length=128), nullable=True),
        sa.Column("circular_opinion", sa.Text(), nullable=True),
        sa.Column("circular_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspections")),
    )

    with op.batch_alter_table("inspections", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inspections_region"), ["region"], unique=False)

    op.create_table(
        "ledger_decisions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=128), nullable=False),
        sa.Column("number_key", sa.String(length=128), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("organ", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("upload_id", sa.String(length=36), nullable=True),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_decisions")),
    )

    with op.batch_alter_table("ledger_decisions", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_decisions_date", ["department_id", "decided_on", "id"], unique=False)
        batch_op.create_index("uq_ledger_decisions_number", ["department_id", "number_key"], unique=True)

    op.create_table(
        "ledger_explanations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=128), nullable=False),
        sa.Column("number_key", sa.String(length=128), nullable=False),
        sa.Column("reason_code", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("explained_by", sa.String(length=36), nullable=False),
        sa.Column("explainer_name", sa.String(length=60), nullable=False),
        sa.Column("explained_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reason_code IN ('not-public', 'withdrawn-number', 'other')",
            name=op.f("ck_ledger_explanations_reason_code"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_explanations")),
    )

    with op.batch_alter_table("ledger_explanations", schema=None) as batch_op:
        batch_op.create_index("uq_ledger_explanations_number", ["department_id", "number_key"], unique=True)

    op.create_table(
        "ledger_uploads",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("rows", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("uploaded_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_uploads")),
    )

    with op.batch_alter_table("ledger_uploads", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ledger_uploads_department_id"), ["department_id"], unique=False)

    op.create_table(
        "ledger_zero_returns",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("signed_by", sa.String(length=36), nullable=False),
        sa.Column("signer_name", sa.String(length=60), nullable=False),
        sa.Column("signed_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_zero_returns")),
    )

    with op.batch_alter_table("ledger_zero_returns", schema=None) as batch_op:
        batch_op.create_index("uq_ledger_zero_returns_period", ["department_id", "period"], unique=True)

    op.create_table(
        "inspection_items",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("inspection_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=True),
        sa.Column("decision_id", sa.String(length=36), nullable=True),
        sa.Column("document_number", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("category", sa.String(length=20), nullable=True),
        sa.Column("finding", sa.Text(), nullable=True),
        sa.Column("requirement", sa.Text(), nullable=True),
        sa.Column("order_number", sa.String(length=128), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("found_by", sa.String(length=36), nullable=True),
        sa.Column("found_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("rectification", sa.Text(), nullable=True),
        sa.Column("rectified_by", sa.String(length=36), nullable=True),
        sa.Column("rectified_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("opinion", sa.Text(), nullable=True),
        sa.Column("closed_by", sa.String(length=36), nullable=True),
        sa.Column("closed_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('drawn', 'sound', 'rectifying', 'rectified', 'closed')",
            name=op.f("ck_inspection_items_known_state"),
        ),
        sa.CheckConstraint(
            "case_id IS NULL OR decision_id IS NULL", name=op.f("ck_inspection_items_one_subject")
        ),
        sa.CheckConstraint(
            "closed_by <> rectified_by", name=op.f("ck_inspection_items_closer_not_rectifier")
        ),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspections.id"], name=op.f("fk_inspection_items_inspection_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_items")),
    )

    with op.batch_alter_table("inspection_items", schema=None) as batch_op:
        batch_op.create_index("ix_inspection_items_department", ["department_id", "state"], unique=False)
        batch_op.create_index("uq_inspection_items_position", ["inspection_id", "position"], unique=True)

    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("valid_until", sa.Date(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_column("valid_until")

    with op.batch_alter_table("inspection_items", schema=None) as batch_op:
        batch_op.drop_index("uq_inspection_items_position")
        batch_op.drop_index("ix_inspection_items_department")

    op.drop_table("inspection_items")

    with op.batch_alter_table("ledger_zero_returns", schema=None) as batch_op:
        batch_op.drop_index("uq_ledger_zero_returns_period")

    op.drop_table("ledger_zero_returns")

    with op.batch_alter_table("ledger_uploads", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_uploads_department_id"))

    op.drop_table("ledger_uploads")

    with op.batch_alter_table("ledger_explanations", schema=None) as batch_op:
        batch_op.drop_index("uq_ledger_explanations_number")

    op.drop_table("ledger_explanations")

    with op.batch_alter_table("ledger_decisions", schema=None) as batch_op:
        batch_op.drop_index("uq_ledger_decisions_number")
        batch_op.drop_index("ix_ledger_decisions_date")

    op.drop_table("ledger_decisions")

    with op.batch_alter_table("inspections", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_inspections_region"))

    op.drop_table("inspections")
