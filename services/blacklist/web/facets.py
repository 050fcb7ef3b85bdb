"""Facets (分面) of the browse page: what the register holds, counted, each a link with its filter."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from services.blacklist.register.domain.figures import Cell, counted
from services.blacklist.register.queries import Criteria
from services.blacklist.register.queries.figures import meeting
from services.blacklist.register.queries.lines import region_prefix
from services.blacklist.web import wording
from shared.regions import full_name, is_known

MOST = 12
"""Of one facet; the rest is in the form's menus."""


class Choice(NamedTuple):
    """One value of a facet."""

    value: str
    label: str
    number: int
    chosen: bool


class Facet(NamedTuple):
    """One way to narrow; `name` is the parameter in the address."""

    name: str
    title: str
    choices: list[Choice]
    chosen: str
    """What it is narrowed to, in words; empty if it is not."""


def facets_of(cells: Sequence[Cell], asked: Criteria, lists: Mapping[str, str]) -> list[Facet]:
    """Each facet counts what the other filters leave."""
    return [
        _plain(cells, asked, "list_code", "list", "名单", lambda code: lists.get(code, code)),
        _plain(cells, asked, "list_class", "class", "类别", lambda code: wording.CLASSES.get(code, code)),
        _plain(cells, asked, "domain", "domain", "领域", wording.domain_name),
        _regions(cells, asked),
    ]


def _plain(
    cells: Sequence[Cell], asked: Criteria, field: str, name: str, title: str, label: Callable[[str], str]
) -> Facet:
    without: dict[str, Any] = {field: None}
    left = meeting(cells, replace(asked, **without))
    chosen = getattr(asked, field) or ""
    counts = counted(left, field).most_common(MOST)
    choices = [Choice(value, label(value), count, value == chosen) for value, count in counts]
    return Facet(name, title, choices, label(chosen) if chosen else "")


def _regions(cells: Sequence[Cell], asked: Criteria) -> Facet:
    """The regions one level below the one chosen."""
    prefix = region_prefix(asked.region or "")
    counts: Counter[str] = Counter()
    for cell in meeting(cells, asked):
        counts[cell.region[: len(prefix) + 2].ljust(6, "0")] += cell.number
    counts.pop(asked.region or "", None)
    chosen = asked.region or ""
    found = [(code, count) for code, count in counts.most_common(MOST) if len(prefix) < 6]
    choices = [Choice(code, region_name(code), count, chosen=False) for code, count in found]
    return Facet("region", "行政区划", choices, region_name(chosen) if chosen else "")


def region_name(code: str) -> str:
    return full_name(code) if is_known(code) else code


def region_menu(cells: Sequence[Cell]) -> list[tuple[str, str]]:
    """Every region that something is public for, and those above it, in the order of codes."""
    codes = {each for cell in cells for each in _upwards(cell.region)}
    return [(code, full_name(code)) for code in sorted(codes) if is_known(code)]


def _upwards(code: str) -> Iterator[Any]:
    yield from (code, code[:4] + "00", code[:2] + "0000")
