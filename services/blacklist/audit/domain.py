"""Pure parts of the audit trail: one canonical text per entry, one hash per link, identity numbers masked."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.written import cover_identities

GENESIS = "0" * 64


@dataclass(frozen=True)
class BadRow:
    """Where the trail first fails to prove itself; `position` is 0 for an entry outside the chain."""

    position: int
    entry_id: str
    reason: str


@dataclass(frozen=True)
class Head:
    """链首 as it was signed and kept elsewhere: what later truncation or rewriting cannot undo."""

    position: int
    hash: str
    at: str

    @property
    def text(self) -> bytes:
        """What is signed."""
        return f"credit-blacklist audit head v1\n{self.position}\n{self.hash}\n{self.at}\n".encode()


def canonical(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def link_hash(previous: str, position: int, content: str) -> str:
    return hashlib.sha256(f"{previous}\n{position}\n{content}".encode()).hexdigest()


def without_identities(value: Any) -> Any:
    """The same JSON value with every resident identity number masked: the trail never holds one."""
    if isinstance(value, str):
        return cover_identities(value)
    if isinstance(value, Mapping):
        return {str(key): without_identities(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else value
        return [without_identities(item) for item in items]
    return value
