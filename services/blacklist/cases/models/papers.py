"""Which case holds which document in public: one live publication a document, organ, subject and list."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.store import Base


class PublishedPaper(Base):
    """A row lives as long as the case is published; the key keeps two transactions from both publishing."""

    __tablename__ = "case_papers"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    """domain.sameness.Entry.key"""
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), unique=True)
