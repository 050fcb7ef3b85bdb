"""Tables of the register. A listing row holds event times and dates, never a "public" flag.

`facts` is the public-exchange form without identity numbers; those stand sealed in `identity`, bound to
the listing and field by their AAD, and as blind indexes for the lookup of persons.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

from services.blacklist.store import Base
from shared.db import JsonDoc, UtcDateTime

KEY = String(400).with_variant(String(400, collation="C"), "postgresql")
"""Search keys compare by code point on both databases, so that a prefix is a range of the B-tree."""


_UNENDED = "case_id IS NULL AND removed_at IS NULL AND revoked_at IS NULL AND "
UNENDED = {
    "postgresql": text(
        f"{_UNENDED}changed_at < CAST(public_until AS timestamp) AT TIME ZONE 'Asia/Shanghai'"
    ),
    "sqlite": text(f"{_UNENDED}changed_at < datetime(public_until, '-8 hours')"),
}
"""No case ends these; what was over when it was taken over from history has been shown to nobody here and is
left as it came. A query that says the same is served by the index.
"""


class Listing(Base):
    """One subject on one list (列入记录)."""

    __tablename__ = "register_listing"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    case_id: Mapped[str | None] = mapped_column(String(36), index=True)
    version: Mapped[int]
    sequence: Mapped[int]
    """Last sequence on the exchange topic; 0 before the first event."""
    public_sequence: Mapped[int]
    """Last sequence on the public topic; 0 before the first event."""
    told: Mapped[str | None] = mapped_column(String(8))
    """What platforms were last told: "list" or "withdraw"."""
    list_code: Mapped[str] = mapped_column(String(60))
    list_class: Mapped[str] = mapped_column(String(30))
    domain: Mapped[str] = mapped_column(String(40))
    region: Mapped[str] = mapped_column(String(6))
    department_id: Mapped[str | None] = mapped_column(String(36), index=True)
    subject_type: Mapped[str] = mapped_column(String(12))
    subject_name: Mapped[str] = mapped_column(String(200))
    uscc: Mapped[str | None] = mapped_column(String(18), index=True)
    document_number: Mapped[str | None] = mapped_column(KEY, index=True)
    disclosure: Mapped[str] = mapped_column(String(12))
    facts: Mapped[dict[str, Any]] = mapped_column(JsonDoc)
    annotation: Mapped[str | None] = mapped_column(Text)
    identity: Mapped[dict[str, str]] = mapped_column(JsonDoc)
    """Field name → token sealed by the storage key."""
    id_blind: Mapped[str | None] = mapped_column(String(120), index=True)
    tail_blind: Mapped[str | None] = mapped_column(String(120), index=True)
    """Blind index of name key and the last four signs of the identity number."""
    listed_on: Mapped[date]
    public_start: Mapped[date]
    public_min_end: Mapped[date | None]
    public_max_end: Mapped[date]
    public_until: Mapped[date]
    """The first day no longer public: the earlier of actual and maximum end."""
    actual_end: Mapped[date | None]
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    suspended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    shielded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    shield_code: Mapped[str | None] = mapped_column(String(30))
    reason_code: Mapped[str | None] = mapped_column(String(30))
    reason: Mapped[str | None] = mapped_column(Text)
    migrated: Mapped[bool]
    origin: Mapped[str | None] = mapped_column(String(200), unique=True)
    """Where an imported row came from: its source id or content digest."""

    __table_args__ = (
        Index("ix_register_listing_browse", "listed_on", "id"),
        Index("ix_register_listing_region", "region", "listed_on"),
        Index("ix_register_listing_list", "list_code", "listed_on", "id"),
        Index(
            "ix_register_listing_unended",
            "case_id",  # else SQLite takes the index of cases, and reads all that have none
            "public_until",
            postgresql_where=UNENDED["postgresql"],
            sqlite_where=UNENDED["sqlite"],
        ),
    )


class ListingVersion(Base):
    """What one change made of a listing: append only, the public form without identity numbers."""

    __tablename__ = "register_version"

    listing_id: Mapped[str] = mapped_column(ForeignKey("register_listing.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason_code: Mapped[str | None] = mapped_column(String(30))
    reason: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(JsonDoc)


_QUOTED = str.maketrans({"\\": r"\\", '"': r"\""})


def array_text(texts: Sequence[str]) -> str:
    """How PostgreSQL writes an array of texts."""
    told = '","'.join(texts)
    if "\\" in told or told.count('"') != 2 * max(len(texts) - 1, 0):
        told = '","'.join([each.translate(_QUOTED) for each in texts])
    return f'{{"{told}"}}' if texts else "{}"


class Grams(TypeDecorator[list[str]]):
    """The grams of a name: an array on PostgreSQL; on SQLite words parted by spaces, for FTS5."""

    impl = ARRAY(Text)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(Text))

    def bind_processor(self, dialect: Dialect) -> Callable[[list[str] | None], str | None]:
        """An array in PostgreSQL's own writing: the driver takes twenty times as long for it."""
        written = " ".join if dialect.name == "sqlite" else array_text
        return lambda value: None if value is None else written(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> list[str] | None:
        found: list[str] | None = value.split(" ") if dialect.name == "sqlite" and value else value
        return found


class ListingName(Base):
    """A name under which an organisation's listing is found: its current, a former (曾用名) or a short one.

    Everything but `name` is derived from it (`domain.names`); the inverted index over `grams` is part of this
    table: a GIN index on PostgreSQL, an FTS5 table kept by triggers on SQLite (`index/tables.py`).
    """

    __tablename__ = "register_name"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    listing_id: Mapped[str] = mapped_column(ForeignKey("register_listing.id"))
    ordinal: Mapped[int]
    """0 for the current name, above it former names, below it short names (简称)."""
    name: Mapped[str] = mapped_column(String(200))
    full_key: Mapped[str] = mapped_column(KEY, index=True)
    core_key: Mapped[str] = mapped_column(KEY, index=True)
    region: Mapped[str] = mapped_column(String(400))
    place: Mapped[str] = mapped_column(String(400))
    brand_size: Mapped[int]
    form: Mapped[str] = mapped_column(String(400))
    gram_version: Mapped[int]
    grams: Mapped[list[str]] = mapped_column(Grams)

    __table_args__ = (UniqueConstraint("listing_id", "ordinal"),)


class GramCount(Base):
    """How many names share a common gram: only ever used to look at rare grams first, so it may be stale."""

    __tablename__ = "register_gram_count"

    gram: Mapped[str] = mapped_column(KEY, primary_key=True)
    """The empty gram holds the last name's id at the time of counting."""
    names: Mapped[int] = mapped_column(BigInteger)


class Change(Base):
    """One step of the public change feed; `position` is given after commit by the sequencer alone."""

    __tablename__ = "register_change"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    """In order of writing; says nothing of the order of commits."""
    position: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    listing_id: Mapped[str] = mapped_column(ForeignKey("register_listing.id"), index=True)
    version: Mapped[int]
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Unlogged(Base):
    """A version the transparency log has not taken yet; only its sequencer removes the row."""

    __tablename__ = "register_unlogged"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    """In order of writing; per listing also in order of commits, by the row's lock."""
    listing_id: Mapped[str] = mapped_column(String(36))
    version: Mapped[int]


class DeliveryStatus(Base):
    """What credit-push last said about one listing at one platform (own copy, from events)."""

    __tablename__ = "register_delivery"

    listing_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    platform: Mapped[str] = mapped_column(String(60), primary_key=True)
    platform_name: Mapped[str] = mapped_column(String(200))
    operation: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(20))
    version: Mapped[int]
    sequence: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    due: Mapped[date | None]
    late: Mapped[bool]
    receipt_number: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(Text)


LISTINGS, VERSIONS, NAMES, CHANGES, UNLOGGED = (
    cast("Table", each.__table__) for each in (Listing, ListingVersion, ListingName, Change, Unlogged)
)
"""The same tables for plain inserts: rows that are only ever added need no object each."""
