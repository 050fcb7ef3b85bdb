"""Tables of supervision: the decision ledger with its previews, explanations and zero returns; inspections.

Nothing here names a party: a ledger row is a document's number, date and organ. Whoever rectifies a finding
is never the one who accepts the rectification, and the database says so too.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.store import Base
from shared.db import JsonDoc, UtcDateTime


class LedgerDecision(Base):
    """决定台账: one decision a department made, whether or not it was ever published."""

    __tablename__ = "ledger_decisions"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    department_id: Mapped[str] = mapped_column(String(36))
    number: Mapped[str] = mapped_column(String(128))
    """As the department writes it."""
    number_key: Mapped[str] = mapped_column(String(128))
    """In the one spelling numbers are compared by."""
    decided_on: Mapped[date]
    organ: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    due_on: Mapped[date]
    provisional: Mapped[bool]
    upload_id: Mapped[str | None] = mapped_column(String(36))
    created_by: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("uq_ledger_decisions_number", "department_id", "number_key", unique=True),
        Index("ix_ledger_decisions_date", "department_id", "decided_on", "id"),
    )


class LedgerUpload(Base):
    """台账导入: a sheet as read, waiting for its clerk to confirm it; rows carry their errors by cell."""

    __tablename__ = "ledger_uploads"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    department_id: Mapped[str] = mapped_column(String(36), index=True)
    state: Mapped[str] = mapped_column(String(12))
    """preview or done."""
    file_name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    rows: Mapped[list[dict[str, Any]]] = mapped_column(JsonDoc)
    added: Mapped[int] = mapped_column(default=0)
    uploaded_by: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ZeroReturn(Base):
    """零报告: a department's signed word that it made no decision in a period."""

    __tablename__ = "ledger_zero_returns"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    department_id: Mapped[str] = mapped_column(String(36))
    period: Mapped[str] = mapped_column(String(7))
    period_start: Mapped[date]
    period_end: Mapped[date]
    note: Mapped[str | None] = mapped_column(Text)
    signed_by: Mapped[str] = mapped_column(String(36))
    signer_name: Mapped[str] = mapped_column(String(60))
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("uq_ledger_zero_returns_period", "department_id", "period", unique=True),)


class NumberExplanation(Base):
    """说明: why a number is not public; for a decision of the ledger or for a missing number."""

    __tablename__ = "ledger_explanations"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    department_id: Mapped[str] = mapped_column(String(36))
    number: Mapped[str] = mapped_column(String(128))
    number_key: Mapped[str] = mapped_column(String(128))
    reason_code: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    explained_by: Mapped[str] = mapped_column(String(36))
    explainer_name: Mapped[str] = mapped_column(String(60))
    explained_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("uq_ledger_explanations_number", "department_id", "number_key", unique=True),
        CheckConstraint("reason_code IN ('not-public', 'withdrawn-number', 'other')", name="reason_code"),
    )


class GapWarning(Base):
    """断号提示: numbers a department was told of once; closed when none of them is a gap any more."""

    __tablename__ = "ledger_gap_warnings"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    department_id: Mapped[str] = mapped_column(String(36))
    prefix: Mapped[str] = mapped_column(String(60))
    year: Mapped[int]
    first: Mapped[int]
    last: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_ledger_gap_warnings_department", "department_id", "closed_at"),)


class Inspection(Base):
    """监督检查: a sample drawn by a recorded seed from the cases and decisions of a period."""

    __tablename__ = "inspections"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    region: Mapped[str] = mapped_column(String(6), index=True)
    period: Mapped[str] = mapped_column(String(7))
    office_id: Mapped[str] = mapped_column(String(36))
    """The department that inspects."""
    office_name: Mapped[str] = mapped_column(String(200))
    department_ids: Mapped[list[str]] = mapped_column(JsonDoc)
    seed: Mapped[str] = mapped_column(String(64))
    method: Mapped[str] = mapped_column(String(100))
    population: Mapped[int]
    population_digest: Mapped[str] = mapped_column(String(64))
    drawn_by: Mapped[str] = mapped_column(String(36))
    drawer_name: Mapped[str] = mapped_column(String(60))
    drawn_at: Mapped[datetime] = mapped_column(UtcDateTime)
    circular_number: Mapped[str | None] = mapped_column(String(128))
    circular_opinion: Mapped[str | None] = mapped_column(Text)
    circular_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class InspectionItem(Base):
    """One drawn case or decision: drawn → sound, or drawn → rectifying → rectified → closed."""

    __tablename__ = "inspection_items"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    inspection_id: Mapped[str] = mapped_column(ForeignKey("inspections.id"))
    position: Mapped[int]
    department_id: Mapped[str] = mapped_column(String(36))
    case_id: Mapped[str | None] = mapped_column(String(36))
    decision_id: Mapped[str | None] = mapped_column(String(36))
    document_number: Mapped[str] = mapped_column(String(128))
    state: Mapped[str] = mapped_column(String(12), default="drawn")
    category: Mapped[str | None] = mapped_column(String(20))
    finding: Mapped[str | None] = mapped_column(Text)
    requirement: Mapped[str | None] = mapped_column(Text)
    order_number: Mapped[str | None] = mapped_column(String(128))
    """文号 of the 督办单."""
    due_on: Mapped[date | None]
    found_by: Mapped[str | None] = mapped_column(String(36))
    found_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rectification: Mapped[str | None] = mapped_column(Text)
    rectified_by: Mapped[str | None] = mapped_column(String(36))
    rectified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opinion: Mapped[str | None] = mapped_column(Text)
    closed_by: Mapped[str | None] = mapped_column(String(36))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("uq_inspection_items_position", "inspection_id", "position", unique=True),
        Index("ix_inspection_items_department", "department_id", "state"),
        CheckConstraint(
            "state IN ('drawn', 'sound', 'rectifying', 'rectified', 'closed')", name="known_state"
        ),
        CheckConstraint("closed_by <> rectified_by", name="closer_not_rectifier"),
        CheckConstraint("case_id IS NULL OR decision_id IS NULL", name="one_subject"),
    )


class AnnualReport(Base):
    """年度报告: one region's year, public once a second person approved what the first put forward."""

    __tablename__ = "annual_reports"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    sequence: Mapped[int] = mapped_column(default=0)
    region: Mapped[str] = mapped_column(String(6))
    year: Mapped[int]
    department_id: Mapped[str] = mapped_column(String(36))
    department_name: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(12))
    version: Mapped[int] = mapped_column(default=0)
    proposal: Mapped[dict[str, Any] | None] = mapped_column(JsonDoc)
    """The report as counted when it was put forward."""
    proposed_by: Mapped[str | None] = mapped_column(String(36))
    proposer_name: Mapped[str | None] = mapped_column(String(100))
    returned_reason: Mapped[str | None] = mapped_column(Text)
    content: Mapped[dict[str, Any] | None] = mapped_column(JsonDoc)
    """The report as published: never counted anew."""
    sha256: Mapped[str | None] = mapped_column(String(64))
    drafted_by: Mapped[str | None] = mapped_column(String(36))
    approved_by: Mapped[str | None] = mapped_column(String(36))
    approver_name: Mapped[str | None] = mapped_column(String(100))
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("uq_annual_reports_year", "region", "year", unique=True),
        CheckConstraint("approved_by <> drafted_by", name="approver_not_drafter"),
        CheckConstraint(
            "state <> 'published' OR (approved_by IS NOT NULL AND content IS NOT NULL)", name="approved"
        ),
    )
