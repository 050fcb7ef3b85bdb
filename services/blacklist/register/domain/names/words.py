"""The words names are built of, as data: places, trades and forms."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import NamedTuple

from services.blacklist.register.domain.names.keys import full_key
from shared.regions import Region, region_spans

_AUTONOMOUS = ("维吾尔自治区", "壮族自治区", "回族自治区", "自治区")
_SHORTENED = {
    "province": (*_AUTONOMOUS, "特别行政区", "省", "市"),
    "city": ("地区", "市", "盟"),
    "county": ("市", "县"),
}
_NAMELESS = {"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"}
_OUTER = (
    "分公司", "分店", "分厂", "分行", "支行", "分社", "分中心", "分部", "办事处", "代表处", "项目部",
    "特殊普通合伙", "普通合伙", "有限合伙", "个人独资", "个体工商户",
)  # fmt: skip


class Vocabulary(NamedTuple):
    """Words, and by their last sign how long they can be, longest first: most questions end there."""

    words: frozenset[str]
    sizes: dict[str, tuple[int, ...]]


class Places(NamedTuple):
    """Codes by the names they go by; `strong` names end in their kind (长安区) or are those of a city.

    `fronts` and `ends` say how long a name can be that begins or ends with a sign, longest first.
    """

    codes: dict[str, tuple[str, ...]]
    strong: frozenset[str]
    fronts: dict[str, tuple[int, ...]]
    ends: dict[str, tuple[int, ...]]


def lines(name: str) -> list[str]:
    """The lines of a data file, without comments."""
    text = resources.files(__package__).joinpath("data", name).read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _vocabulary(words: list[str]) -> Vocabulary:
    return Vocabulary(frozenset(words), sizes_by(words, -1))


def sizes_by(words: Iterable[str], sign: int) -> dict[str, tuple[int, ...]]:
    """How long a word can be that has this at its place `sign`, longest first."""
    found: dict[str, set[int]] = defaultdict(set)
    for word in words:
        found[word[sign]].add(len(word))
    return {each: tuple(sorted(sizes, reverse=True)) for each, sizes in found.items()}


@cache
def forms() -> Vocabulary:
    return _vocabulary(" ".join(lines("forms.txt")).split())


@cache
def trades() -> Vocabulary:
    return _vocabulary([word for word in " ".join(lines("trades.txt")).split() if len(word) > 1])


OUTER_FORMS = frozenset(_OUTER)
"""Forms behind which another form stands: …有限公司石家庄分公司, …中心（有限合伙）."""


@cache
def places() -> Places:
    codes: dict[str, set[str]] = defaultdict(set)
    strong = {"中国"}
    codes["中国"].add("000000")
    for each in region_spans():
        if each.name in _NAMELESS or each.level == "nation":
            continue
        short = _short(each)
        for name in {each.name, short}:
            codes[full_key(name)].add(each.code)
        strong |= {full_key(each.name)} if each.level == "county" else {full_key(each.name), full_key(short)}
    return Places(
        {name: tuple(sorted(found)) for name, found in codes.items()},
        frozenset(strong),
        sizes_by(codes, 0),
        sizes_by(strong, -1),
    )


def _short(region: Region) -> str:
    """石家庄市 → 石家庄; a name of one sign keeps its kind."""
    for kind in _SHORTENED.get(region.level, ()):
        if region.name.endswith(kind) and len(region.name) - len(kind) >= 2:
            return region.name.removesuffix(kind)
    return region.name
