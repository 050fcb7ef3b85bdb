"""Mail addresses that bounced for good (退信). Known by digest: a corrected address is another one."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from services.notifier.models.store import Base
from shared.db import UtcDateTime


class FailingAddress(Base):
    """Nothing is mailed there for a week. `dispatch_id`: whose bounce said so; `status`: its code (5.1.1)."""

    __tablename__ = "failing_addresses"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    dispatch_id: Mapped[str] = mapped_column(String(36))
    status: Mapped[str] = mapped_column(String(20))
    since: Mapped[datetime] = mapped_column(UtcDateTime)

    @staticmethod
    def digest_of(address: str) -> str:
        """What stands for an address here."""
        return sha256(address.strip().lower().encode()).hexdigest()
