"""A case (案件), its timeline, its attachments and its overlays.

Identity numbers stand in `*_sealed` columns only, with a blind index and a mask beside the subject's.
Dates are Shanghai dates; instants are UTC.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.cases.domain.standing import Overlay
from services.blacklist.store import Base
from shared.db import JsonDoc, UtcDateTime

ID_AAD = "cases.id_number"
REPRESENTATIVE_AAD = "cases.legal_representative_id_number"


class Case(Base):
    """One 认定: a subject, a list, a document, and how far the procedure has come."""

    __tablename__ = "cases"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    listing_id: Mapped[str | None] = mapped_column(String(36), unique=True)
    state: Mapped[str] = mapped_column(String(16))
    version: Mapped[int] = mapped_column(Integer)
    sequence: Mapped[int] = mapped_column(Integer)
    """Last sequence used on blacklist.cases.v1."""

    list_code: Mapped[str] = mapped_column(String(64))
    list_name: Mapped[str] = mapped_column(String(100))
    list_class: Mapped[str] = mapped_column(String(24))
    procedure: Mapped[str] = mapped_column(String(24))
    rule_version: Mapped[str] = mapped_column(String(40))
    domain: Mapped[str] = mapped_column(String(40))
    region: Mapped[str] = mapped_column(String(6))
    department_id: Mapped[str] = mapped_column(String(36))
    department_name: Mapped[str] = mapped_column(String(200))
    department_uscc: Mapped[str] = mapped_column(String(18))

    subject_type: Mapped[str] = mapped_column(String(16))
    subject_name: Mapped[str] = mapped_column(String(200))
    uscc: Mapped[str | None] = mapped_column(String(18))
    codes: Mapped[dict[str, Any]] = mapped_column(JsonDoc, default=dict)
    former_names: Mapped[list[str]] = mapped_column(JsonDoc, default=list)
    short_names: Mapped[list[str]] = mapped_column(JsonDoc, default=list, server_default="[]")
    legal_representative: Mapped[str | None] = mapped_column(String(100))
    legal_representative_id_type: Mapped[str | None] = mapped_column(String(32))
    legal_representative_id_sealed: Mapped[str | None] = mapped_column(Text)
    legal_representative_id_masked: Mapped[str | None] = mapped_column(String(64))
    id_type: Mapped[str | None] = mapped_column(String(32))
    id_sealed: Mapped[str | None] = mapped_column(Text)
    id_blind: Mapped[str | None] = mapped_column(String(120))
    id_masked: Mapped[str | None] = mapped_column(String(64))
    birth_on: Mapped[date | None] = mapped_column(Date)
    """As declared, where the certificate does not tell it."""
    minor_until: Mapped[date | None] = mapped_column(Date)

    misconduct: Mapped[dict[str, Any]] = mapped_column(JsonDoc)
    document: Mapped[dict[str, Any]] = mapped_column(JsonDoc)
    document_number: Mapped[str | None] = mapped_column(String(128))
    document_date: Mapped[date | None] = mapped_column(Date)
    disclosure: Mapped[str] = mapped_column(String(16))
    disclosure_reason: Mapped[str | None] = mapped_column(Text)
    disclosure_exceptions: Mapped[list[str]] = mapped_column(JsonDoc, default=list, server_default="[]")
    """Codes of rules.grounds (公开例外)."""
    disclosure_covered: Mapped[list[str]] = mapped_column(JsonDoc, default=list, server_default="[]")
    """Passages of the free text that an exception keeps from the public page (区分处理)."""
    content_hash: Mapped[str] = mapped_column(String(64))
    reviewed_hash: Mapped[str | None] = mapped_column(String(64))
    redacted_hash: Mapped[str | None] = mapped_column(String(64))
    """The content whose covered public form a second person approved (公示遮盖)."""

    filer_id: Mapped[str] = mapped_column(String(36))
    filer_name: Mapped[str] = mapped_column(String(100))
    last_editor_id: Mapped[str] = mapped_column(String(36))
    reviewer_id: Mapped[str | None] = mapped_column(String(36))
    decider_id: Mapped[str | None] = mapped_column(String(36))
    publisher_id: Mapped[str | None] = mapped_column(String(36))
    redactor_id: Mapped[str | None] = mapped_column(String(36))

    notice_number: Mapped[str | None] = mapped_column(String(128))
    noticed_on: Mapped[date | None] = mapped_column(Date)
    window_ends_on: Mapped[date | None] = mapped_column(Date)
    hearing_ends_on: Mapped[date | None] = mapped_column(Date)
    """Last day to ask for a hearing."""
    window_provisional: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """The windows reach into a year whose holidays were not published when they were counted."""
    window_calendar: Mapped[str | None] = mapped_column(String(40))
    notice_service: Mapped[dict[str, Any] | None] = mapped_column(JsonDoc)
    """How the notice (告知书) was served; the windows run from there."""
    notice_failed_on: Mapped[date | None] = mapped_column(Date)
    """The day of the last attempt to serve it that failed; none since it was served."""
    statement: Mapped[dict[str, Any] | None] = mapped_column(JsonDoc)
    hearing: Mapped[dict[str, Any] | None] = mapped_column(JsonDoc)
    legal_review: Mapped[dict[str, Any] | None] = mapped_column(JsonDoc)
    """法制审核 of the content named in it: by whom, when, how it ended."""
    severity: Mapped[str | None] = mapped_column(String(16))
    measures: Mapped[list[dict[str, Any]]] = mapped_column(JsonDoc, default=list)
    publicity_months: Mapped[int | None] = mapped_column(Integer)
    decided_on: Mapped[date | None] = mapped_column(Date)
    decision: Mapped[dict[str, Any] | None] = mapped_column(JsonDoc)
    """The five parts of the decision (domain.table.PARTS) and its own number."""
    service: Mapped[dict[str, Any] | None] = mapped_column(JsonDoc)
    service_effective_on: Mapped[date | None] = mapped_column(Date)
    decision_failed_on: Mapped[date | None] = mapped_column(Date)
    """The decision came back after publication on this day, and was not served again yet."""
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    publicity_start: Mapped[date | None] = mapped_column(Date)
    publicity_min_end: Mapped[date | None] = mapped_column(Date)
    publicity_max_end: Mapped[date | None] = mapped_column(Date)
    obligations: Mapped[dict[str, Any] | None] = mapped_column(JsonDoc)
    """What the clerk last noted about the party's obligations (义务履行情况)."""
    obligations_open: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    expiry_asked_for: Mapped[date | None] = mapped_column(Date)
    """The end of publicity about which the department was last asked."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    restored_on: Mapped[date | None] = mapped_column(Date)
    """Back on the list after a repair got by false material."""
    reason_code: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(Text)

    import_id: Mapped[str | None] = mapped_column(String(36))
    import_row: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("reviewer_id <> filer_id", name="reviewer_not_filer"),
        CheckConstraint("reviewer_id <> last_editor_id", name="reviewer_not_editor"),
        CheckConstraint("decider_id <> filer_id", name="decider_not_filer"),
        CheckConstraint("decider_id <> last_editor_id", name="decider_not_editor"),
        CheckConstraint("publisher_id <> filer_id", name="publisher_not_filer"),
        CheckConstraint("publisher_id <> last_editor_id", name="publisher_not_editor"),
        CheckConstraint("redactor_id <> filer_id", name="redactor_not_filer"),
        CheckConstraint("redactor_id <> last_editor_id", name="redactor_not_editor"),
        CheckConstraint("publisher_id <> redactor_id", name="publisher_not_redactor"),
        CheckConstraint(
            "state <> 'published' OR (reviewer_id IS NOT NULL AND publisher_id IS NOT NULL "
            "AND reviewed_hash IS NOT NULL AND reviewed_hash = content_hash)",
            name="published_as_reviewed",
        ),
        CheckConstraint(
            "procedure <> 'full' OR state NOT IN ('decided', 'served', 'published') "
            "OR decider_id IS NOT NULL",
            name="decided_by_someone",
        ),
        CheckConstraint(
            "state IN ('draft', 'under_review', 'noticed', 'hearing', 'decided', 'served', 'published', "
            "'removed', 'revoked', 'not_listed', 'withdrawn', 'archived')",
            name="known_state",
        ),
        Index("ix_cases_department_state", "department_id", "state", "id"),
        Index("ix_cases_region", "region", "id"),
        Index("ix_cases_state", "state", "publicity_max_end"),
        Index("ix_cases_uscc", "uscc"),
        Index("ix_cases_id_blind", "id_blind"),
        Index("ix_cases_document_number", "document_number"),
        Index("uq_cases_import", "import_id", "import_row", unique=True),
    )


class CaseStep(Base):
    """One transition or edit on the case's timeline; never changed."""

    __tablename__ = "case_steps"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    version: Mapped[int] = mapped_column(Integer)
    action: Mapped[str] = mapped_column(String(32))
    from_state: Mapped[str | None] = mapped_column(String(16))
    to_state: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str | None] = mapped_column(String(36))
    actor_name: Mapped[str | None] = mapped_column(String(100))
    actor_role: Mapped[str | None] = mapped_column(String(32))
    reason: Mapped[str | None] = mapped_column(Text)
    rule: Mapped[str | None] = mapped_column(String(200))
    rule_version: Mapped[str | None] = mapped_column(String(40))
    detail: Mapped[dict[str, Any]] = mapped_column(JsonDoc, default=dict)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class CaseAttachment(Base):
    """A sealed file with its hash; the bytes stand under DATA_DIR/attachments."""

    __tablename__ = "case_attachments"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    file_name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    uploaded_by: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CaseOverlay(Base):
    """异议、修复、屏蔽、中止: beside the state. `second_by` confirmed or settled it, never who opened it."""

    __tablename__ = "case_overlays"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    """open, accepted, confirmed, active; closed ones: upheld rejected granted refused lifted lapsed extended
    ending kept followed published dropped."""
    opened_by: Mapped[str] = mapped_column(String(36))
    second_by: Mapped[str | None] = mapped_column(String(36))
    reason: Mapped[str | None] = mapped_column(Text)
    channel: Mapped[str | None] = mapped_column(String(20))
    ticket: Mapped[str | None] = mapped_column(String(100))
    received_on: Mapped[date | None] = mapped_column(Date)
    detail: Mapped[dict[str, Any]] = mapped_column(JsonDoc, default=dict)
    due_on: Mapped[date | None] = mapped_column(Date)
    """suspended: lapses after this day unless confirmed; shield: ends on it; others: the duty's first day."""
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome_reason: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint("second_by <> opened_by", name="second_person"),
        CheckConstraint(
            "kind <> 'suspended' OR state <> 'confirmed' OR second_by IS NOT NULL",
            name="suspension_confirmed_by_second",
        ),
        Index("ix_case_overlays_case", "case_id", "closed_at"),
        Index("ix_case_overlays_due", "kind", "state", "due_on"),
    )

    def as_guarded(self) -> Overlay:
        awaiting = bool((self.detail or {}).get("awaiting"))
        return Overlay(self.kind, self.state, self.opened_by, self.second_by, awaiting)
