"""Which files of tests begin first where several processes share the work: a long one at the end leaves the
others idle. `seconds.txt` names the long ones; the rest follow by how many tests they have.

Files that look at one running system from outside stay together: it is started once, not once for each.
"""

from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

ROOT = Path(__file__).resolve().parents[2]
SECONDS = Path(__file__).with_name("seconds.txt")
EACH = 0.05
"""What a test of a file not named is taken to last."""
_OUTSIDE = ("pages", "bulk_pages", "sign_in", "canaries", "bad_input")
OUTSIDE = tuple(f"tests/e2e/test_{name}.py" for name in _OUTSIDE)
"""In this order: nobody likes what generated requests leave behind."""


@cache
def seconds_of_files() -> dict[str, float]:
    lines = (line.split() for line in SECONDS.read_text("utf-8").splitlines() if not line.startswith("#"))
    return {file: float(seconds) for seconds, file in lines}


def together(file: str) -> str:
    """The name under which a file is given to a process."""
    return OUTSIDE[0] if file in OUTSIDE else file


def longest_first(items: list[pytest.Item]) -> None:
    """Files by their seconds, longest first; tests of a file stay together and in order."""
    files = [item.path.relative_to(ROOT).as_posix() for item in items]
    known, lasts = seconds_of_files(), dict[str, float]()
    for file, count in Counter(files).items():
        lasts[together(file)] = lasts.get(together(file), 0.0) + known.get(file, EACH * count)
    place = {id(item): _place(file, lasts) for item, file in zip(items, files, strict=True)}
    items.sort(key=lambda item: place[id(item)])


def _place(file: str, lasts: dict[str, float]) -> tuple[float, str, int]:
    group = together(file)
    return -lasts[group], group, OUTSIDE.index(file) if file in OUTSIDE else 0


class ByFile(LoadFileScheduling):
    """xdist's, but for the files that stay together."""

    def _split_scope(self, nodeid: str) -> str:
        return together(str(super()._split_scope(nodeid)))
