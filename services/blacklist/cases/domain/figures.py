"""The procedure's numbers as data (`data/figures.toml`): days, size limits, each with its basis."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_FILE = Path(__file__).resolve().parent.parent / "data" / "figures.toml"


def load_figures(path: Path = _FILE) -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


FIGURES = load_figures()


def figure(group: str, name: str) -> int:
    """One whole number, e.g. `figure("archive", "days")`."""
    return int(FIGURES[group][name])


def rule_of(group: str) -> str:
    """The rule to show beside a blocked action or a duty that comes from this group."""
    return str(FIGURES[group]["rule"])
