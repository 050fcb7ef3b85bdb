"""What every table of the push service hangs on, and the tables all services have alike."""

from sqlalchemy.orm import DeclarativeBase

from shared.db import new_metadata
from shared.inbox import inbox_table
from shared.leases import leases_table
from shared.outbox import outbox_table
from shared.web.revocations import revocation_table

SOURCE = "credit-push"
"""CloudEvents `source` of everything this service publishes."""


class Base(DeclarativeBase):
    """Every table of this service hangs here."""

    metadata = new_metadata()


metadata = Base.metadata
outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
leases = leases_table(metadata)
revocations = revocation_table(metadata)
