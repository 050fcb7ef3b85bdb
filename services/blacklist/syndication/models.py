"""Registered data users (数据使用方): who keeps a copy of the register, and how far each has followed it."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.store import Base
from shared.db import UtcDateTime


class DataUser(Base):
    """A platform or company with a key; what it has not processed is counted by the worker."""

    __tablename__ = "data_users"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    contact: Mapped[str] = mapped_column(Text)
    """Whom to call, sealed: it may name a person."""
    prefix: Mapped[str] = mapped_column(String(24), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    key_expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    position: Mapped[int] = mapped_column(BigInteger)
    """All of the change feed up to here it says to have processed; at registration, the feed's end."""
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    pending: Mapped[int] = mapped_column(default=0)
    """Removals it has not processed, as last counted."""
    oldest_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the oldest of them was recorded."""
    counted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """None: to be counted at once."""
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the operators were told that it is overdue, until it no longer is."""
    sequence: Mapped[int] = mapped_column(default=0)
    """Of its events on the log."""

    __table_args__ = (
        Index(
            "uq_data_users_name",
            "name",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )
