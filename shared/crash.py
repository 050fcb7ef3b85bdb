"""Named crash points, so that tests can kill a process between an effect and its commit.

`CRASH_AT=relay.after_publish:3` ends the process, as kill -9 would, at the third pass of that point.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

EXIT_CODE = 137
_POINT = re.compile(r"""crash_point\(\s*["']([a-z0-9_.-]+)["']""")
_passes: Counter[str] = Counter()


def crash_point(name: str) -> None:
    """Ends the process here if CRASH_AT says so; costs nothing measurable otherwise."""
    wanted = os.environ.get("CRASH_AT")
    if wanted is None:
        return
    point, _, count = wanted.partition(":")
    if point != name:
        return
    _passes[name] += 1
    if _passes[name] >= int(count or 1):
        os._exit(EXIT_CODE)


def list_points(roots: Iterable[Path]) -> set[str]:
    """Every crash point named in the Python files under `roots`."""
    files = (path for root in roots for path in sorted(root.rglob("*.py")))
    return {name for path in files for name in _POINT.findall(path.read_text(encoding="utf-8"))}
