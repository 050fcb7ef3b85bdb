"""What is seen at public sites: displayed and absent, how it is known, and every sight of it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.db import types

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

SIGHTS = "push_observations"
MESSAGE = f"{SIGHTS} is append-only"


def upgrade() -> None:
    op.create_table(
        "push_appearances",
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("listing_id", sa.String(length=36), nullable=False),
        sa.Column("via", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("expects", sa.String(length=16), nullable=False),
        sa.Column("since", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("match_key", sa.String(length=360), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("displayed_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("displayed_how", sa.String(length=16), nullable=True),
        sa.Column("absent_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("absent_how", sa.String(length=16), nullable=True),
        sa.Column("lag_seconds", sa.Integer(), nullable=True),
        sa.Column("asked_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("asks", sa.Integer(), nullable=False),
        sa.Column("next_ask_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("platform", "listing_id", name=op.f("pk_push_appearances")),
    )
    op.create_index("ix_push_appearances_listing", "push_appearances", ["listing_id"])
    open_ones = sa.text("next_ask_at IS NOT NULL")
    op.create_index(
        "ix_push_appearances_due",
        "push_appearances",
        ["platform", "next_ask_at"],
        sqlite_where=open_ones,
        postgresql_where=open_ones,
    )
    op.create_table(
        SIGHTS,
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("listing_id", sa.String(length=36), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("seen", sa.String(length=16), nullable=False),
        sa.Column("how", sa.String(length=16), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("screenshot_sha256", sa.String(length=64), nullable=True),
        sa.Column("recorded_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_observations")),
    )
    op.create_index(op.f("ix_push_observations_listing_id"), SIGHTS, ["listing_id"])
    op.create_table(
        "push_marks",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("position", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_push_marks")),
    )
    for statement in _guards():
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("push_marks")
    op.drop_table(SIGHTS)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP FUNCTION {SIGHTS}_append_only()")
    op.drop_table("push_appearances")


def _guards() -> list[str]:
    if op.get_bind().dialect.name == "postgresql":
        name, body = f"{SIGHTS}_append_only", f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$"
        each = f"FOR EACH ROW EXECUTE FUNCTION {name}()"
        return [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS {body}",
            f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {SIGHTS} {each}",
        ]
    body = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    return [
        f"CREATE TRIGGER {SIGHTS}_no_{verb} BEFORE {verb} ON {SIGHTS} {body}" for verb in ("update", "delete")
    ]
