"""What departments have stated they want to hear of beyond the routing data."""

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from services.notifier.models.store import Base
from shared.db import JsonDoc, UtcDateTime


class AddedRoute(Base):
    """加收: roles of a department that hear too, of its own matters or of what others made public."""

    __tablename__ = "added_routes"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    department_id: Mapped[str] = mapped_column(String(36), index=True)
    name: Mapped[str] = mapped_column(String(100))
    source: Mapped[str] = mapped_column(String(10))
    event_types: Mapped[list[str]] = mapped_column(JsonDoc)
    scope: Mapped[dict[str, Any]] = mapped_column(JsonDoc)
    roles: Mapped[list[str]] = mapped_column(JsonDoc)
    version: Mapped[int] = mapped_column(Integer)
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
