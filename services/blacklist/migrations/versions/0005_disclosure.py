"""tables of disclosure."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "disclosure_counters",
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_disclosure_counters")),
    )
    op.create_table(
        "disclosure_items",
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("domain", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("time_limit", sa.String(length=300), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("organ", sa.String(length=40), nullable=False),
        sa.Column("supervision", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("region", "code", name=op.f("pk_disclosure_items")),
    )
    op.create_table(
        "disclosure_requests",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("lookup_blind", sa.String(length=120), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("department_name", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("applicant_type", sa.String(length=16), nullable=False),
        sa.Column("applicant_sealed", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("delivery", sa.String(length=16), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("correction_until", sa.Date(), nullable=True),
        sa.Column("draft", types.JsonDoc(none_as_null=True), nullable=True),
        sa.Column("drafted_by", sa.String(length=36), nullable=True),
        sa.Column("answer", types.JsonDoc(none_as_null=True), nullable=True),
        sa.Column("letter_sealed", sa.Text(), nullable=True),
        sa.Column("issued_by", sa.String(length=36), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("address_blind", sa.String(length=120), nullable=False),
        sa.Column("sent_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state <> 'answered' OR (issued_by IS NOT NULL AND letter_sealed IS NOT NULL)",
            name=op.f("ck_disclosure_requests_answered"),
        ),
        sa.CheckConstraint("issued_by <> drafted_by", name=op.f("ck_disclosure_requests_issued_by_second")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure_requests")),
        sa.UniqueConstraint("lookup_blind", name=op.f("uq_disclosure_requests_lookup_blind")),
        sa.UniqueConstraint("number", name=op.f("uq_disclosure_requests_number")),
    )
    with op.batch_alter_table("disclosure_requests", schema=None) as batch_op:
        batch_op.create_index("ix_disclosure_requests_address", ["address_blind", "sent_at"], unique=False)
        batch_op.create_index("ix_disclosure_requests_department", ["department_id", "id"], unique=False)
        batch_op.create_index("ix_disclosure_requests_region", ["region", "id"], unique=False)

    op.create_table(
        "disclosure_steps",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("told", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("actor_id", sa.String(length=36), nullable=True),
        sa.Column("actor_name", sa.String(length=100), nullable=True),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["disclosure_requests.id"], name=op.f("fk_disclosure_steps_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure_steps")),
    )
    with op.batch_alter_table("disclosure_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disclosure_steps_request_id"), ["request_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("disclosure_steps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_disclosure_steps_request_id"))

    op.drop_table("disclosure_steps")
    with op.batch_alter_table("disclosure_requests", schema=None) as batch_op:
        batch_op.drop_index("ix_disclosure_requests_region")
        batch_op.drop_index("ix_disclosure_requests_department")
        batch_op.drop_index("ix_disclosure_requests_address")

    op.drop_table("disclosure_requests")
    op.drop_table("disclosure_items")
    op.drop_table("disclosure_counters")
