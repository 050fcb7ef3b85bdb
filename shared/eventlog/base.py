"""The event log port. Two adapters, kafka and sql; tests/contract/eventlog holds both to the same promises.

Promises: `append` returns only when the records are durable; records of one key are read in the order
they were appended; delivery is at least once; each group has its own cursor and may replay from the start.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from shared.contracts.envelope import Record

__all__ = ["Access", "EventLog", "LogError", "Reader", "Record", "RefusedRecords"]


class LogError(Exception):
    """The log did not take or give records now; try again later."""


class RefusedRecords(LogError):
    """Some records can never be taken (too large, not serialisable). `reasons` maps their index to why.

    `withheld` are the indexes of records not sent because an earlier one of their key was refused;
    all others of the batch are durable.
    """

    def __init__(self, reasons: dict[int, str], withheld: frozenset[int] = frozenset()) -> None:
        super().__init__(f"{len(reasons)} records refused: {sorted(set(reasons.values()))}")
        self.reasons = reasons
        self.withheld = withheld


@dataclass(frozen=True)
class Access:
    """Who we are to a cluster that lets in only whom it knows; the SQL log needs none of it."""

    username: str = ""
    password: str = field(default="", repr=False)
    mechanism: str = "SCRAM-SHA-512"
    tls: bool = True
    ca_file: str = ""
    """Certificates we trust; the system's own where empty."""


class Reader(Protocol):
    """One group's place in some topics."""

    def poll(self, limit: int = 500, timeout: float = 0.0) -> list[Record]:
        """The next records, at most `limit`; empty if none came within `timeout` seconds."""
        ...

    def wait(self, timeout: float) -> bool:
        """Returns early, with True, once there may be records to poll."""
        ...

    def commit(self) -> None:
        """Moves the group's cursor past everything polled so far. Call it after the effect is committed."""
        ...

    def rewind(self) -> None:
        """Back to the oldest record, also for the group's next start."""
        ...

    def lag(self) -> int:
        """How many records the group has not committed yet."""
        ...

    def close(self) -> None: ...


class EventLog(Protocol):
    """Append-only topics."""

    def append(self, records: Sequence[Record]) -> None:
        """Durable on return. Raises RefusedRecords for poison, LogError for what may pass."""
        ...

    def reader(self, topics: Sequence[str], group: str) -> Reader: ...

    def read_back(self, topic: str) -> Iterator[Record]:
        """Everything the topic holds now, from the oldest on, in order per key; belongs to no group."""
        ...

    def close(self) -> None: ...
