"""不可修复: lists and records of which no early end may be granted, read from `data/unrepairable.toml`."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from services.blacklist.rules.dated import DatedRule, read_entries

ALWAYS, WORDS, RESTORED = "always", "words", "restored"
_OWN: dict[str, Any] = {"when": {ALWAYS, WORDS, RESTORED}, "words": [str]}


@dataclass(frozen=True, kw_only=True)
class Bar(DatedRule):
    """One case in which no repair is granted, with the rule that says so and its dates of force."""

    when: str
    words: tuple[str, ...]

    def holds(self, list_code: str, content: str, *, restored: bool, today: date) -> bool:
        met = {ALWAYS: True, RESTORED: restored, WORDS: any(word in content for word in self.words)}
        return self.applies(list_code, today) and met[self.when]


@cache
def bars() -> tuple[Bar, ...]:
    return read_entries("unrepairable.toml", "bar", _OWN, Bar)


def repair_bar(list_code: str, content: str | None, *, restored: bool, today: date) -> Bar | None:
    """Why this record may not be repaired on a day, or None; `content` is what the document decided."""
    found = (each for each in bars() if each.holds(list_code, content or "", restored=restored, today=today))
    return next(found, None)
