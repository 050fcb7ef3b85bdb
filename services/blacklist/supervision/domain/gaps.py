"""断号: serials missing between the first and the last known one of a prefix and year.

A serial counts as accounted for when it was published, is still within its time, or has been explained;
all others are gaps: nobody knows the number, or it is known and was due but is not public.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.blacklist.supervision.domain.numbers import DocumentNumber

MISSING, UNPUBLISHED = "missing", "unpublished"
GAP_NAMES = {MISSING: "断号（台账和公示中均无此号）", UNPUBLISHED: "已登记但逾期未公开"}


@dataclass(frozen=True)
class Gap:
    """A run of serials, `first` to `last`, wanting an explanation; its known neighbours on both sides."""

    prefix: str
    year: int
    first: int
    last: int
    kind: str
    before: int | None
    after: int | None

    @property
    def numbers(self) -> int:
        return self.last - self.first + 1

    @property
    def title(self) -> str:
        start = str(DocumentNumber(self.prefix, self.year, self.first))
        return start if self.first == self.last else f"{start.removesuffix('号')}—{self.last}号"


def find_gaps(known: Mapping[DocumentNumber, bool]) -> list[Gap]:
    """`known` says of each number whether it is accounted for; gaps in order of prefix, year and serial."""
    series: dict[tuple[str, int], dict[int, bool]] = {}
    for number, settled in known.items():
        series.setdefault((number.prefix, number.year), {})[number.serial] = settled
    return [gap for key in sorted(series) for gap in _gaps_of(key, series[key])]


def _gaps_of(key: tuple[str, int], serials: Mapping[int, bool]) -> Iterable[Gap]:
    before: int | None = None
    for serial in sorted(serials):
        if before is not None and serial > before + 1:
            yield Gap(*key, before + 1, serial - 1, MISSING, before, serial)
        if not serials[serial]:
            yield Gap(*key, serial, serial, UNPUBLISHED, before, None)
        before = serial
