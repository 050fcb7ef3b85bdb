"""Worker programs forked from a process that has its imports ready: a start costs no seconds of imports.

For what is killed and started many times; that a cold start works is shown by the end-to-end tests.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.harness.wait import PATIENCE

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["services.credit_push.app", "services.notifier.app", "tests.faults.ledger", "runpy"]
)


class Forked:
    """`python -m module arguments` with the few members of Popen that a test needs."""

    def __init__(
        self, module: str, *arguments: str, env: Mapping[str, str], errors: Path | None = None
    ) -> None:
        self._process = _CONTEXT.Process(
            target=_run, args=(module, arguments, dict(env), str(errors) if errors else None), daemon=True
        )
        self._process.start()

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        """The exit status, negative for a signal."""
        self._process.join(timeout * PATIENCE)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout)
        return self._process.exitcode

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def _run(module: str, arguments: tuple[str, ...], env: dict[str, str], errors: str | None) -> None:
    os.environ.clear()
    os.environ.update(env)
    if errors:
        with Path(errors).open("ab") as log:
            os.dup2(log.fileno(), sys.stderr.fileno())
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
