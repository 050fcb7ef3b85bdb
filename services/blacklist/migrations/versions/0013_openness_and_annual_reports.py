"""openness and annual reports."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "annual_reports",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("department_name", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("proposal", types.JsonDoc(none_as_null=True), nullable=True),
        sa.Column("proposed_by", sa.String(length=36), nullable=True),
        sa.Column("proposer_name", sa.String(length=100), nullable=True),
        sa.Column("returned_reason", sa.Text(), nullable=True),
        sa.Column("content", types.JsonDoc(none_as_null=True), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("drafted_by", sa.String(length=36), nullable=True),
        sa.Column("approved_by", sa.String(length=36), nullable=True),
        sa.Column("approver_name", sa.String(length=100), nullable=True),
        sa.Column("published_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state <> 'published' OR (approved_by IS NOT NULL AND content IS NOT NULL)",
            name=op.f("ck_annual_reports_approved"),
        ),
        sa.CheckConstraint("approved_by <> drafted_by", name=op.f("ck_annual_reports_approver_not_drafter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annual_reports")),
        sa.UniqueConstraint("number", name=op.f("uq_annual_reports_number")),
    )
    with op.batch_alter_table("annual_reports", schema=None) as batch_op:
        batch_op.create_index("uq_annual_reports_year", ["region", "year"], unique=True)

    op.create_table(
        "openness_items",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("department_name", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("domain", sa.String(length=40), nullable=False),
        sa.Column("catalogue_code", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("formed_on", sa.Date(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("document_number", sa.String(length=128), nullable=True),
        sa.Column("medium", sa.String(length=200), nullable=True),
        sa.Column("attribute", sa.String(length=16), nullable=False),
        sa.Column("attribute_reason", sa.Text(), nullable=True),
        sa.Column("exceptions", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("secrecy", types.JsonDoc(none_as_null=True), nullable=True),
        sa.Column("term", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("related_id", sa.String(length=36), nullable=True),
        sa.Column("pending", types.JsonDoc(none_as_null=True), nullable=True),
        sa.Column("pending_by", sa.String(length=36), nullable=True),
        sa.Column("drafted_by", sa.String(length=36), nullable=False),
        sa.Column("drafter_name", sa.String(length=100), nullable=False),
        sa.Column("edited_by", sa.String(length=36), nullable=False),
        sa.Column("approved_by", sa.String(length=36), nullable=True),
        sa.Column("approver_name", sa.String(length=100), nullable=True),
        sa.Column("returned_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("published_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state NOT IN ('published', 'registered', 'withdrawn') OR approved_by IS NOT NULL",
            name=op.f("ck_openness_items_approved"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('published', 'withdrawn') OR (attribute = 'proactive' AND published_at IS NOT NULL)",
            name=op.f("ck_openness_items_public_is_proactive"),
        ),
        sa.CheckConstraint("approved_by <> drafted_by", name=op.f("ck_openness_items_approver_not_drafter")),
        sa.CheckConstraint("approved_by <> edited_by", name=op.f("ck_openness_items_approver_not_editor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openness_items")),
        sa.UniqueConstraint("number", name=op.f("uq_openness_items_number")),
    )
    with op.batch_alter_table("openness_items", schema=None) as batch_op:
        batch_op.create_index("ix_openness_items_department", ["department_id", "id"], unique=False)
        batch_op.create_index("ix_openness_items_public", ["state", "published_at", "id"], unique=False)
        batch_op.create_index("ix_openness_items_region", ["region", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_openness_items_related_id"), ["related_id"], unique=False)

    op.create_table(
        "openness_opinions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("department_name", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("level", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("reported_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("response_item_id", sa.String(length=36), nullable=True),
        sa.Column("information_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("press_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("press_note", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.String(length=36), nullable=False),
        sa.Column("recorder_name", sa.String(length=100), nullable=False),
        sa.Column("closed_by", sa.String(length=36), nullable=True),
        sa.Column("closed_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state <> 'closed' OR closed_by IS NOT NULL", name=op.f("ck_openness_opinions_closed_by_someone")
        ),
        sa.CheckConstraint("closed_by <> recorded_by", name=op.f("ck_openness_opinions_closer_not_recorder")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openness_opinions")),
        sa.UniqueConstraint("number", name=op.f("uq_openness_opinions_number")),
    )
    with op.batch_alter_table("openness_opinions", schema=None) as batch_op:
        batch_op.create_index("ix_openness_opinions_department", ["department_id", "id"], unique=False)
        batch_op.create_index("ix_openness_opinions_region", ["region", "id"], unique=False)

    op.create_table(
        "openness_reports",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("lookup_blind", sa.String(length=120), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("department_name", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("topic", sa.String(length=20), nullable=False),
        sa.Column("about", sa.String(length=300), nullable=True),
        sa.Column("text_sealed", sa.Text(), nullable=False),
        sa.Column("reporter_sealed", sa.Text(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=True),
        sa.Column("drafted_by", sa.String(length=36), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.String(length=36), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("address_blind", sa.String(length=120), nullable=False),
        sa.Column("sent_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state <> 'answered' OR (answered_by IS NOT NULL AND answer IS NOT NULL)",
            name=op.f("ck_openness_reports_answered"),
        ),
        sa.CheckConstraint("answered_by <> drafted_by", name=op.f("ck_openness_reports_answered_by_second")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openness_reports")),
        sa.UniqueConstraint("lookup_blind", name=op.f("uq_openness_reports_lookup_blind")),
        sa.UniqueConstraint("number", name=op.f("uq_openness_reports_number")),
    )
    with op.batch_alter_table("openness_reports", schema=None) as batch_op:
        batch_op.create_index("ix_openness_reports_address", ["address_blind", "sent_at"], unique=False)
        batch_op.create_index("ix_openness_reports_department", ["department_id", "id"], unique=False)
        batch_op.create_index("ix_openness_reports_region", ["region", "id"], unique=False)

    op.create_table(
        "openness_channel_drafts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("drafted_by", sa.String(length=36), nullable=False),
        sa.Column("drafter_name", sa.String(length=100), nullable=False),
        sa.Column("approved_by", sa.String(length=36), nullable=True),
        sa.Column("approver_name", sa.String(length=100), nullable=True),
        sa.Column("sent_by", sa.String(length=36), nullable=True),
        sa.Column("sent_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("sent_to", sa.String(length=300), nullable=True),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state <> 'sent' OR (sent_at IS NOT NULL AND sent_to IS NOT NULL)",
            name=op.f("ck_openness_channel_drafts_sent_somewhere"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'sent') OR approved_by IS NOT NULL",
            name=op.f("ck_openness_channel_drafts_approved"),
        ),
        sa.CheckConstraint(
            "approved_by <> drafted_by", name=op.f("ck_openness_channel_drafts_approver_not_drafter")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["openness_items.id"], name=op.f("fk_openness_channel_drafts_item_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openness_channel_drafts")),
    )
    with op.batch_alter_table("openness_channel_drafts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_openness_channel_drafts_item_id"), ["item_id"], unique=False)

    op.create_table(
        "openness_files",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("uploaded_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["openness_items.id"], name=op.f("fk_openness_files_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openness_files")),
    )
    with op.batch_alter_table("openness_files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_openness_files_item_id"), ["item_id"], unique=False)

    op.create_table(
        "openness_versions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("drafted_by", sa.String(length=36), nullable=False),
        sa.Column("approved_by", sa.String(length=36), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "approved_by <> drafted_by", name=op.f("ck_openness_versions_approver_not_drafter")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["openness_items.id"], name=op.f("fk_openness_versions_item_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openness_versions")),
    )
    with op.batch_alter_table("openness_versions", schema=None) as batch_op:
        batch_op.create_index("uq_openness_versions_version", ["item_id", "version"], unique=True)

    with op.batch_alter_table("duties", schema=None) as batch_op:
        batch_op.add_column(sa.Column("due_at", types.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("soon_at", types.UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("duties", schema=None) as batch_op:
        batch_op.drop_column("soon_at")
        batch_op.drop_column("due_at")

    with op.batch_alter_table("openness_versions", schema=None) as batch_op:
        batch_op.drop_index("uq_openness_versions_version")

    op.drop_table("openness_versions")
    with op.batch_alter_table("openness_files", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_openness_files_item_id"))

    op.drop_table("openness_files")
    with op.batch_alter_table("openness_channel_drafts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_openness_channel_drafts_item_id"))

    op.drop_table("openness_channel_drafts")
    with op.batch_alter_table("openness_reports", schema=None) as batch_op:
        batch_op.drop_index("ix_openness_reports_region")
        batch_op.drop_index("ix_openness_reports_department")
        batch_op.drop_index("ix_openness_reports_address")

    op.drop_table("openness_reports")
    with op.batch_alter_table("openness_opinions", schema=None) as batch_op:
        batch_op.drop_index("ix_openness_opinions_region")
        batch_op.drop_index("ix_openness_opinions_department")

    op.drop_table("openness_opinions")
    with op.batch_alter_table("openness_items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_openness_items_related_id"))
        batch_op.drop_index("ix_openness_items_region")
        batch_op.drop_index("ix_openness_items_public")
        batch_op.drop_index("ix_openness_items_department")

    op.drop_table("openness_items")
    with op.batch_alter_table("annual_reports", schema=None) as batch_op:
        batch_op.drop_index("uq_annual_reports_year")

    op.drop_table("annual_reports")
