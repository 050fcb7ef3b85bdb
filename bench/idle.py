"""What a running system costs while nothing happens: CPU seconds a minute, by process.

    python -m bench.idle [--seconds 60]

Starts the embedded system with its sample world on ports of its own, lets it settle and reads /proc.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from pathlib import Path

from bench.facts import keep
from tests.harness.ports import free_port

SETTLE_SECONDS = 25.0
TICKS = os.sysconf("SC_CLK_TCK")


def started(folder: Path) -> "subprocess.Popen[str]":
    """The system, ready."""
    given = {"PORT": str(free_port()), "SANDBOX_PORT": str(free_port()), "DATA_DIR": str(folder)}
    process = subprocess.Popen(
        [sys.executable, "-m", "services"], env=os.environ | given, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("ready"):
            return process
    raise SystemExit(f"ended with {process.wait()} before it was ready")


def used(folder: Path) -> dict[str, float]:
    """CPU seconds so far of every process over this folder, by what it is."""
    found: dict[str, float] = defaultdict(float)
    mark = f"DATA_DIR={folder}".encode()
    for each in Path("/proc").iterdir():
        try:
            if not each.name.isdigit() or mark not in (each / "environ").read_bytes().split(b"\0"):
                continue
            command = (each / "cmdline").read_text().split("\0")
            fields = (each / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        found[_called(command)] += (int(fields[11]) + int(fields[12])) / TICKS
    return dict(found)


def _called(command: list[str]) -> str:
    words = command[command.index("-m") + 1 :] if "-m" in command else command
    if words[0] != "gunicorn":
        return " ".join(words).strip()
    return "site" if "services.__main__:build_site()" in words else "sandbox"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        process = started(folder)
        pause = threading.Event()
        try:
            pause.wait(SETTLE_SECONDS)
            before = used(folder)
            pause.wait(seconds)
            after = used(folder)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
    spent = {each: round(100 * (after[each] - before.get(each, 0.0)) / seconds, 2) for each in after}
    spent["together"] = round(sum(spent.values()), 2)
    for each, share in sorted(spent.items()):
        print(f"{each:<30} {share:6.2f} % of one core")
    keep("idle", {"seconds": seconds, "percent_of_one_core": spent})


if __name__ == "__main__":
    main()
