"""A department's wish to take over a listing that came from history (接管), until a second person answers."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.store import Base
from shared.db import UtcDateTime

OPEN = text("state = 'proposed'")


class Adoption(Base):
    """One proposal; `decided_by` confirmed or refused it, never who proposed it."""

    __tablename__ = "case_adoptions"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    listing_id: Mapped[str] = mapped_column(String(36))
    department_id: Mapped[str] = mapped_column(String(36))
    region: Mapped[str] = mapped_column(String(6))
    state: Mapped[str] = mapped_column(String(12))
    """proposed, confirmed or refused."""
    reason: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[str] = mapped_column(String(36))
    proposer_name: Mapped[str] = mapped_column(String(100))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(36))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[str | None] = mapped_column(Text)
    """Why it was refused."""
    case_id: Mapped[str | None] = mapped_column(String(36))

    __table_args__ = (
        CheckConstraint("decided_by <> proposed_by", name="second_person"),
        CheckConstraint("state = 'proposed' OR decided_by IS NOT NULL", name="answered_by_someone"),
        Index("ix_case_adoptions_department", "department_id", "id"),
        Index("uq_case_adoptions_open", "listing_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
    )
