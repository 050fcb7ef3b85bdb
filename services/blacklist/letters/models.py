"""Letters with their numbers, copies and services. The PDF stands sealed under DATA_DIR; its hash is here.

A letter names no identity number in any column. The database itself refuses to change or delete rows, except
to say once that a letter was superseded.
"""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import (
    DDL,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    event,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.audit.models import guard_append_only
from services.blacklist.store import Base
from shared.db import UtcDateTime


class Letter(Base):
    """文书: one version of one letter about one step of a case."""

    __tablename__ = "letters"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    code: Mapped[str] = mapped_column(String(24), unique=True)
    """What the QR code leads to; random, so that nobody can walk through letters."""
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"))
    step_id: Mapped[str | None] = mapped_column(ForeignKey("case_steps.id"))
    request_id: Mapped[str | None] = mapped_column(String(36), unique=True)
    """Instead of a case: the 依申请公开 request the letter answers."""
    department_id: Mapped[str] = mapped_column(String(36))
    organ: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(24))
    title: Mapped[str] = mapped_column(String(100))
    number: Mapped[str] = mapped_column(String(128))
    version: Mapped[int] = mapped_column(Integer)
    template_version: Mapped[str] = mapped_column(String(40))
    rule_version: Mapped[str] = mapped_column(String(40))
    dated: Mapped[date] = mapped_column(Date)
    address: Mapped[str] = mapped_column(String(300))
    shows_identity: Mapped[bool] = mapped_column(Boolean)
    identity_reason: Mapped[str | None] = mapped_column(Text)
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    created_by: Mapped[str] = mapped_column(String(36))
    creator_name: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint(
            "(case_id IS NULL) = (step_id IS NULL) AND (case_id IS NULL) <> (request_id IS NULL)",
            name="of_case_or_request",
        ),
        CheckConstraint("NOT shows_identity OR identity_reason IS NOT NULL", name="identity_with_reason"),
        Index("uq_letters_number", "department_id", "number", "version", unique=True),
        Index("uq_letters_step", "step_id", "kind", "version", unique=True),
        Index("ix_letters_case", "case_id", "id"),
    )


class LetterSeries(Base):
    """文号格式 a department has set for a kind of letter."""

    __tablename__ = "letter_series"

    department_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(24), primary_key=True)
    pattern: Mapped[str] = mapped_column(String(100))
    set_by: Mapped[str] = mapped_column(String(36))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LetterCounter(Base):
    """The last number given in a series; taken and written in the transaction of its letter, so no gaps."""

    __tablename__ = "letter_counters"

    department_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    series: Mapped[str] = mapped_column(String(128), primary_key=True)
    last: Mapped[int] = mapped_column(Integer)

    __table_args__ = (CheckConstraint("last >= 0", name="last"),)


