"""Figures of the register for anyone (公示统计): how many are shown, by list, domain, region and month.

Persons are counted only where a count says nothing of one of them: small cells are withheld, and enough
others with them that no total gives them back.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

SMALL = 5
"""A count of persons below this is withheld (少于5)."""


class Cell(NamedTuple):
    """How many listings of one kind are shown."""

    subject_type: str
    list_code: str
    list_class: str
    domain: str
    region: str
    month: str
    number: int


def counted(cells: Iterable[Cell], by: str) -> Counter[str]:
    """Added up by one of the cell's fields."""
    found: Counter[str] = Counter()
    for cell in cells:
        found[getattr(cell, by)] += cell.number
    return found


def withheld(counts: Mapping[str, int]) -> dict[str, int | None]:
    """The counts, None where withheld: all below SMALL, and the next ones until they hide each other."""
    rising = sorted(counts, key=lambda name: (counts[name], name))
    hidden = [name for name in rising if 0 < counts[name] < SMALL]
    for name in rising:
        if not hidden or (len(hidden) > 1 and sum(counts[each] for each in hidden) >= SMALL):
            break
        if counts[name] and name not in hidden:
            hidden.append(name)
    return {name: None if name in hidden else count for name, count in counts.items()}


def total_shown(counts: Mapping[str, int]) -> int | None:
    """The sum, unless the sum itself is small."""
    total = sum(counts.values())
    return None if 0 < total < SMALL else total
