"""第三方评估考核表: items, weights and deductions as data, each with its source and whether it is assumed."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from services.blacklist.supervision.domain.rates import Rate

_FILE = Path(__file__).resolve().parent.parent / "data" / "assessment.toml"
STATUSES = ("verified", "assumed")


@dataclass(frozen=True)
class Item:
    """One line of the sheet: `weight` points for the indicator named."""

    code: str
    group: str
    name: str
    indicator: str
    weight: Decimal
    source: str
    status: str


@dataclass(frozen=True)
class Deduction:
    """`points` off for each case counted by `counts`."""

    code: str
    name: str
    counts: str
    points: Decimal
    source: str
    status: str


@dataclass(frozen=True)
class Scheme:
    """The whole sheet as laid down; `share` is its weight in a department's yearly assessment, in percent."""

    version: str
    share: Decimal
    share_source: str
    items: tuple[Item, ...]
    deductions: tuple[Deduction, ...]
    most_deducted: Decimal
    most_source: str


@dataclass(frozen=True)
class Score:
    """An item as it came out; without anything to judge there are no points to win or lose."""

    item: Item
    rate: Rate

    @property
    def points(self) -> Decimal | None:
        share = self.rate.whole and Decimal(self.rate.part) / self.rate.whole
        return _points(self.item.weight * share) if self.rate.whole else None


@dataclass(frozen=True)
class Loss:
    """A deduction as it came out."""

    deduction: Deduction
    count: int

    @property
    def points(self) -> Decimal:
        return _points(self.deduction.points * self.count)


@dataclass(frozen=True)
class Sheet:
    """A department's sheet of one year."""

    scheme: Scheme
    scores: tuple[Score, ...]
    losses: tuple[Loss, ...]

    @property
    def reached(self) -> Decimal | None:
        """Out of 100: items without cases do not count, the others keep their proportion."""
        judged = [(each.item.weight, each.points) for each in self.scores if each.points is not None]
        weight = sum(weight for weight, _ in judged)
        return _points(100 * sum(points for _, points in judged) / weight) if weight else None

    @property
    def deducted(self) -> Decimal:
        lost = sum((each.points for each in self.losses), Decimal(0))
        return min(lost, self.scheme.most_deducted)

    @property
    def total(self) -> Decimal | None:
        return None if self.reached is None else max(self.reached - self.deducted, Decimal(0))

    @property
    def yearly_points(self) -> Decimal | None:
        """What the sheet contributes to the yearly assessment of 100 points."""
        return None if self.total is None else _points(self.total * self.scheme.share / 100)


def fill_sheet(scheme: Scheme, rates: Mapping[str, Rate], counts: Mapping[str, int]) -> Sheet:
    return Sheet(
        scheme,
        tuple(Score(item, rates[item.indicator]) for item in scheme.items),
        tuple(Loss(each, counts[each.counts]) for each in scheme.deductions),
    )


@cache
def scheme() -> Scheme:
    """The sheet in force."""
    return read_scheme(tomllib.loads(_FILE.read_text("utf-8")))


def read_scheme(content: Mapping[str, Any]) -> Scheme:
    """A sheet from its data; raises ValueError where weights or statuses do not hold together."""
    made = Scheme(
        version=content["version"],
        share=Decimal(content["yearly"]["share_percent"]),
        share_source=content["yearly"]["source"],
        items=tuple(Item(**{**each, "weight": Decimal(each["weight"])}) for each in content["item"]),
        deductions=tuple(
            Deduction(**{**each, "points": Decimal(each["points"])}) for each in content["deduction"]
        ),
        most_deducted=Decimal(content["most"]["points"]),
        most_source=content["most"]["source"],
    )
    _check(made, content["yearly"]["at_least_percent"])
    return made


def _check(made: Scheme, least: str) -> None:
    total = sum((item.weight for item in made.items), Decimal(0))
    if total != 100:
        raise ValueError(f"weights add up to {total}, not 100")
    if made.share < Decimal(least):
        raise ValueError(f"the sheet weighs {made.share}% of the yearly assessment; at least {least}%")
    rows: Sequence[Item | Deduction] = (*made.items, *made.deductions)
    if any(row.status not in STATUSES for row in rows):
        raise ValueError("every line is verified or assumed")


def _points(value: Decimal | int) -> Decimal:
    return Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP)
