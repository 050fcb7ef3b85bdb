"""What really happened at the stand-in platforms, seen from below: every change of a record, in order.

A trigger in the stand-ins' database writes it down, so that neither they nor we are asked.
"""

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

WATCH = """
CREATE TABLE IF NOT EXISTS effects (
  id INTEGER PRIMARY KEY AUTOINCREMENT, platform TEXT, record_key TEXT, status TEXT, receipt_number TEXT);
CREATE TRIGGER IF NOT EXISTS effect_of_insert AFTER INSERT ON records BEGIN
  INSERT INTO effects (platform, record_key, status, receipt_number)
  VALUES (new.platform, new.record_key, new.status, new.receipt_number); END;
CREATE TRIGGER IF NOT EXISTS effect_of_update AFTER UPDATE ON records BEGIN
  INSERT INTO effects (platform, record_key, status, receipt_number)
  VALUES (new.platform, new.record_key, new.status, new.receipt_number); END;
"""
EFFECTS = """
SELECT e.platform, r.idempotency_key FROM effects e
JOIN receipts r ON r.platform = e.platform AND r.receipt_number = e.receipt_number ORDER BY e.id
"""
SHOWN = "SELECT platform, document_number, version FROM records WHERE status = 'listed'"
RECEIPTS = "SELECT platform, idempotency_key, receipt_number FROM receipts WHERE result = 'accepted'"


@dataclass(frozen=True)
class Effect:
    """One change of one record at one platform."""

    platform: str
    listing_id: str
    version: int
    operation: str


class Watch:
    """The stand-ins' database, watched from now on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with closing(self._open()) as cx:
            cx.executescript(WATCH)

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=30)

    def effects(self) -> list[Effect]:
        """Everything that changed, in order."""
        with closing(self._open()) as cx:
            found = cx.execute(EFFECTS).fetchall()
        return [_effect(platform, key) for platform, key in found]

    def shown(self) -> dict[tuple[str, str], int | None]:
        """What each platform shows now: (platform, document number) and the version where it keeps one."""
        with closing(self._open()) as cx:
            return {(platform, number): version for platform, number, version in cx.execute(SHOWN)}

    def receipts(self) -> dict[str, str]:
        """Number of every accepting receipt ever made out, by idempotency key."""
        with closing(self._open()) as cx:
            return {key: number for _, key, number in cx.execute(RECEIPTS)}


def _effect(platform: str, key: str) -> Effect:
    _, listing_id, version, operation = key.split(":")[:4]
    return Effect(platform, listing_id, int(version), operation)


def doubled(effects: list[Effect]) -> list[Effect]:
    """Versions of a listing that had more than one effect at a platform."""
    counted = Counter((each.platform, each.listing_id, each.version) for each in effects)
    again = {key for key, count in counted.items() if count > 1}
    return [each for each in effects if (each.platform, each.listing_id, each.version) in again]


def falling(effects: list[Effect]) -> list[Effect]:
    """Effects of a version lower than one that had its effect before."""
    highest: dict[tuple[str, str], int] = {}
    found = []
    for each in effects:
        place = (each.platform, each.listing_id)
        if each.version < highest.get(place, 0):
            found.append(each)
        highest[place] = max(highest.get(place, 0), each.version)
    return found
