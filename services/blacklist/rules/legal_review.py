"""法制审核: which decisions need a legal review before them, read from `data/legal_review.toml`."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from services.blacklist.rules.queries.shapes import walk

_FILE = Path(__file__).parent / "data" / "legal_review.toml"
SHAPE: dict[str, Any] = {
    "demand": [
        {
            "code": str,
            "lists": [str],
            "severities": [str],
            "after_hearing": bool,
            "binding": bool,
            "rule": str,
            "valid_from": date,
            "valid_to?": date,
            "status": {"verified", "assumed"},
            "source": str,
        }
    ]
}


@dataclass(frozen=True)
class Demand:
    """When a legal review is asked for, by which rule; what is not binding is only told."""

    code: str
    lists: tuple[str, ...]
    severities: tuple[str, ...]
    after_hearing: bool
    binding: bool
    rule: str
    valid_from: date
    valid_to: date | None
    status: str
    source: str

    def holds(self, list_code: str, severity: str | None, *, heard: bool, today: date) -> bool:
        """`severity` None: not chosen yet, only what asks for every severity holds."""
        if today < self.valid_from or (self.valid_to is not None and today >= self.valid_to):
            return False
        listed = "*" in self.lists or list_code in self.lists
        graded = "*" in self.severities or severity in self.severities
        return listed and graded and (heard or not self.after_hearing)


@cache
def demands() -> tuple[Demand, ...]:
    """In the order of the file; a file of another shape is a fault of the release."""
    content = tomllib.loads(_FILE.read_text("utf-8"))
    if faults := list(walk(content, SHAPE)):
        raise ValueError(f"{_FILE.name}: {faults}")
    return tuple(
        Demand(
            each["code"], tuple(each["lists"]), tuple(each["severities"]), each["after_hearing"],
            each["binding"], each["rule"], each["valid_from"], each.get("valid_to"), each["status"],
            each["source"],
        )
        for each in content["demand"]
    )  # fmt: skip


def demanded(list_code: str, severity: str | None, *, heard: bool, today: date) -> Iterator[Demand]:
    """Every rule that asks for a legal review of such a decision on a day."""
    for each in demands():
        if each.holds(list_code, severity, heard=heard, today=today):
            yield each
