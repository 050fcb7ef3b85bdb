"""Limits and times of keeping, as data."""

import tomllib
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).parents[1] / "data" / "figures.toml"


@lru_cache(maxsize=1)
def _figures() -> dict[str, dict[str, int]]:
    return tomllib.loads(FILE.read_text("utf-8"))


def figure(group: str, name: str) -> int:
    return _figures()[group][name]
