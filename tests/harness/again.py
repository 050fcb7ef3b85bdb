"""`make test-again`: what failed in the last run once more, alone and in one process.

Tests of running processes share two cores with everything else there; what passes alone lost a race, and is
named so that the race is looked for. What fails again, or too much failing at once, is a fault.
"""

import json
import subprocess
import sys
from pathlib import Path

FAILED = Path(".pytest_cache/v/cache/lastfailed")
MOST = 3


def main() -> int:
    """Exit status as pytest's; 1 where there is nothing, or too much, to try again."""
    failed = sorted(json.loads(FAILED.read_text())) if FAILED.exists() else []
    if not 1 <= len(failed) <= MOST:
        print(f"not tried again: {len(failed)} failed, 1 to {MOST} are", file=sys.stderr)
        return 1
    for name in failed:
        print(f"tried again, alone: {name}", flush=True)
    return subprocess.call([sys.executable, "-m", "pytest", *failed])


if __name__ == "__main__":
    sys.exit(main())
