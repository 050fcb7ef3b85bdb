"""letters with their numbers, stamped copies and services."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "letter_counters",
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("series", sa.String(length=128), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.CheckConstraint("last >= 0", name=op.f("ck_letter_counters_last")),
        sa.PrimaryKeyConstraint("department_id", "series", name=op.f("pk_letter_counters")),
    )
    op.create_table(
        "letter_series",
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("pattern", sa.String(length=100), nullable=False),
        sa.Column("set_by", sa.String(length=36), nullable=False),
        sa.Column("set_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("department_id", "kind", name=op.f("pk_letter_series")),
    )
    op.create_table(
        "letters",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("step_id", sa.String(length=36), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("organ", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("number", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("template_version", sa.String(length=40), nullable=False),
        sa.Column("rule_version", sa.String(length=40), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("shows_identity", sa.Boolean(), nullable=False),
        sa.Column("identity_reason", sa.Text(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("creator_name", sa.String(length=100), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "NOT shows_identity OR identity_reason IS NOT NULL", name=op.f("ck_letters_identity_with_reason")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_letters_version")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_letters_case_id")),
        sa.ForeignKeyConstraint(["step_id"], ["case_steps.id"], name=op.f("fk_letters_step_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
        sa.UniqueConstraint("code", name=op.f("uq_letters_code")),
    )
    with op.batch_alter_table("letters", schema=None) as batch_op:
        batch_op.create_index("ix_letters_case", ["case_id", "id"], unique=False)
        batch_op.create_index("uq_letters_number", ["department_id", "number", "version"], unique=True)
        batch_op.create_index("uq_letters_step", ["step_id", "kind", "version"], unique=True)

    op.create_table(
        "letter_copies",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("letter_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("algorithm", sa.String(length=32), nullable=True),
        sa.Column("key_id", sa.String(length=64), nullable=True),
        sa.Column("public_key", sa.Text(), nullable=True),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("added_by", sa.String(length=36), nullable=False),
        sa.Column("added_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind <> 'e-seal' OR signature IS NOT NULL", name=op.f("ck_letter_copies_seal_is_signed")
        ),
        sa.CheckConstraint("kind IN ('scan', 'e-seal')", name=op.f("ck_letter_copies_known_kind")),
        sa.ForeignKeyConstraint(["letter_id"], ["letters.id"], name=op.f("fk_letter_copies_letter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_copies")),
    )
    with op.batch_alter_table("letter_copies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_letter_copies_letter_id"), ["letter_id"], unique=False)

    op.create_table(
        "letter_services",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("letter_id", sa.String(length=36), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("served_on", sa.Date(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("recipient", sa.String(length=100), nullable=True),
        sa.Column("tracking_number", sa.String(length=100), nullable=True),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("proof_name", sa.String(length=200), nullable=True),
        sa.Column("proof_type", sa.String(length=100), nullable=True),
        sa.Column("proof_sha256", sa.String(length=64), nullable=True),
        sa.Column("recorded_by", sa.String(length=36), nullable=False),
        sa.Column("recorder_name", sa.String(length=100), nullable=False),
        sa.Column("recorded_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "outcome <> 'served' OR effective_on IS NOT NULL",
            name=op.f("ck_letter_services_served_counts_from_a_day"),
        ),
        sa.CheckConstraint("outcome IN ('served', 'failed')", name=op.f("ck_letter_services_known_outcome")),
        sa.CheckConstraint(
            "effective_on IS NULL OR effective_on >= served_on",
            name=op.f("ck_letter_services_effective_after_served"),
        ),
        sa.ForeignKeyConstraint(["letter_id"], ["letters.id"], name=op.f("fk_letter_services_letter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_services")),
    )
    with op.batch_alter_table("letter_services", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_letter_services_letter_id"), ["letter_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("letter_services", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_letter_services_letter_id"))

    op.drop_table("letter_services")
    with op.batch_alter_table("letter_copies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_letter_copies_letter_id"))

    op.drop_table("letter_copies")
    with op.batch_alter_table("letters", schema=None) as batch_op:
        batch_op.drop_index("uq_letters_step")
        batch_op.drop_index("uq_letters_number")
        batch_op.drop_index("ix_letters_case")

    op.drop_table("letters")
    op.drop_table("letter_series")
    op.drop_table("letter_counters")
