"""Letters with their numbers, copies and services. The PDF stands sealed under DATA_DIR; its hash is here.

A letter names no identity number in any column; a row is never changed except to say what superseded it.
"""

from datetime import date, datetime

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.store import Base
from shared.db import UtcDateTime


class Letter(Base):
    """文书: one version of one letter about one step of a case."""

    __tablename__ = "letters"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    code: Mapped[str] = mapped_column(String(24), unique=True)
    """What the QR code leads to; random, so that nobody can walk through letters."""
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    step_id: Mapped[str] = mapped_column(ForeignKey("case_steps.id"))
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
