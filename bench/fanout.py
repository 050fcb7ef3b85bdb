"""Many events to twenty receivers each while the worker is killed with -9 at random moments.

    python -m bench.fanout [--events 5000] [--kills 8] [--mode embedded|kafka] [--minutes 60]

The last line is the verdict. Ends with 1 where somebody did not get theirs, got it under two ids, or a digest
was lost or doubled, and where it did not end in so many minutes.
"""

import argparse
import os
import signal
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

from bench.facts import keep
from bench.fault_matrix import means
from tests.harness.fanout import RECEIVERS, Size, Told, fan_out


def out_of_time(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError("it did not end in the minutes it was given")


def run(given: argparse.Namespace) -> Told:
    """What was seen; the end of the worker's log is printed where something is wrong."""
    size = Size(given.events, given.kills, patience=60 + given.events * RECEIVERS / 40, seed=given.seed)
    with tempfile.TemporaryDirectory() as name, means(given.mode) as (where, _):
        env = {"NOTIFIER_DB_URL": where["db_url"], "EVENTS_URL": where["events_url"]} if where else {}
        told: Told | None = None
        try:
            told = fan_out(Path(name), size, env)
        finally:
            log = Path(name) / "worker.log"
            if (told is None or told.wrong) and log.exists():
                print(log.read_text("utf-8", "replace")[-3000:])
    return told


def verdict(told: Told, given: argparse.Namespace) -> str:
    kept = "all kept" if not told.wrong else "WRONG: " + "; ".join(told.wrong)
    size = f"{given.events:,} events, {told.receivers:,} receivers, {given.kills} kills"
    seen = f"{told.repeated:,} repeats under the same id, {told.digests} digests, {told.seconds:.0f} s"
    return f"fanout {given.mode}: {kept}. {size}, {seen}"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=5000)
    options.add_argument("--kills", type=int, default=8)
    options.add_argument("--mode", choices=("embedded", "kafka"), default="embedded")
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--minutes", type=int, default=60)
    given = options.parse_args()
    signal.signal(signal.SIGALRM, out_of_time)
    signal.alarm(max(given.minutes, 1) * 60)
    try:
        told = run(given)
    except (AssertionError, TimeoutError) as error:
        print(f"fanout {given.mode}: NOT ENDED. {str(error)[:500]}")
        return 1
    signal.alarm(0)
    figures: dict[str, Any] = {
        "mode": given.mode,
        "events": given.events,
        "kills": given.kills,
        **asdict(told),
        "receivers_per_second": round(told.receivers / told.seconds),
        "load": round(os.getloadavg()[2], 1),
    }
    print(keep("fanout", figures))
    print(verdict(told, given))
    return 1 if told.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
