"""不可修复: lists and records of which no early end may be granted, read from `data/unrepairable.toml`."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from services.blacklist.rules.queries.shapes import walk

_FILE = Path(__file__).parent / "data" / "unrepairable.toml"
ALWAYS, WORDS, RESTORED = "always", "words", "restored"
SHAPE: dict[str, Any] = {
    "bar": [
        {
            "code": str,
            "lists": [str],
            "when": {ALWAYS, WORDS, RESTORED},
            "words": [str],
            "rule": str,
            "valid_from": date,
            "valid_to?": date,
            "status": {"verified", "assumed"},
            "source": str,
        }
    ]
}


@dataclass(frozen=True)
class Bar:
    """One case in which no repair is granted, with the rule that says so and its dates of force."""

    code: str
    lists: tuple[str, ...]
    when: str
    words: tuple[str, ...]
    rule: str
    valid_from: date
    valid_to: date | None
    status: str
    source: str

    def holds(self, list_code: str, content: str, *, restored: bool, today: date) -> bool:
        if today < self.valid_from or (self.valid_to is not None and today >= self.valid_to):
            return False
        if "*" not in self.lists and list_code not in self.lists:
            return False
        met = {ALWAYS: True, RESTORED: restored, WORDS: any(word in content for word in self.words)}
        return met[self.when]


@cache
def bars() -> tuple[Bar, ...]:
    """In the order of the file; a file of another shape is a fault of the release."""
    content = tomllib.loads(_FILE.read_text("utf-8"))
    if faults := list(walk(content, SHAPE)):
        raise ValueError(f"{_FILE.name}: {faults}")
    return tuple(
        Bar(
            each["code"], tuple(each["lists"]), each["when"], tuple(each["words"]), each["rule"],
            each["valid_from"], each.get("valid_to"), each["status"], each["source"],
        )
        for each in content["bar"]
    )  # fmt: skip


def repair_bar(list_code: str, content: str | None, *, restored: bool, today: date) -> Bar | None:
    """Why this record may not be repaired on a day, or None; `content` is what the document decided."""
    found = (each for each in bars() if each.holds(list_code, content or "", restored=restored, today=today))
    return next(found, None)
