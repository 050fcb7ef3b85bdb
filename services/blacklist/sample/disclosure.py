"""公开事项清单 of the sample regions: 事项、内容、时限、方式、责任主体、监督渠道 (R37, R46–R57)."""

import tomllib
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class DisclosureItem:
    """One row of one region's catalogue; `organ` is the line of work that answers for it, "*" for each."""

    code: str
    region: str
    domain: str
    title: str
    content: str
    time_limit: str
    method: str
    organ: str
    supervision: str
    source: str
    obligations: str
    """Which of the founding documents' obligations it meets; not part of the catalogue."""


@cache
def disclosure_items() -> tuple[DisclosureItem, ...]:
    content = tomllib.loads((DATA / "disclosure_catalogue.toml").read_text("utf-8"))
    regions = {each["code"]: each for each in content["region"]}
    return tuple(_row(item, code, regions[code]) for item in content["item"] for code in item["regions"])


def _row(item: dict[str, str], region: str, place: dict[str, str]) -> DisclosureItem:
    names = ("code", "domain", "title", "content", "time_limit", "organ", "source", "obligations")
    own = {name: item[name] for name in names}
    return DisclosureItem(**own, region=region, method=place["method"], supervision=place["supervision"])


def catalogue_rows() -> list[dict[str, str]]:
    """The items as the catalogue keeps them."""
    return [
        {name: text for name, text in asdict(item).items() if name != "obligations"}
        for item in disclosure_items()
    ]
