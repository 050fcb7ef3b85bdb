"""The sites that a tenderer has to ask besides us, as data with sources."""

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "data" / "sites.toml"
SHOWN = ("code", "name", "url", "asks", "basis", "source", "status")


@lru_cache(maxsize=1)
def _all() -> tuple[dict[str, Any], ...]:
    return tuple(tomllib.loads(FILE.read_text("utf-8"))["site"])


def sites_for(domain: str | None) -> list[dict[str, str]]:
    """Those of the domain, or all where none is named."""
    return [
        {name: each[name] for name in SHOWN}
        for each in _all()
        if not domain or not each["domains"] or domain in each["domains"]
    ]
