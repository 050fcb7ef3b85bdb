"""Crash points: the process ends at the named pass and nowhere else."""

import subprocess
import sys
from pathlib import Path

import pytest

from shared.crash import EXIT_CODE, list_points

PROGRAM = """
from shared.crash import crash_point
for at in range(5):
    print(at, flush=True)
    crash_point("a.b")
    crash_point("a.c")
"""


@pytest.mark.parametrize(
    ("crash_at", "code", "lines"),
    [("", 0, 5), ("other:1", 0, 5), ("a.b", EXIT_CODE, 1), ("a.b:3", EXIT_CODE, 3), ("a.c:6", 0, 5)],
)
def test_crash_point(crash_at: str, code: int, lines: int) -> None:
    env = {"CRASH_AT": crash_at} if crash_at else {}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, check=False
    )
    assert (done.returncode, len(done.stdout.split())) == (code, lines)


def test_list_points(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text('crash_point("x.before")\ncrash_point(\n    "x.after"\n)\n')
    assert list_points([tmp_path]) == {"x.before", "x.after"}
