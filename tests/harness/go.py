"""Programs in Go beside the tests: built once with whatever Go there is, 1.19 or newer."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.harness.broker import NotAvailable

USUAL = Path("/usr/local/go/bin/go")


def build(folder: Path, into: Path) -> Path:
    """The program of a folder with its own go.mod; modules come by their checksums."""
    found = shutil.which("go") or (str(USUAL) if USUAL.exists() else None)
    if found is None:
        raise NotAvailable("no Go toolchain")
    program = into / folder.name
    settings = {"GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    done = subprocess.run(
        [found, "build", "-buildvcs=false", "-o", str(program), "."],
        cwd=folder,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        raise NotAvailable(f"Go cannot build {folder.name}: {done.stderr[-500:]}")
    return program
