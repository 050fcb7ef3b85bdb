"""惩戒措施: what the closed national list carries, and why a measure may not be taken."""

import re
from dataclasses import dataclass
from datetime import date

from services.blacklist.rules.domain.names import LIST_CLASSES
from shared.calendar import add_months


@dataclass(frozen=True)
class Measure:
    """惩戒措施 of the closed national list (基础清单), or a trading-platform consequence named by a list."""

    code: str
    name: str
    kind: str
    basis: str
    organs: tuple[str, ...]
    domains: tuple[str, ...]
    list_classes: tuple[str, ...]
    max_months: int | None
    valid_from: date
    valid_to: date | None
    status: str
    source: str
    editions: tuple[str, ...] = ()
    """Which editions of the closed list carry it."""


def measure_scope_problem(measure: Measure, list_class: str, domain: str) -> str | None:
    """Why the closed list does not carry this measure for such a list or domain, or None."""
    if list_class not in measure.list_classes:
        named = LIST_CLASSES.get(list_class, list_class)
        return f"按基础清单，“{measure.name}”不适用于{named}；另有法律、法规依据的须写明"
    if "*" not in measure.domains and domain not in measure.domains:
        return f"按基础清单，“{measure.name}”不适用于这个领域；另有法律、法规依据的须写明"
    return None


def measure_length_problem(measure: Measure, begins: date, ends: date | None) -> str | None:
    """Why the measure may not last so long, or None."""
    if measure.max_months is None or ends is None or ends <= add_months(begins, measure.max_months):
        return None
    return f"“{measure.name}”最长{measure.max_months}个月"


_CLAUSE = re.compile(r"第[0-9零〇一二三四五六七八九十百千]+条")


def measure_basis_problem(measure: Measure, basis: str | None) -> str | None:
    """A basis of one's own names its clause wherever the list names one, or None."""
    if not basis or not _CLAUSE.search(measure.basis) or _CLAUSE.search(basis):
        return None
    return f"依据须写明条款，如基础清单所列“{measure.basis}”；不填则按基础清单"
