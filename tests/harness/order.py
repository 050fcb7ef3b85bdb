"""Which files of tests begin first where several processes share the work: a long one at the end leaves the
others idle. `seconds.txt` names the long ones; the rest follow by how many tests they have.
"""

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = Path(__file__).with_name("seconds.txt")
EACH = 0.05
"""What a test of a file not named is taken to last."""


@cache
def seconds_of_files() -> dict[str, float]:
    lines = (line.split() for line in SECONDS.read_text("utf-8").splitlines() if not line.startswith("#"))
    return {file: float(seconds) for seconds, file in lines}


def longest_first(items: list[pytest.Item]) -> None:
    """Files by their seconds, longest first; tests of a file stay together and in order."""
    files = [item.path.relative_to(ROOT).as_posix() for item in items]
    known, tests = seconds_of_files(), Counter(files)
    lasts = {file: known.get(file, EACH * count) for file, count in tests.items()}
    place = {id(item): (-lasts[file], file) for item, file in zip(items, files, strict=True)}
    items.sort(key=lambda item: place[id(item)])
