"""The event log port. Two adapters, kafka and sql; tests/contract/eventlog holds both to the same promises.

Promises: `append` returns only when the records are durable; records of one key are read in the order
they were appended; delivery is at least once; each group has its own cursor and may replay from the start.
"""

from collections.abc import Sequence
from typing import Protocol

from shared.contracts.envelope import Record

__all__ = ["EventLog", "LogError", "Reader", "Record", "RefusedRecords"]


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

    def close(self) -> None: ...
