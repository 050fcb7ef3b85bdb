"""One whole running system on fresh data, started the way a user starts it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.harness.ports import free_ports
from tests.harness.wait import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 120.0 * PATIENCE
STOP_SECONDS = 10.0 * PATIENCE


@dataclass
class World:
    """Addresses, accounts and the process of a running system."""

    base: str
    sandbox: str
    data_dir: Path
    process: "subprocess.Popen[str]"
    output: list[str]
    ready_seconds: float = 0.0

    @property
    def accounts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads((self.data_dir / "accounts.json").read_text("utf-8"))
        return found

    def logs(self) -> str:
        """The last lines of every process, for a failure message."""
        tails = [
            f"--- {path.name}\n" + "\n".join(path.read_text("utf-8", "replace").splitlines()[-15:])
            for path in sorted((self.data_dir / "logs").glob("*.log"))
        ]
        return "\n".join([*self.output, *tails])


def _collect(world: World, ready: threading.Event) -> None:
    assert world.process.stdout is not None
    for line in world.process.stdout:
        world.output.append(line.rstrip())
        if line.startswith("ready "):
            ready.set()


def start(data_dir: Path, env: Mapping[str, str]) -> World:
    """Start `python -m services` and wait for its ready line."""
    port, sandbox = free_ports(2)
    full = {**os.environ, "DATA_DIR": str(data_dir), "PORT": str(port), "SANDBOX_PORT": str(sandbox), **env}
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "services"],
        cwd=ROOT,
        env=full,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    world = World(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{sandbox}", data_dir, process, [])
    ready = threading.Event()
    threading.Thread(target=_collect, args=(world, ready), daemon=True).start()
    while not ready.wait(0.1):
        if process.poll() is not None or time.monotonic() - begun > READY_SECONDS:
            stop(world)
            raise AssertionError("the system did not become ready\n" + world.logs())
    world.ready_seconds = time.monotonic() - begun
    return world


def stop(world: World) -> float:
    """SIGTERM, as Ctrl-C does; returns the seconds it took."""
    begun = time.monotonic()
    if world.process.poll() is None:
        world.process.send_signal(signal.SIGTERM)
        try:
            world.process.wait(STOP_SECONDS + 5)
        except subprocess.TimeoutExpired:
            os.killpg(world.process.pid, signal.SIGKILL)
            world.process.wait()
    return time.monotonic() - begun


@contextmanager
def running(env: Mapping[str, str] | None = None) -> Iterator[World]:
    """A system on a fresh folder, stopped and removed in the end."""
    with tempfile.TemporaryDirectory(prefix="credit-blacklist-") as folder:
        world = start(Path(folder), env or {})
        try:
            yield world
        finally:
            stop(world)
