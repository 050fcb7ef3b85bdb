"""认领: listings that another system published, matched with what platforms already hold."""

from datetime import datetime

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.credit_push.models.base import Base
from shared.db import UtcDateTime


class Adoption(Base):
    """One migrated listing at one platform: matched by itself, or a person's work."""

    __tablename__ = "push_adoptions"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    platform: Mapped[str] = mapped_column(String(40))
    listing_id: Mapped[str] = mapped_column(String(36), index=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    """unmatched, ambiguous; proposed (to be pushed), chosen, both to be confirmed; adopted, pushed, left."""
    run_id: Mapped[str] = mapped_column(String(36))
    """The comparison that found it so."""
    candidates: Mapped[str | None] = mapped_column(Text)
    """What the platform holds that may be it, sealed; null where there is nothing."""
    offered: Mapped[int] = mapped_column(default=0)
    region: Mapped[str] = mapped_column(String(6))
    document_number: Mapped[str] = mapped_column(String(128))
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(String(500))
    proposed_by: Mapped[str | None] = mapped_column(String(100))
    decided_by: Mapped[str | None] = mapped_column(String(100))
    """Null where the match was exact: nobody decided, the system did."""
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivery_id: Mapped[str | None] = mapped_column(String(36))
    """The delivery that stands for what the platform holds, or that pushes it."""
    record: Mapped[str | None] = mapped_column(String(64))
    """Digest of the platform's record that it stands for, or is to: one record, one listing."""

    __table_args__ = (
        UniqueConstraint("platform", "listing_id"),
        Index("ux_push_adoptions_record", "platform", "record", unique=True),
    )
