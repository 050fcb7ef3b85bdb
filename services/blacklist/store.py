"""The lowest layer of the blacklist service: its one metadata, the tables it shares with no feature
(outbox, inbox, leases, idempotent answers), and what every feature is handed (`Deps`).
"""

from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.orm import DeclarativeBase

from shared.budgets import budget_table
from shared.calendar import WorkingCalendar
from shared.clock import Clock
from shared.crypto import KeyRing
from shared.db import Database, new_metadata
from shared.inbox import inbox_table
from shared.leases import leases_table
from shared.outbox import outbox_table
from shared.web.idempotency import idempotency_table

SOURCE = "blacklist"
"""CloudEvents `source` of everything this service publishes."""


class Base(DeclarativeBase):
    """Every table of this service hangs here; no other service's table ever does."""

    metadata = new_metadata()


metadata = Base.metadata
outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
leases = leases_table(metadata)
idempotency = idempotency_table(metadata)
budgets = budget_table(metadata)


@dataclass(frozen=True)
class LookupLimits:
    """How many persons may be looked up within an hour: from one address, and by everybody."""

    per_address: int = 120
    overall: int = 6000


@dataclass(frozen=True)
class Deps:
    """What a feature may use of the outside, handed to it by `app` and `worker`."""

    db: Database
    clock: Clock
    keyring: KeyRing
    calendar: WorkingCalendar
    data_dir: Path
    lookups: LookupLimits = field(default_factory=LookupLimits)
    tender_keep_days: int = 365
    """How long a tender project, its news and its sheets are kept after it was closed."""
    data_user_hours: int = 24
    """After so many hours a removal that a data user has not processed is overdue."""
    feed_keep_days: int = 400
    """How long a step of the change feed is kept."""
    cache_seconds: int = 0
    """How long others may keep a public answer without asking again; 0: a removal is seen at once."""
    embed_ancestors: str = "'self'"
    """Who may frame the column for department websites."""
