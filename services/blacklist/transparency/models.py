"""Tables of the transparency log and of certificates.

`log_leaves` is never changed; `log_secrets` holds what would open a leaf, and loses it when a listing ends.
"""

from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, SmallInteger, String, Table, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.audit.models import guard_append_only
from services.blacklist.store import Base
from shared.db import JsonDoc, UtcDateTime

POSITION = BigInteger().with_variant(Integer, "sqlite")
APPEND_ONLY = ("log_leaves", "log_checkpoints", "log_beats")


class LogLeaf(Base):
    """One leaf: the entry is the kind's byte and the commitment. Which version it is about stays inside."""

    __tablename__ = "log_leaves"

    position: Mapped[int] = mapped_column(POSITION, primary_key=True, autoincrement=False)
    kind: Mapped[int] = mapped_column(SmallInteger)
    commitment: Mapped[bytes] = mapped_column(LargeBinary)
    listing_id: Mapped[str] = mapped_column(String(36))
    version: Mapped[int]

    __table_args__ = (Index("uq_log_leaves_version", "listing_id", "version", unique=True),)


class LogSecret(Base):
    """What opens a leaf; gone once its listing has ended."""

    __tablename__ = "log_secrets"

    position: Mapped[int] = mapped_column(POSITION, primary_key=True, autoincrement=False)
    secret: Mapped[bytes] = mapped_column(LargeBinary)


class LogTile(Base):
    """256 hashes of one level, fewer in the last tile of a level."""

    __tablename__ = "log_tiles"

    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(POSITION, primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)


class LogCheckpoint(Base):
    """The log's word on one size, with its own signatures."""

    __tablename__ = "log_checkpoints"

    size: Mapped[int] = mapped_column(POSITION, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text)


class LogBeat(Base):
    """That the log stood at this size on this business day: what comes later cannot claim to be older."""

    __tablename__ = "log_beats"

    day: Mapped[date] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(POSITION)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class LogWitness(Base):
    """Another body whose cosignatures are taken (见证方)."""

    __tablename__ = "log_witnesses"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    key: Mapped[str] = mapped_column(String(400))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LogCosignature(Base):
    """A witness's signature line under the checkpoint of one size."""

    __tablename__ = "log_cosignatures"

    size: Mapped[int] = mapped_column(POSITION, primary_key=True, autoincrement=False)
    witness: Mapped[str] = mapped_column(String(200), primary_key=True)
    line: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Certificate(Base):
    """查询证明: the signed document (sealed, its proofs closed) and what decides whether it is still true."""

    __tablename__ = "certificates"

    code: Mapped[str] = mapped_column(String(24), primary_key=True)
    subject_type: Mapped[str] = mapped_column(String(12))
    result: Mapped[str] = mapped_column(String(12))
    sealed: Mapped[str] = mapped_column(Text)
    asked_sealed: Mapped[str] = mapped_column(Text)
    """What was asked, for asking again."""
    found: Mapped[list[Any]] = mapped_column(JsonDoc)
    """[[listing id, version], …] at the time."""
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed: Mapped[bool] = mapped_column(default=False, server_default=false())
    """False where an earlier release kept the proofs opened, until the worker has closed them."""


LEAVES, SECRETS, TILES, CHECKPOINTS = (
    cast("Table", each.__table__) for each in (LogLeaf, LogSecret, LogTile, LogCheckpoint)
)

for _name in APPEND_ONLY:
    guard_append_only(Base.metadata.tables[_name])
