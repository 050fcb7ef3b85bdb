"""A share with both its numbers, so that every percentage shown can be traced to what was counted."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal


@dataclass(frozen=True)
class Rate:
    """`part` of `whole`; of nothing there is no percentage."""

    part: int
    whole: int

    @property
    def percent(self) -> Decimal | None:
        """With one decimal; a share below the whole is never rounded up to 100."""
        if self.whole == 0:
            return None
        share = (Decimal(100 * self.part) / self.whole).quantize(Decimal("0.1"), ROUND_HALF_UP)
        return min(share, Decimal("99.9")) if self.part < self.whole else share

    @property
    def text(self) -> str:
        return "—" if self.percent is None else f"{self.percent}%"

    def __add__(self, other: "Rate") -> "Rate":
        return Rate(self.part + other.part, self.whole + other.whole)


def summed(rates: Iterable[Rate]) -> Rate:
    return sum(rates, Rate(0, 0))


def median_hours(seconds: Sequence[float]) -> Decimal | None:
    """The middle of some durations, in hours with two decimals."""
    return _hours(statistics.median(seconds)) if seconds else None


def worst_tenth_hours(seconds: Sequence[float]) -> Decimal | None:
    """Nine of ten took no longer than this."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    return _hours(ordered[min(len(ordered) - 1, (len(ordered) * 9 + 9) // 10 - 1)])


def _hours(seconds: float) -> Decimal:
    return (Decimal(str(seconds)) / 3600).quantize(Decimal("0.01"), ROUND_HALF_UP)


def duration_text(seconds: float) -> str:
    """As people say it: in the largest unit that fits, with the next one."""
    whole = max(int(seconds + 0.5), 0)
    if whole < 60:
        return f"{whole}秒" if whole else "不到1秒"
    for name, size, part, smaller in (("天", 86_400, "小时", 3600), ("小时", 3600, "分钟", 60)):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size}{name}" + (f"{rest}{part}" if rest else "")
    return f"{whole // 60}分" + (f"{whole % 60}秒" if whole % 60 else "钟")
