"""One live publication a document: the keys of what is published now, the first of any twins first."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from services.blacklist.cases.domain.sameness import Entry
from shared.db import types

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

PAPERS = sa.table("case_papers", sa.column("key"), sa.column("case_id"))
CASES = sa.table(
    "cases",
    *(sa.column(name) for name in ("id", "state", "list_code", "document_number", "department_name")),
    *(sa.column(name) for name in ("subject_name", "uscc", "id_blind", "published_at")),
    sa.column("document", types.JsonDoc),
)


def upgrade() -> None:
    op.create_table(
        "case_papers",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_papers_case_id_cases")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_case_papers")),
        sa.UniqueConstraint("case_id", name=op.f("uq_case_papers_case_id")),
    )
    held = _held(op.get_bind())
    rows = [{"key": key, "case_id": case_id} for key, case_id in held.items()]
    for start in range(0, len(rows), 5000):
        op.bulk_insert(PAPERS, rows[start : start + 5000])


def _held(connection: sa.Connection) -> dict[str, str]:
    published = sa.select(CASES).where(CASES.c.state == "published", CASES.c.document_number.is_not(None))
    held: dict[str, str] = {}
    for row in connection.execute(published.order_by(CASES.c.published_at, CASES.c.id)):
        organ = row.document.get("organ") or row.department_name
        entry = Entry(
            row.id, row.list_code, row.document_number, organ, row.subject_name, row.uscc, row.id_blind
        )
        if entry.key:
            held.setdefault(entry.key, row.id)
    return held


def downgrade() -> None:
    op.drop_table("case_papers")
