"""Approved redaction, 公开例外, windows by calendar, letters of requests; issued letters cannot be changed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from services.blacklist.audit.models import append_only_ddl, drop_append_only_ddl
from services.blacklist.letters.models import drop_frozen_ddl, frozen_ddl
from shared.db import types

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

PEOPLE = (
    ("redactor_not_filer", "redactor_id <> filer_id"),
    ("redactor_not_editor", "redactor_id <> last_editor_id"),
    ("publisher_not_redactor", "publisher_id <> redactor_id"),
)
OF_ONE = "(case_id IS NULL) = (step_id IS NULL) AND (case_id IS NULL) <> (request_id IS NULL)"
FROZEN = (
    "id", "code", "case_id", "step_id", "request_id", "department_id", "organ", "kind", "title", "number",
    "version", "template_version", "rule_version", "dated", "address", "shows_identity", "identity_reason",
    "size", "sha256", "created_by", "creator_name", "created_at",
)  # fmt: skip
RECORDS = ("letter_copies", "letter_services")


def upgrade() -> None:
    _add_columns()
    with op.batch_alter_table("letters", schema=None) as batch_op:
        batch_op.add_column(sa.Column("request_id", sa.String(length=36), nullable=True))
        batch_op.alter_column("case_id", existing_type=sa.String(length=36), nullable=True)
        batch_op.alter_column("step_id", existing_type=sa.String(length=36), nullable=True)
        batch_op.create_unique_constraint(batch_op.f("uq_letters_request_id"), ["request_id"])
        batch_op.create_check_constraint(batch_op.f("ck_letters_of_case_or_request"), OF_ONE)
    dialect = op.get_bind().dialect.name
    for statement in frozen_ddl(dialect, FROZEN):
        op.execute(statement)
    for table in RECORDS:
        for statement in append_only_ddl(dialect, table):
            op.execute(statement)


def _add_columns() -> None:
    with op.batch_alter_table("cases", schema=None) as batch_op:
        for name in ("disclosure_exceptions", "disclosure_covered"):
            given = types.JsonDoc(none_as_null=True)
            batch_op.add_column(sa.Column(name, given, server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("birth_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("redacted_hash", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("redactor_id", sa.String(length=36), nullable=True))
        batch_op.add_column(
            sa.Column("window_provisional", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(sa.Column("window_calendar", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("notice_service", types.JsonDoc(none_as_null=True), nullable=True))
        for name, condition in PEOPLE:
            batch_op.create_check_constraint(batch_op.f(f"ck_cases_{name}"), condition)


def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    for table in RECORDS:
        for statement in drop_append_only_ddl(dialect, table):
            op.execute(statement)
    for statement in drop_frozen_ddl(dialect):
        op.execute(statement)
    op.execute("DELETE FROM letters WHERE case_id IS NULL")
    with op.batch_alter_table("letters", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_letters_of_case_or_request"), type_="check")
        batch_op.drop_constraint(batch_op.f("uq_letters_request_id"), type_="unique")
        batch_op.alter_column("step_id", existing_type=sa.String(length=36), nullable=False)
        batch_op.alter_column("case_id", existing_type=sa.String(length=36), nullable=False)
        batch_op.drop_column("request_id")
    with op.batch_alter_table("cases", schema=None) as batch_op:
        for name, _ in PEOPLE:
            batch_op.drop_constraint(batch_op.f(f"ck_cases_{name}"), type_="check")
        for name in (
            "notice_service", "window_calendar", "window_provisional", "redactor_id", "redacted_hash",
            "birth_on", "disclosure_covered", "disclosure_exceptions",
        ):  # fmt: skip
            batch_op.drop_column(name)
