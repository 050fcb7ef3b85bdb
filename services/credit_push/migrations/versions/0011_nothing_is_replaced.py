"""What is kept for proof is neither emptied nor replaced, and requests of parties are kept as they came."""

from collections.abc import Sequence

from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

REQUESTS, DECISIONS = "push_requests", "push_decisions"
KEPT = (
    "push_attempts", "push_observations", "push_refused_receipts", "push_stray_receipts", DECISIONS, REQUESTS,
)  # fmt: skip
FUNCTION = "push_kept_for_proof"
TICKET = "platform = NEW.platform AND ticket = NEW.ticket"


def upgrade() -> None:
    for statement in _postgresql() if _is_postgresql() else _sqlite():
        op.execute(statement)


def downgrade() -> None:
    if _is_postgresql():
        for table in KEPT:
            op.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")
        op.execute(f"DROP TRIGGER {REQUESTS}_append_only ON {REQUESTS}")
        op.execute(f"DROP FUNCTION {FUNCTION}()")
        return
    for table in KEPT:
        op.execute(f"DROP TRIGGER {table}_no_replace")
    for name in (f"{REQUESTS}_no_update", f"{REQUESTS}_no_delete", f"{DECISIONS}_no_move"):
        op.execute(f"DROP TRIGGER {name}")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _postgresql() -> list[str]:
    body = "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    run = f"EXECUTE FUNCTION {FUNCTION}()"
    return [
        f"CREATE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS {body}",
        f"CREATE TRIGGER {REQUESTS}_append_only BEFORE UPDATE OR DELETE ON {REQUESTS} FOR EACH ROW {run}",
        *(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {run}"
            for table in KEPT
        ),
    ]


def _sqlite() -> list[str]:
    """REPLACE deletes what is in its way without asking the triggers on delete, by row number too."""
    moved = "NEW.rowid IS NOT OLD.rowid"
    return [
        *(_abort(table, "no_replace", "INSERT", _in_the_way(table)) for table in KEPT),
        _abort(REQUESTS, "no_update", "UPDATE"),
        _abort(REQUESTS, "no_delete", "DELETE"),
        _abort(DECISIONS, "no_move", "UPDATE", moved),
    ]


def _in_the_way(table: str) -> str:
    same = "id = NEW.id OR rowid = NEW.rowid" + (f" OR ({TICKET})" if table == REQUESTS else "")
    return f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608


def _abort(table: str, name: str, verb: str, when: str = "") -> str:
    condition = f"WHEN {when}" if when else ""
    return (
        f"CREATE TRIGGER {table}_{name} BEFORE {verb} ON {table} {condition} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )
