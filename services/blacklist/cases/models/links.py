"""Which case hangs on which: persons responsible, affiliates, successors (关联认定)."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.store import Base
from shared.db import UtcDateTime


class CaseLink(Base):
    """A child case under its parent (主案). The parent's end proposes the child's, and never does more."""

    __tablename__ = "case_links"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    parent_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    relation: Mapped[str] = mapped_column(String(32))
    """One of domain.linking.RELATIONS."""
    note: Mapped[str | None] = mapped_column(Text)
    created_by: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    proposed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the parent's end was last put before the child's department."""

    __table_args__ = (
        CheckConstraint("case_id <> parent_id", name="not_its_own_parent"),
        Index("uq_case_links_pair", "case_id", "parent_id", unique=True),
    )
