"""Versions this process has just planned, kept for the sender a moment later: it need not read them again.

A version never changes once told, so what is found here is what the database has.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from services.credit_push.domain import Record

MOST = 4000
PATIENCE = 60.0
"""Seconds for which a version waits for its sender."""
Version = tuple[Record, tuple[dict[str, Any], ...]]
"""A version and the identity numbers sealed to us that belong to it."""


@dataclass(slots=True)
class _Kept:
    version: Version
    since: float
    used: bool = False


class RecentVersions:
    """So many versions, by listing and sequence; any thread.

    Where the sender is behind, it wants the oldest next: what is new is let go, not what is still wanted.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most, self._lock = most, threading.Lock()
        self._kept: OrderedDict[tuple[str, int], _Kept] = OrderedDict()

    def put(self, record: Record, payload: dict[str, Any]) -> None:
        """Keep one, if there is room: in place of the oldest, once that was used or nobody came for it."""
        now = time.monotonic()
        with self._lock:
            if len(self._kept) >= self._most:
                oldest = next(iter(self._kept.values()))
                if not oldest.used and now - oldest.since < PATIENCE:
                    return
                self._kept.popitem(last=False)
            self._kept[record.listing_id, record.sequence] = _Kept((record, identities_of(payload)), now)

    def get(self, listing_id: str, sequence: int) -> Version | None:
        """The version, if it is still here."""
        with self._lock:
            kept = self._kept.get((listing_id, sequence))
            if kept is None:
                return None
            kept.used = True
            return kept.version


def identities_of(payload: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """The sealed identity numbers of an event."""
    return tuple(payload["subject"].get("identity") or ())