class LetterCopy(Base):
    """盖章件: the scan of the stamped paper, or an electronic seal kept as a detached signature."""

    __tablename__ = "letter_copies"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    letter_id: Mapped[str] = mapped_column(ForeignKey("letters.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    media_type: Mapped[str] = mapped_column(String(100))
    file_name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the scan; for an electronic seal of the letter that was signed."""
    algorithm: Mapped[str | None] = mapped_column(String(32))
    key_id: Mapped[str | None] = mapped_column(String(64))
    public_key: Mapped[str | None] = mapped_column(Text)
    signature: Mapped[str | None] = mapped_column(Text)
    added_by: Mapped[str] = mapped_column(String(36))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("kind IN ('scan', 'e-seal')", name="known_kind"),
        CheckConstraint("kind <> 'e-seal' OR signature IS NOT NULL", name="seal_is_signed"),
    )


class LetterService(Base):
    """送达记录: one attempt to serve a letter, with its proof."""

    __tablename__ = "letter_services"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    letter_id: Mapped[str] = mapped_column(ForeignKey("letters.id"), index=True)
    method: Mapped[str] = mapped_column(String(16))
    outcome: Mapped[str] = mapped_column(String(8))
    served_on: Mapped[date] = mapped_column(Date)
    effective_on: Mapped[date | None] = mapped_column(Date)
    """None where the attempt failed."""
    recipient: Mapped[str | None] = mapped_column(String(100))
    tracking_number: Mapped[str | None] = mapped_column(String(100))
    place: Mapped[str | None] = mapped_column(String(200))
    note: Mapped[str | None] = mapped_column(Text)
    proof_name: Mapped[str | None] = mapped_column(String(200))
    proof_type: Mapped[str | None] = mapped_column(String(100))
    proof_sha256: Mapped[str | None] = mapped_column(String(64))
    recorded_by: Mapped[str] = mapped_column(String(36))
    recorder_name: Mapped[str] = mapped_column(String(100))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("outcome IN ('served', 'failed')", name="known_outcome"),
        CheckConstraint("outcome <> 'served' OR effective_on IS NOT NULL", name="served_counts_from_a_day"),
        CheckConstraint("effective_on IS NULL OR effective_on >= served_on", name="effective_after_served"),
    )


class LetterSending(Base):
    """电子送达: a letter announced to its party; neither address nor code is kept here in the clear."""

    __tablename__ = "letter_sendings"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    letter_id: Mapped[str] = mapped_column(ForeignKey("letters.id"), index=True)
    channel: Mapped[str] = mapped_column(String(8))
    contact: Mapped[str] = mapped_column(String(254))
    """Masked."""
    consent: Mapped[str] = mapped_column(Text)
    code_digest: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[str] = mapped_column(String(8))
    requested_by: Mapped[str] = mapped_column(String(36))
    requester_name: Mapped[str] = mapped_column(String(100))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the notifier had sent it, or given up."""
    provider_id: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(String(300))
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[str | None] = mapped_column(String(300))
    """Why the case did not take the signature as its service."""


MARK = "superseded_at"


def frozen_ddl(dialect: str, columns: Iterable[str]) -> list[str]:
    """Statements that let the database refuse to delete an issued letter, or to change anything of it but
    that it was superseded, once; `columns` are those that never change.
    """
    return _postgresql_ddl() if dialect == "postgresql" else _sqlite_ddl(columns)


def drop_frozen_ddl(dialect: str) -> list[str]:
    if dialect == "postgresql":
        return [
            "DROP TRIGGER IF EXISTS letters_frozen ON letters",
            "DROP TRIGGER IF EXISTS letters_no_truncate ON letters",
            "DROP FUNCTION IF EXISTS letters_frozen()",
        ]
    return ["DROP TRIGGER IF EXISTS letters_no_update", "DROP TRIGGER IF EXISTS letters_no_delete"]


def _sqlite_ddl(columns: Iterable[str]) -> list[str]:
    changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in columns)
    when = f"WHEN OLD.{MARK} IS NOT NULL OR {changed}"
    refuse = "BEGIN SELECT RAISE(ABORT, 'an issued letter is never changed'); END"
    return [
        f"CREATE TRIGGER letters_no_update BEFORE UPDATE ON letters {when} {refuse}",
        f"CREATE TRIGGER letters_no_delete BEFORE DELETE ON letters {refuse}",
    ]


def _postgresql_ddl() -> list[str]:
    same = f"to_jsonb(NEW) - '{MARK}' = to_jsonb(OLD) - '{MARK}'"
    body = (
        f"BEGIN IF TG_OP = 'UPDATE' THEN IF OLD.{MARK} IS NULL AND {same} THEN RETURN NEW; END IF; END IF; "
        "RAISE EXCEPTION 'an issued letter is never changed'; END"
    )
    run = "EXECUTE FUNCTION letters_frozen()"
    return [
        f"CREATE OR REPLACE FUNCTION letters_frozen() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
        f"CREATE TRIGGER letters_frozen BEFORE UPDATE OR DELETE ON letters FOR EACH ROW {run}",
        f"CREATE TRIGGER letters_no_truncate BEFORE TRUNCATE ON letters FOR EACH STATEMENT {run}",
    ]


def _guard_letters(table: Table) -> None:
    columns = [column.name for column in table.columns if column.name != MARK]
    for dialect in ("sqlite", "postgresql"):
        for statement in frozen_ddl(dialect, columns):
            ddl = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
            event.listen(table, "after_create", ddl)


_guard_letters(Base.metadata.tables["letters"])
for _name in ("letter_copies", "letter_services"):
    guard_append_only(Base.metadata.tables[_name])
