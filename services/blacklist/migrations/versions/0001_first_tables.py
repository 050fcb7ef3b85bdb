"""first tables."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.String(length=36), nullable=True),
        sa.Column("actor_name", sa.String(length=64), nullable=True),
        sa.Column("actor_department_id", sa.String(length=36), nullable=True),
        sa.Column("actor_roles", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("object_type", sa.String(length=40), nullable=False),
        sa.Column("object_id", sa.String(length=80), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entries_actor", ["actor_id", "at"], unique=False)
        batch_op.create_index("ix_audit_entries_object", ["object_type", "object_id"], unique=False)

    op.create_table(
        "audit_pending",
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_pending")),
    )
    op.create_table(
        "case_imports",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("actor", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("list_code", sa.String(length=64), nullable=False),
        sa.Column("domain", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("total_rows", sa.Integer(), nullable=False),
        sa.Column("good_rows", sa.Integer(), nullable=False),
        sa.Column("bad_rows", sa.Integer(), nullable=False),
        sa.Column("filed_rows", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_imports")),
    )
    with op.batch_alter_table("case_imports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_imports_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_imports_state"), ["state"], unique=False)

    op.create_table(
        "case_notices",
        sa.Column("notice_id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("event_type", sa.String(length=60), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("notice_id", "channel", name=op.f("pk_case_notices")),
    )
    with op.batch_alter_table("case_notices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_notices_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "cases",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("listing_id", sa.String(length=36), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("list_code", sa.String(length=64), nullable=False),
        sa.Column("list_name", sa.String(length=100), nullable=False),
        sa.Column("list_class", sa.String(length=24), nullable=False),
        sa.Column("procedure", sa.String(length=24), nullable=False),
        sa.Column("rule_version", sa.String(length=40), nullable=False),
        sa.Column("domain", sa.String(length=40), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("department_name", sa.String(length=200), nullable=False),
        sa.Column("department_uscc", sa.String(length=18), nullable=False),
        sa.Column("subject_type", sa.String(length=16), nullable=False),
        sa.Column("subject_name", sa.String(length=200), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=True),
        sa.Column("codes", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("former_names", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("legal_representative", sa.String(length=100), nullable=True),
        sa.Column("legal_representative_id_type", sa.String(length=32), nullable=True),
        sa.Column("legal_representative_id_sealed", sa.Text(), nullable=True),
        sa.Column("legal_representative_id_masked", sa.String(length=64), nullable=True),
        sa.Column("id_type", sa.String(length=32), nullable=True),
        sa.Column("id_sealed", sa.Text(), nullable=True),
        sa.Column("id_blind", sa.String(length=120), nullable=True),
        sa.Column("id_masked", sa.String(length=64), nullable=True),
        sa.Column("minor_until", sa.Date(), nullable=True),
        sa.Column("misconduct", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("document", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("document_number", sa.String(length=128), nullable=True),
        sa.Column("document_date", sa.Date(), nullable=True),
        sa.Column("disclosure", sa.String(length=16), nullable=False),
        sa.Column("disclosure_reason", sa.Text(), nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("reviewed_hash", sa.String(length=64), nullable=True),
        sa.Column("filer_id", sa.String(length=36), nullable=False),
        sa.Column("filer_name", sa.String(length=100), nullable=False),
        sa.Column("last_editor_id", sa.String(length=36), nullable=False),
        sa.Column("reviewer_id", sa.String(length=36), nullable=True),
        sa.Column("decider_id", sa.String(length=36), nullable=True),
        sa.Column("publisher_id", sa.String(length=36), nullable=True),
        sa.Column("notice_number", sa.String(length=128), nullable=True),
        sa.Column("noticed_on", sa.Date(), nullable=True),
        sa.Column("window_ends_on", sa.Date(), nullable=True),
        sa.Column("statement", types.JsonDoc(none_as_null=True), nullable=True),
        sa.Column("hearing", types.JsonDoc(none_as_null=True), nullable=True),
        sa.Column("severity", sa.String(length=16), nullable=True),
        sa.Column("measures", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("publicity_months", sa.Integer(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("service", types.JsonDoc(none_as_null=True), nullable=True),
        sa.Column("service_effective_on", sa.Date(), nullable=True),
        sa.Column("published_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("publicity_start", sa.Date(), nullable=True),
        sa.Column("publicity_min_end", sa.Date(), nullable=True),
        sa.Column("publicity_max_end", sa.Date(), nullable=True),
        sa.Column("ended_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("reason_code", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("import_id", sa.String(length=36), nullable=True),
        sa.Column("import_row", sa.Integer(), nullable=True),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "procedure <> 'full' OR state NOT IN ('decided', 'served', 'published') OR decider_id IS NOT NULL",
            name=op.f("ck_cases_decided_by_someone"),
        ),
        sa.CheckConstraint(
            "state <> 'published' OR (reviewer_id IS NOT NULL AND publisher_id IS NOT NULL AND reviewed_hash IS NOT NULL AND reviewed_hash = content_hash)",
            name=op.f("ck_cases_published_as_reviewed"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'under_review', 'noticed', 'hearing', 'decided', 'served', 'published', 'removed', 'revoked', 'not_listed', 'withdrawn', 'archived')",
            name=op.f("ck_cases_known_state"),
        ),
        sa.CheckConstraint("decider_id <> filer_id", name=op.f("ck_cases_decider_not_filer")),
        sa.CheckConstraint("decider_id <> last_editor_id", name=op.f("ck_cases_decider_not_editor")),
        sa.CheckConstraint("publisher_id <> filer_id", name=op.f("ck_cases_publisher_not_filer")),
        sa.CheckConstraint("publisher_id <> last_editor_id", name=op.f("ck_cases_publisher_not_editor")),
        sa.CheckConstraint("reviewer_id <> filer_id", name=op.f("ck_cases_reviewer_not_filer")),
        sa.CheckConstraint("reviewer_id <> last_editor_id", name=op.f("ck_cases_reviewer_not_editor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("listing_id", name=op.f("uq_cases_listing_id")),
    )
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.create_index("ix_cases_department_state", ["department_id", "state", "id"], unique=False)
        batch_op.create_index("ix_cases_document_number", ["document_number"], unique=False)
        batch_op.create_index("ix_cases_id_blind", ["id_blind"], unique=False)
        batch_op.create_index("ix_cases_region", ["region", "id"], unique=False)
        batch_op.create_index("ix_cases_state", ["state", "publicity_max_end"], unique=False)
        batch_op.create_index("ix_cases_uscc", ["uscc"], unique=False)
        batch_op.create_index("uq_cases_import", ["import_id", "import_row"], unique=True)

    op.create_table(
        "departments",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("short_name", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("level", sa.String(length=12), nullable=False),
        sa.Column("parent_id", sa.String(length=36), nullable=True),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("successor_id", sa.String(length=36), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_departments_period")),
        sa.ForeignKeyConstraint(["parent_id"], ["departments.id"], name=op.f("fk_departments_parent_id")),
        sa.ForeignKeyConstraint(
            ["successor_id"], ["departments.id"], name=op.f("fk_departments_successor_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departments")),
        sa.UniqueConstraint("code", name=op.f("uq_departments_code")),
    )
    with op.batch_alter_table("departments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_departments_region"), ["region"], unique=False)
        batch_op.create_index(batch_op.f("ix_departments_successor_id"), ["successor_id"], unique=False)

    op.create_table(
        "duties",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column("rule_version", sa.String(length=60), nullable=False),
        sa.Column("length_wd", sa.Integer(), nullable=False),
        sa.Column("soon_wd", sa.Integer(), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("soon_on", sa.Date(), nullable=True),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("calendar_version", sa.String(length=40), nullable=False),
        sa.Column("done_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("due_soon_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("overdue_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duties")),
    )
    with op.batch_alter_table("duties", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_duties_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_duties_department", ["department_id", "due_on"], unique=False)
        batch_op.create_index(
            "ix_duties_open",
            ["due_on"],
            unique=False,
            sqlite_where=sa.text("done_at IS NULL AND cancelled_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL AND cancelled_at IS NULL"),
        )

    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_idempotency_keys")),
    )
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_keys_created_at"), ["created_at"], unique=False)

    op.create_table(
        "inbox",
        sa.Column("consumer", sa.String(length=100), nullable=False),
        sa.Column("event_id", sa.String(length=100), nullable=False),
        sa.Column("received_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "event_id", name=op.f("pk_inbox")),
    )
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.create_index("ix_inbox_received_at", ["received_at"], unique=False)

    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("until", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "outbox",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("topic", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("parked_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("event_id", name=op.f("uq_outbox_event_id")),
        sa.UniqueConstraint("subject", "topic", "sequence", name=op.f("uq_outbox_subject_topic_sequence")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_parked",
            ["topic", "subject"],
            unique=False,
            postgresql_where=sa.text("parked_at IS NOT NULL"),
            sqlite_where=sa.text("parked_at IS NOT NULL"),
        )

    op.create_table(
        "register_delivery",
        sa.Column("listing_id", sa.String(length=36), nullable=False),
        sa.Column("platform", sa.String(length=60), nullable=False),
        sa.Column("platform_name", sa.String(length=200), nullable=False),
        sa.Column("operation", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("receipt_number", sa.String(length=200), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("listing_id", "platform", name=op.f("pk_register_delivery")),
    )
    op.create_table(
        "register_listing",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("public_sequence", sa.Integer(), nullable=False),
        sa.Column("told", sa.String(length=8), nullable=True),
        sa.Column("list_code", sa.String(length=60), nullable=False),
        sa.Column("list_class", sa.String(length=30), nullable=False),
        sa.Column("domain", sa.String(length=40), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=True),
        sa.Column("subject_type", sa.String(length=12), nullable=False),
        sa.Column("subject_name", sa.String(length=200), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=True),
        sa.Column(
            "document_number",
            sa.String(length=400).with_variant(sa.String(length=400, collation="C"), "postgresql"),
            nullable=True,
        ),
        sa.Column("disclosure", sa.String(length=12), nullable=False),
        sa.Column("facts", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("annotation", sa.Text(), nullable=True),
        sa.Column("identity", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("id_blind", sa.String(length=120), nullable=True),
        sa.Column("tail_blind", sa.String(length=120), nullable=True),
        sa.Column("listed_on", sa.Date(), nullable=False),
        sa.Column("public_start", sa.Date(), nullable=False),
        sa.Column("public_min_end", sa.Date(), nullable=True),
        sa.Column("public_max_end", sa.Date(), nullable=False),
        sa.Column("public_until", sa.Date(), nullable=False),
        sa.Column("actual_end", sa.Date(), nullable=True),
        sa.Column("published_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("removed_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("suspended_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("shielded_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("shield_code", sa.String(length=30), nullable=True),
        sa.Column("reason_code", sa.String(length=30), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("migrated", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_listing")),
        sa.UniqueConstraint("origin", name=op.f("uq_register_listing_origin")),
    )
    with op.batch_alter_table("register_listing", schema=None) as batch_op:
        batch_op.create_index("ix_register_listing_browse", ["listed_on", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_register_listing_case_id"), ["case_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_register_listing_department_id"), ["department_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_register_listing_document_number"), ["document_number"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_register_listing_id_blind"), ["id_blind"], unique=False)
        batch_op.create_index("ix_register_listing_region", ["region", "listed_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_register_listing_tail_blind"), ["tail_blind"], unique=False)
        batch_op.create_index(batch_op.f("ix_register_listing_uscc"), ["uscc"], unique=False)

    op.create_table(
        "sign_in_failures",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_failed_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("blocked_until", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_failures")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("scopes", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("addresses", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_api_keys_department_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_keys_prefix")),
    )
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_keys_department_id"), ["department_id"], unique=False)

    op.create_table(
        "audit_links",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["audit_entries.id"], name=op.f("fk_audit_links_entry_id")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_links")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_links_entry_id")),
    )
    op.create_table(
        "case_attachments",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("uploaded_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_attachments_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_attachments")),
    )
    with op.batch_alter_table("case_attachments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_attachments_case_id"), ["case_id"], unique=False)

    op.create_table(
        "case_import_rows",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("import_id", sa.String(length=36), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("preview", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("errors", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"], ["case_imports.id"], name=op.f("fk_case_import_rows_import_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_import_rows")),
    )
    with op.batch_alter_table("case_import_rows", schema=None) as batch_op:
        batch_op.create_index("ix_case_import_rows_state", ["import_id", "state", "row_number"], unique=False)
        batch_op.create_index("uq_case_import_rows_row", ["import_id", "row_number"], unique=True)

    op.create_table(
        "case_overlays",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("opened_by", sa.String(length=36), nullable=False),
        sa.Column("second_by", sa.String(length=36), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=True),
        sa.Column("ticket", sa.String(length=100), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("detail", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("opened_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("outcome_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind <> 'suspended' OR state <> 'confirmed' OR second_by IS NOT NULL",
            name=op.f("ck_case_overlays_suspension_confirmed_by_second"),
        ),
        sa.CheckConstraint("second_by <> opened_by", name=op.f("ck_case_overlays_second_person")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_overlays_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_overlays")),
    )
    with op.batch_alter_table("case_overlays", schema=None) as batch_op:
        batch_op.create_index("ix_case_overlays_case", ["case_id", "closed_at"], unique=False)
        batch_op.create_index("ix_case_overlays_due", ["kind", "state", "due_on"], unique=False)

    op.create_table(
        "case_steps",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("from_state", sa.String(length=16), nullable=True),
        sa.Column("to_state", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=36), nullable=True),
        sa.Column("actor_name", sa.String(length=100), nullable=True),
        sa.Column("actor_role", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("rule", sa.String(length=200), nullable=True),
        sa.Column("rule_version", sa.String(length=40), nullable=True),
        sa.Column("detail", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_steps_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_steps")),
    )
    with op.batch_alter_table("case_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_steps_case_id"), ["case_id"], unique=False)

    op.create_table(
        "register_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("listing_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["register_listing.id"], name=op.f("fk_register_change_listing_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_change")),
        sa.UniqueConstraint("position", name=op.f("uq_register_change_position")),
    )
    with op.batch_alter_table("register_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_register_change_listing_id"), ["listing_id"], unique=False)

    op.create_table(
        "register_name",
        sa.Column("listing_id", sa.String(length=36), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column(
            "full_key",
            sa.String(length=400).with_variant(sa.String(length=400, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "core_key",
            sa.String(length=400).with_variant(sa.String(length=400, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["register_listing.id"], name=op.f("fk_register_name_listing_id")
        ),
        sa.PrimaryKeyConstraint("listing_id", "ordinal", name=op.f("pk_register_name")),
    )
    with op.batch_alter_table("register_name", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_register_name_core_key"), ["core_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_register_name_full_key"), ["full_key"], unique=False)

    op.create_table(
        "register_version",
        sa.Column("listing_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("reason_code", sa.String(length=30), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("facts", types.JsonDoc(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["register_listing.id"], name=op.f("fk_register_version_listing_id")
        ),
        sa.PrimaryKeyConstraint("listing_id", "version", name=op.f("pk_register_version")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=60), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("disabled_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_users_department_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("username", name=op.f("uq_users_username")),
    )
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_users_department_id"), ["department_id"], unique=False)

    op.create_table(
        "role_changes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("roles", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("proposed_by", sa.String(length=36), nullable=False),
        sa.Column("proposed_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("decided_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('proposed', 'approved', 'refused')", name=op.f("ck_role_changes_state")
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> proposed_by", name=op.f("ck_role_changes_two_people")
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> user_id", name=op.f("ck_role_changes_not_own")
        ),
        sa.CheckConstraint("proposed_by <> user_id", name=op.f("ck_role_changes_not_for_oneself")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_role_changes_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_changes")),
    )
    with op.batch_alter_table("role_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_role_changes_user_id"), ["user_id"], unique=False)

    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_for", sa.String(length=40), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_user_id"), ["user_id"], unique=False)

    op.create_table(
        "user_roles",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_roles_user_id")),
        sa.PrimaryKeyConstraint("user_id", "role", name=op.f("pk_user_roles")),
    )
    with op.batch_alter_table("user_roles", schema=None) as batch_op:
        batch_op.create_index(
            "uq_user_roles_exclusive",
            ["user_id"],
            unique=True,
            sqlite_where=sa.text("role IN ('system-admin', 'security-admin', 'auditor')"),
            postgresql_where=sa.text("role IN ('system-admin', 'security-admin', 'auditor')"),
        )


def downgrade() -> None:
    with op.batch_alter_table("user_roles", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_user_roles_exclusive",
            sqlite_where=sa.text("role IN ('system-admin', 'security-admin', 'auditor')"),
            postgresql_where=sa.text("role IN ('system-admin', 'security-admin', 'auditor')"),
        )

    op.drop_table("user_roles")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sessions_user_id"))

    op.drop_table("sessions")
    with op.batch_alter_table("role_changes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_role_changes_user_id"))

    op.drop_table("role_changes")
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_users_department_id"))

    op.drop_table("users")
    op.drop_table("register_version")
    with op.batch_alter_table("register_name", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_register_name_full_key"))
        batch_op.drop_index(batch_op.f("ix_register_name_core_key"))

    op.drop_table("register_name")
    with op.batch_alter_table("register_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_register_change_listing_id"))

    op.drop_table("register_change")
    with op.batch_alter_table("case_steps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_steps_case_id"))

    op.drop_table("case_steps")
    with op.batch_alter_table("case_overlays", schema=None) as batch_op:
        batch_op.drop_index("ix_case_overlays_due")
        batch_op.drop_index("ix_case_overlays_case")

    op.drop_table("case_overlays")
    with op.batch_alter_table("case_import_rows", schema=None) as batch_op:
        batch_op.drop_index("uq_case_import_rows_row")
        batch_op.drop_index("ix_case_import_rows_state")

    op.drop_table("case_import_rows")
    with op.batch_alter_table("case_attachments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_attachments_case_id"))

    op.drop_table("case_attachments")
    op.drop_table("audit_links")
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_keys_department_id"))

    op.drop_table("api_keys")
    op.drop_table("sign_in_failures")
    with op.batch_alter_table("register_listing", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_register_listing_uscc"))
        batch_op.drop_index(batch_op.f("ix_register_listing_tail_blind"))
        batch_op.drop_index("ix_register_listing_region")
        batch_op.drop_index(batch_op.f("ix_register_listing_id_blind"))
        batch_op.drop_index(batch_op.f("ix_register_listing_document_number"))
        batch_op.drop_index(batch_op.f("ix_register_listing_department_id"))
        batch_op.drop_index(batch_op.f("ix_register_listing_case_id"))
        batch_op.drop_index("ix_register_listing_browse")

    op.drop_table("register_listing")
    op.drop_table("register_delivery")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outbox_parked",
            postgresql_where=sa.text("parked_at IS NOT NULL"),
            sqlite_where=sa.text("parked_at IS NOT NULL"),
        )

    op.drop_table("outbox")
    op.drop_table("leases")
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.drop_index("ix_inbox_received_at")

    op.drop_table("inbox")
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_keys_created_at"))

    op.drop_table("idempotency_keys")
    with op.batch_alter_table("duties", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_duties_open",
            sqlite_where=sa.text("done_at IS NULL AND cancelled_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL AND cancelled_at IS NULL"),
        )
        batch_op.drop_index("ix_duties_department")
        batch_op.drop_index(batch_op.f("ix_duties_case_id"))

    op.drop_table("duties")
    with op.batch_alter_table("departments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_departments_successor_id"))
        batch_op.drop_index(batch_op.f("ix_departments_region"))

    op.drop_table("departments")
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_index("uq_cases_import")
        batch_op.drop_index("ix_cases_uscc")
        batch_op.drop_index("ix_cases_state")
        batch_op.drop_index("ix_cases_region")
        batch_op.drop_index("ix_cases_id_blind")
        batch_op.drop_index("ix_cases_document_number")
        batch_op.drop_index("ix_cases_department_state")

    op.drop_table("cases")
    with op.batch_alter_table("case_notices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_notices_subject_id"))

    op.drop_table("case_notices")
    with op.batch_alter_table("case_imports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_imports_state"))
        batch_op.drop_index(batch_op.f("ix_case_imports_department_id"))

    op.drop_table("case_imports")
    op.drop_table("audit_pending")
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entries_object")
        batch_op.drop_index("ix_audit_entries_actor")

    op.drop_table("audit_entries")
