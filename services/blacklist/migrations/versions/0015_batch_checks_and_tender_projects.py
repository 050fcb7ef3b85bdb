"""Batch checks and tender projects."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "check_jobs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("link", sa.String(length=64), nullable=False),
        sa.Column("owner_id", sa.String(length=36), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("asked", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("expected_rows", sa.Integer(), nullable=True),
        sa.Column("done_rows", sa.Integer(), nullable=False),
        sa.Column("listed_rows", sa.Integer(), nullable=False),
        sa.Column("possible_rows", sa.Integer(), nullable=False),
        sa.Column("barred_rows", sa.Integer(), nullable=False),
        sa.Column("bad_rows", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("register", types.JsonDoc(none_as_null=True), nullable=True),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("expires_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_jobs")),
        sa.UniqueConstraint("link", name=op.f("uq_check_jobs_link")),
    )
    with op.batch_alter_table("check_jobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_check_jobs_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_check_jobs_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_check_jobs_state"), ["state"], unique=False)

    op.create_table(
        "tender_projects",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("link", sa.String(length=64), nullable=False),
        sa.Column("owner_id", sa.String(length=36), nullable=True),
        sa.Column("department_id", sa.String(length=36), nullable=True),
        sa.Column("region", sa.String(length=6), nullable=True),
        sa.Column("domain", sa.String(length=40), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=True),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("operator", sa.String(length=200), nullable=False),
        sa.Column("cutoff_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("winner", sa.Integer(), nullable=True),
        sa.Column("created_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("closed_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tender_projects")),
        sa.UniqueConstraint("link", name=op.f("uq_tender_projects_link")),
    )
    with op.batch_alter_table("tender_projects", schema=None) as batch_op:
        batch_op.create_index("ix_tender_projects_day", ["state", "checked_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_tender_projects_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tender_projects_state"), ["state"], unique=False)

    op.create_table(
        "tender_watch_place",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tender_watch_place")),
    )
    op.create_table(
        "check_parts",
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("found", types.JsonDoc(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["check_jobs.id"], name=op.f("fk_check_parts_job_id")),
        sa.PrimaryKeyConstraint("job_id", "number", name=op.f("pk_check_parts")),
    )
    op.create_table(
        "tender_keys",
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["tender_projects.id"], name=op.f("fk_tender_keys_project_id")
        ),
        sa.PrimaryKeyConstraint("project_id", "key", name=op.f("pk_tender_keys")),
    )
    with op.batch_alter_table("tender_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tender_keys_key"), ["key"], unique=False)

    op.create_table(
        "tender_news",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["tender_projects.id"], name=op.f("fk_tender_news_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tender_news")),
    )
    with op.batch_alter_table("tender_news", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tender_news_project_id"), ["project_id"], unique=False)

    op.create_table(
        "tender_sheets",
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("found", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("issued_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["tender_projects.id"], name=op.f("fk_tender_sheets_project_id")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_tender_sheets")),
    )
    with op.batch_alter_table("tender_sheets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tender_sheets_project_id"), ["project_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("tender_sheets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tender_sheets_project_id"))

    op.drop_table("tender_sheets")
    with op.batch_alter_table("tender_news", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tender_news_project_id"))

    op.drop_table("tender_news")
    with op.batch_alter_table("tender_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tender_keys_key"))

    op.drop_table("tender_keys")
    op.drop_table("check_parts")
    op.drop_table("tender_watch_place")
    with op.batch_alter_table("tender_projects", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tender_projects_state"))
        batch_op.drop_index(batch_op.f("ix_tender_projects_department_id"))
        batch_op.drop_index("ix_tender_projects_day")

    op.drop_table("tender_projects")
    with op.batch_alter_table("check_jobs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_check_jobs_state"))
        batch_op.drop_index(batch_op.f("ix_check_jobs_owner_id"))
        batch_op.drop_index(batch_op.f("ix_check_jobs_expires_at"))

    op.drop_table("check_jobs")
