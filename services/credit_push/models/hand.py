"""Work by hand: who did what with a sheet or letter, and the numbers of withdrawal letters."""

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.credit_push.models.base import Base
from shared.db import UtcDateTime

DOWNLOADED, RECORDED, SCREENSHOT_SEEN = "downloaded", "recorded", "screenshot-seen"
FED_BACK, REPLIED, REMINDED = "feedback", "replied", "reminded"


class BatchAct(Base):
    """One thing a person (or a clock) did with a batch; appended and never changed."""

    __tablename__ = "push_batch_acts"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("push_batches.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    act: Mapped[str] = mapped_column(String(20))
    who: Mapped[str | None] = mapped_column(String(100))
    """Null where nobody did it: a reminder."""
    detail: Mapped[str | None] = mapped_column(String(500))


class LetterNumber(Base):
    """文号 of a withdrawal letter: 1, 2, 3 … a department and year, given once and never twice."""

    __tablename__ = "push_letter_numbers"

    batch_id: Mapped[str] = mapped_column(ForeignKey("push_batches.id"), primary_key=True)
    series: Mapped[str] = mapped_column(String(220))
    """What stands before the year: the department's 代字 and the kind of letter."""
    year: Mapped[int] = mapped_column(Integer)
    running: Mapped[int] = mapped_column(Integer)
    number: Mapped[str] = mapped_column(String(300), unique=True)
    organ: Mapped[str | None] = mapped_column(String(200))
    """The department's name as the letter was numbered."""

    __table_args__ = (UniqueConstraint("series", "year", "running"),)
