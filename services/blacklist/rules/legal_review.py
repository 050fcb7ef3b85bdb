"""法制审核: which decisions need a legal review before them, read from `data/legal_review.toml`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from services.blacklist.rules.dated import DatedRule, read_entries

_OWN: dict[str, Any] = {"severities": [str], "after_hearing": bool, "binding": bool}


@dataclass(frozen=True, kw_only=True)
class Demand(DatedRule):
    """When a legal review is asked for, by which rule; what is not binding is only told."""

    severities: tuple[str, ...]
    after_hearing: bool
    binding: bool

    def holds(self, list_code: str, severity: str | None, *, heard: bool, today: date) -> bool:
        """`severity` None: not chosen yet, only what asks for every severity holds."""
        graded = "*" in self.severities or severity in self.severities
        return self.applies(list_code, today) and graded and (heard or not self.after_hearing)


@cache
def demands() -> tuple[Demand, ...]:
    return read_entries("legal_review.toml", "demand", _OWN, Demand)


def demanded(list_code: str, severity: str | None, *, heard: bool, today: date) -> Iterator[Demand]:
    """Every rule that asks for a legal review of such a decision on a day."""
    for each in demands():
        if each.holds(list_code, severity, heard=heard, today=today):
            yield each
