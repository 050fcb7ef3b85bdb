"""Filters of a page's address that name nothing: the page says so beside an answer that is then empty."""

from collections.abc import Callable, Mapping
from datetime import date

from services.blacklist.cases.domain.table import STATES
from services.blacklist.register.schemas import LIST_CLASSES
from services.blacklist.rules.queries import domain, known_list
from shared.regions import is_known


def day_of(text: str) -> date | None:
    """A day as a date field sends it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


_KNOWN: dict[str, tuple[str, Callable[[str], bool]]] = {
    "region": ("行政区划", is_known),
    "domain": ("领域", lambda code: domain(code) is not None),
    "list": ("名单", known_list),
    "class": ("类别", lambda code: code in LIST_CLASSES),
    "as_of": ("日期", lambda text: day_of(text) is not None),
    "state": ("状态", lambda name: name in STATES),
}


def unknown_filters(values: Mapping[str, str], names: tuple[str, ...]) -> list[str]:
    """One sentence for each filter whose value does not exist."""
    given = {name: str(values.get(name) or "").strip()[:100] for name in names}
    return [
        f"{_KNOWN[name][0]}“{value}”不存在，请重新选择。"
        for name, value in given.items()
        if value and not _KNOWN[name][1](value)
    ]
