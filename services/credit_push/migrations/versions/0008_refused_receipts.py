"""Refused receipts are kept; what is kept for proof cannot be changed: refusals, strays, decisions made."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FIXED = ("push_refused_receipts", "push_stray_receipts")
DECISIONS = "push_decisions"
PROPOSED = ("id", "delivery_id", "action", "reason", "proposed_by", "proposed_at")
"""Of a decision nothing of the proposal changes, and nothing at all once it is made."""


def upgrade() -> None:
    op.create_table(
        "push_refused_receipts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("door", sa.String(length=16), nullable=False),
        sa.Column("why", sa.String(length=24), nullable=False),
        sa.Column("key_id", sa.String(length=100), nullable=True),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.Column("received_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_refused_receipts")),
    )
    op.create_index(op.f("ix_push_refused_receipts_platform"), "push_refused_receipts", ["platform"])
    op.create_table(
        "push_refused_counts",
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "on_day", name=op.f("pk_push_refused_counts")),
    )
    for table in FIXED:
        _guard(table, "update", "")
        _guard(table, "delete", "")
    _guard(DECISIONS, "delete", "")
    _guard(DECISIONS, "update", _decided())


def downgrade() -> None:
    for table in (*FIXED, DECISIONS):
        for verb in ("update", "delete"):
            _unguard(table, verb)
    op.drop_table("push_refused_counts")
    op.drop_index(op.f("ix_push_refused_receipts_platform"), table_name="push_refused_receipts")
    op.drop_table("push_refused_receipts")


def _decided() -> str:
    unlike = "IS DISTINCT FROM" if _postgresql() else "IS NOT"
    changed = " OR ".join(f"NEW.{name} {unlike} OLD.{name}" for name in PROPOSED)
    return f"OLD.confirmed IS NOT NULL OR {changed}"


def _postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _guard(table: str, verb: str, when: str) -> None:
    name, message, condition = (
        f"{table}_no_{verb}",
        f"{table} is append-only",
        f"WHEN ({when})" if when else "",
    )
    if not _postgresql():
        body = f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        op.execute(f"CREATE TRIGGER {name} BEFORE {verb.upper()} ON {table} {condition} {body}")
        return
    body = f"$$ BEGIN RAISE EXCEPTION '{message}'; END $$"
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS {body}")
    run = f"FOR EACH ROW {condition} EXECUTE FUNCTION {name}()"
    op.execute(f"CREATE TRIGGER {name} BEFORE {verb.upper()} ON {table} {run}")


def _unguard(table: str, verb: str) -> None:
    name = f"{table}_no_{verb}"
    op.execute(f"DROP TRIGGER {name} ON {table}" if _postgresql() else f"DROP TRIGGER {name}")
    if _postgresql():
        op.execute(f"DROP FUNCTION {name}()")
