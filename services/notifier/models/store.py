"""What every table of this service hangs at, and what the HTTP side may use of the outside."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import DeclarativeBase

from shared.budgets import budget_table
from shared.calendar.copies import copies_table
from shared.clock import Clock
from shared.crypto import KeyRing
from shared.db import Database, new_metadata
from shared.inbox import inbox_table
from shared.leases import leases_table
from shared.outbox import outbox_table
from shared.web.idempotency import idempotency_table
from shared.web.revocations import revocation_table

SOURCE = "notifier"


class Base(DeclarativeBase):
    """Every table of this service hangs here; no other service's table ever does."""

    metadata = new_metadata()


metadata = Base.metadata
outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
leases = leases_table(metadata)
revocations = revocation_table(metadata)
calendar_years = copies_table(metadata, "calendar_years")
budgets = budget_table(metadata)
idempotency = idempotency_table(metadata)


@dataclass(frozen=True)
class Deps:
    """What the HTTP side may use of the outside, handed to it by `app`."""

    db: Database
    clock: Clock
    keyring: KeyRing
    allowed_hosts: frozenset[str] = frozenset()  # hosts a webhook may have although they are not public
    mail_origin: str = ""  # where our pages are, for links in mails; empty where no mail can be sent
    robot_hosts: Mapping[str, frozenset[str]] = field(default_factory=dict)  # by channel
