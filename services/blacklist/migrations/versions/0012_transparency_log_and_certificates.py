"""transparency log and certificates."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from services.blacklist.audit.models import append_only_ddl, drop_append_only_ddl
from shared.db import types

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
APPEND_ONLY = ("log_leaves", "log_checkpoints", "log_beats")
WAITING = (
    "INSERT INTO register_unlogged (listing_id, version) "
    "SELECT listing_id, version FROM register_version ORDER BY at, listing_id, version"
)


def upgrade() -> None:
    _create_log()
    _create_signatures()
    _create_certificates()
    for table in APPEND_ONLY:
        for statement in append_only_ddl(op.get_bind().dialect.name, table):
            op.execute(statement)
    op.execute(WAITING)  # what was published before there was a log comes into it first


def _create_log() -> None:
    op.create_table(
        "register_unlogged",
        sa.Column("id", POSITION, nullable=False),
        sa.Column("listing_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_unlogged")),
    )
    op.create_table(
        "log_leaves",
        sa.Column("position", POSITION, autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column("listing_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_log_leaves")),
    )
    op.create_index("uq_log_leaves_version", "log_leaves", ["listing_id", "version"], unique=True)
    op.create_table(
        "log_secrets",
        sa.Column("position", POSITION, autoincrement=False, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_log_secrets")),
    )
    op.create_table(
        "log_tiles",
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", POSITION, autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name=op.f("pk_log_tiles")),
    )


def _create_signatures() -> None:
    op.create_table(
        "log_checkpoints",
        sa.Column("size", POSITION, autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_log_checkpoints")),
    )
    op.create_table(
        "log_beats",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("size", POSITION, nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_log_beats")),
    )
    op.create_table(
        "log_witnesses",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("added_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_log_witnesses")),
    )
    op.create_table(
        "log_cosignatures",
        sa.Column("size", POSITION, autoincrement=False, nullable=False),
        sa.Column("witness", sa.String(length=200), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("size", "witness", name=op.f("pk_log_cosignatures")),
    )


def _create_certificates() -> None:
    op.create_table(
        "certificates",
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("subject_type", sa.String(length=12), nullable=False),
        sa.Column("result", sa.String(length=12), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("asked_sealed", sa.Text(), nullable=False),
        sa.Column("found", types.JsonDoc(none_as_null=True), nullable=False),
        sa.Column("issued_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_certificates")),
    )


def downgrade() -> None:
    for table in APPEND_ONLY:
        for statement in drop_append_only_ddl(op.get_bind().dialect.name, table):
            op.execute(statement)
    for table in (
        "certificates", "log_cosignatures", "log_witnesses", "log_beats", "log_checkpoints", "log_tiles", "log_secrets",
        "log_leaves", "register_unlogged",
    ):  # fmt: skip
        op.drop_table(table)
