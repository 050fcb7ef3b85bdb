"""Every try at telling what became of a request is kept for proof, as every try at a delivery is."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLE, FUNCTION = "push_answer_attempts", "push_kept_for_proof"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("answer_id", sa.String(length=36), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=50), nullable=True),
        sa.Column("body_sha256", sa.String(length=64), nullable=True),
        sa.Column("receipt_number", sa.String(length=100), nullable=True),
        sa.Column("detail", sa.String(length=500), nullable=True),
        sa.Column("who", sa.String(length=100), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["push_answers.id"], name=op.f(f"fk_{TABLE}_answer_id_push_answers")
        ),
    )
    op.create_index(op.f(f"ix_{TABLE}_answer_id"), TABLE, ["answer_id"])
    for statement in _postgresql() if _is_postgresql() else _sqlite():
        op.execute(statement)


def downgrade() -> None:
    op.drop_table(TABLE)


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _postgresql() -> list[str]:
    run = f"EXECUTE FUNCTION {FUNCTION}()"
    return [
        f"CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW {run}",
        f"CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT {run}",
    ]


def _sqlite() -> list[str]:
    """REPLACE deletes what is in its way without asking the trigger on delete."""
    same = f"WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id OR rowid = NEW.rowid)"  # noqa: S608
    return [
        _abort("no_replace", "INSERT", same),
        _abort("no_update", "UPDATE"),
        _abort("no_delete", "DELETE"),
    ]


def _abort(name: str, verb: str, when: str = "") -> str:
    return (
        f"CREATE TRIGGER {TABLE}_{name} BEFORE {verb} ON {TABLE} {when} "
        f"BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END"
    )
