"""What was done with sheets and letters is kept for proof; a letter keeps the name it was written under."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLE, FUNCTION = "push_batch_acts", "push_kept_for_proof"


def upgrade() -> None:
    op.add_column("push_letter_numbers", sa.Column("organ", sa.String(length=200), nullable=True))
    for statement in _postgresql() if _is_postgresql() else _sqlite():
        op.execute(statement)


def downgrade() -> None:
    if _is_postgresql():
        for name in ("append_only", "no_truncate"):
            op.execute(f"DROP TRIGGER {TABLE}_{name} ON {TABLE}")
    else:
        for name in ("no_replace", "no_update", "no_delete"):
            op.execute(f"DROP TRIGGER {TABLE}_{name}")
    op.drop_column("push_letter_numbers", "organ")


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
