"""Versions this process has just planned, kept for the sender a moment later: it need not read them again.

A version never changes once told, so what is found here is what the database has.
"""

import threading
from collections import OrderedDict
from typing import Any

from services.credit_push.domain import Record

MOST = 4000
Version = tuple[Record, tuple[dict[str, Any], ...]]
"""A version and the identity numbers sealed to us that belong to it."""


class RecentVersions:
    """The last so many versions, by listing and sequence; any thread."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._lock = most, threading.Lock()
        self._kept: OrderedDict[tuple[str, int], Version] = OrderedDict()

    def put(self, record: Record, payload: dict[str, Any]) -> None:
        """Keep one, at the cost of the oldest."""
        with self._lock:
            self._kept[record.listing_id, record.sequence] = record, identities_of(payload)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def get(self, listing_id: str, sequence: int) -> Version | None:
        """The version, if it is still here."""
        with self._lock:
            return self._kept.get((listing_id, sequence))


def identities_of(payload: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """The sealed identity numbers of an event."""
    return tuple(payload["subject"].get("identity") or ())
