"""Processes made for a piece of work end with the process that made them, even when that is killed."""

import os
import subprocess
import sys
from pathlib import Path

from tests.harness.wait import until

MAKER = """
import os, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from shared.children import end_with_maker

if __name__ == "__main__":
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=end_with_maker) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        print(pool.submit(time.sleep, 600).result())
"""


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_pool_does_not_outlive_its_maker(tmp_path: Path) -> None:
    script = tmp_path / "maker.py"
    script.write_text(MAKER)
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, env=environment) as maker:
        assert maker.stdout is not None
        child = int(maker.stdout.readline())
        assert _is_alive(child)
        maker.kill()
    until(lambda: not _is_alive(child), 30, "the pool's process to end")
