"""The names organisations are found by get an id, their parts and grams, and an inverted index.

Existing rows are derived anew in blocks. A name as written is taken from its listing; `credit-blacklist
reindex` repeats the derivation whenever the gram function changes.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from services.blacklist.register.domain.names import full_key, name_record
from services.blacklist.register.index.tables import DROPPED, POSTGRESQL, SQLITE
from services.blacklist.register.models import Grams

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BLOCK = 1000
KEY = sa.String(length=400).with_variant(sa.String(length=400, collation="C"), "postgresql")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.rename_table("register_name", "register_name_before")
    _drop_old_indexes()
    made = _create_names()
    op.create_table(
        "register_gram_count",
        sa.Column("gram", KEY, nullable=False),
        sa.Column("names", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("gram", name=op.f("pk_register_gram_count")),
    )
    statements = SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL
    for statement in statements:
        op.execute(statement)
    _derive(made)
    op.drop_table("register_name_before")


def _drop_old_indexes() -> None:
    """Index and constraint names are unique in a database, and the new table wants them."""
    for column in ("core_key", "full_key"):
        op.drop_index(op.f(f"ix_register_name_{column}"), table_name="register_name_before")
    if op.get_bind().dialect.name == "postgresql":
        for name in ("pk_register_name", "fk_register_name_listing_id"):
            op.drop_constraint(op.f(name), "register_name_before")


def _create_names() -> sa.Table:
    made = op.create_table(
        "register_name",
        sa.Column("id", ID, nullable=False),
        sa.Column("listing_id", sa.String(length=36), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("full_key", KEY, nullable=False),
        sa.Column("core_key", KEY, nullable=False),
        sa.Column("region", sa.String(length=400), nullable=False),
        sa.Column("place", sa.String(length=400), nullable=False),
        sa.Column("brand_size", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(length=400), nullable=False),
        sa.Column("gram_version", sa.Integer(), nullable=False),
        sa.Column("grams", Grams(), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["register_listing.id"], name=op.f("fk_register_name_listing_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_name")),
        sa.UniqueConstraint("listing_id", "ordinal", name=op.f("uq_register_name_listing_id_ordinal")),
    )
    op.create_index(op.f("ix_register_name_core_key"), "register_name", ["core_key"], unique=False)
    op.create_index(op.f("ix_register_name_full_key"), "register_name", ["full_key"], unique=False)
    return made


def _derive(made: sa.Table) -> None:
    before = sa.table(
        "register_name_before", sa.column("listing_id"), sa.column("ordinal"), sa.column("full_key")
    )
    listing = sa.table("register_listing", sa.column("id"), sa.column("subject_name"), sa.column("facts"))
    found = (
        sa.select(
            before.c.listing_id,
            before.c.ordinal,
            before.c.full_key,
            listing.c.subject_name,
            sa.type_coerce(listing.c.facts, sa.JSON()),
        )
        .join_from(before, listing, listing.c.id == before.c.listing_id)
        .order_by(before.c.listing_id, before.c.ordinal)
    )
    connection = op.get_bind()
    rows = connection.execute(found).all()
    for start in range(0, len(rows), BLOCK):
        connection.execute(sa.insert(made), [_row(*row) for row in rows[start : start + BLOCK]])


def _row(listing_id: str, ordinal: int, key: str, subject_name: str, facts: Any) -> dict[str, Any]:
    written = next((each for each in _names(subject_name, facts) if full_key(each) == key), key[:200])
    return {"listing_id": listing_id, "ordinal": ordinal, **name_record(written)._asdict()}


def _names(subject_name: str, facts: Any) -> Iterator[str]:
    yield subject_name
    known = json.loads(facts) if isinstance(facts, str) else facts
    yield from (known.get("subject") or {}).get("former_names") or ()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in DROPPED:
            op.execute(statement)
    op.drop_table("register_gram_count")
    with op.batch_alter_table("register_name", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("pk_register_name"), type_="primary")
        batch_op.drop_constraint(op.f("uq_register_name_listing_id_ordinal"), type_="unique")
        for column in ("id", "name", "region", "place", "brand_size", "form", "gram_version", "grams"):
            batch_op.drop_column(column)
        batch_op.create_primary_key(op.f("pk_register_name"), ["listing_id", "ordinal"])
