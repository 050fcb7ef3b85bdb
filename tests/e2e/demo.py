"""`make demo`: the scenario of services/demo.py, then every platform, on fresh data, in the mode asked for.

The mode only chooses addresses; scenario and system are the same. Exits non-zero at a missing outcome.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from services.demo import OutcomeMissing, play
from tests.e2e.every_platform import play_every_platform
from tests.e2e.world import running


@contextmanager
def addresses(mode: str) -> Iterator[dict[str, str]]:
    """Environment of the mode: nothing for embedded, a real broker and database for kafka."""
    if mode == "embedded":
        yield {}
        return
    from tests.harness.production import production_addresses

    with production_addresses() as env:
        yield env


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--mode", choices=("embedded", "kafka"), default="embedded")
    mode = parser.parse_args().mode
    print(f"starting on fresh data, mode {mode} …", flush=True)
    with addresses(mode) as env, running(env) as world:
        print(f"ready after {world.ready_seconds:.1f} s at {world.base}", flush=True)
        try:
            where = (world.base, world.sandbox, world.accounts, lambda text: print(text, flush=True))
            lines = [play(*where), play_every_platform(*where)]
        except OutcomeMissing as missing:
            print(f"\nfailed: {missing}\n{world.logs()}", flush=True)
            return 1
        count, seconds = sum(len(one.steps) for one in lines), sum(one.steps[-1][0] for one in lines)
        print(f"\nall {count} outcomes found in {seconds:.2f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
