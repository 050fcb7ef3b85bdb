"""Administrative divisions (GB/T 2260) with vintages: abolished codes keep their names, dates and successors.

The facts are in regions.tsv, whose head states its sources and how exact its dates are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

NATION = "000000"
Level = Literal["nation", "province", "city", "county"]
_DATA = Path(__file__).with_name("regions.tsv")


class UnknownRegion(ValueError):
    """No such code, or not on the day asked for. The text is Chinese and names the remedy."""


@dataclass(frozen=True, slots=True)
class Region:
    """行政区划: one name of one code over one span of time (both ends inclusive, None = open)."""

    code: str
    name: str
    level: Level
    parent: str | None
    valid_from: date | None
    valid_to: date | None
    successor: str | None

    def valid_on(self, day: date) -> bool:
        """Whether the code stood for this on `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )


def region(code: str, on: date | None = None) -> Region:
    """What a code means on a day, or means last; UnknownRegion if nothing."""
    spans = _spans().get(code)
    if not spans:
        raise UnknownRegion(f"行政区划代码 {code} 不存在，请按 GB/T 2260 核对。")
    if on is None:
        return spans[-1]
    for span in reversed(spans):
        if span.valid_on(on):
            return span
    raise UnknownRegion(f"行政区划代码 {code} 在 {on.isoformat()} 无效，请使用当日有效的代码。")


def is_known(code: str) -> bool:
    """Whether the code exists or once existed."""
    return code in _spans()


def parents(code: str) -> list[str]:
    """The codes above, nearest first: 130102 → 130100, 130000, 000000."""
    chain: list[str] = []
    above = region(code).parent
    while above is not None:
        chain.append(above)
        above = _spans()[above][-1].parent
    return chain


def within(code: str, ancestor: str) -> bool:
    """Whether `code` is `ancestor` or lies in it, by the code's digits; the nation holds everything."""
    return code.startswith(digits(ancestor))


def full_name(code: str, on: date | None = None) -> str:
    """Names from the province down: 河北省石家庄市长安区."""
    names = [region(code, on).name]
    for above in parents(code):
        higher = region(above)
        if higher.level == "province" or (
            higher.level == "city" and not higher.name.endswith("直辖县级行政区划")
        ):
            names.insert(0, higher.name)
    return "".join(name for name in names if name not in {"市辖区", "县"})


def all_regions(on: date | None = None) -> Iterable[Region]:
    """Every region, by code: those valid on a day, or the latest meaning of those still in use."""
    for spans in _spans().values():
        for span in spans:
            if span.valid_on(on) if on else span.valid_to is None:
                yield span
                break


def region_spans() -> Iterable[Region]:
    """Every name of every code that ever stood, the abolished ones included."""
    for spans in _spans().values():
        yield from spans


def digits(code: str) -> str:
    """What the codes of all that lies in it begin with; nothing for the nation."""
    if code == NATION:
        return ""
    if code.endswith("0000"):
        return code[:2]
    return code[:4] if code.endswith("00") else code


def _level(code: str) -> Level:
    if code == NATION:
        return "nation"
    if code.endswith("0000"):
        return "province"
    return "city" if code.endswith("00") else "county"


def _parent(code: str, known: frozenset[str]) -> str | None:
    if code == NATION:
        return None
    if code.endswith("0000"):
        return NATION
    city = code[:4] + "00"
    return city if city != code and city in known else code[:2] + "0000"


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@cache
def _spans() -> dict[str, tuple[Region, ...]]:
    lines = [line for line in _DATA.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    rows = [line.split("\t") for line in lines[1:]]
    known = frozenset(row[0] for row in rows)
    spans: dict[str, list[Region]] = {}
    for code, name, start, end, successor in rows:
        found = Region(
            code, name, _level(code), _parent(code, known), _day(start), _day(end), successor or None
        )
        spans.setdefault(code, []).append(found)
    return {code: tuple(found) for code, found in spans.items()}
