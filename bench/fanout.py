"""Many events to twenty receivers each while the worker is killed with -9 at random moments.

    python -m bench.fanout [--events 5000] [--kills 8] [--mode embedded|kafka]

Ends with 1 where somebody did not get theirs, got it under two ids, or a digest was lost or doubled.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from bench.facts import keep
from bench.fault_matrix import means
from tests.harness.fanout import RECEIVERS, Size, fan_out


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=5000)
    options.add_argument("--kills", type=int, default=8)
    options.add_argument("--mode", choices=("embedded", "kafka"), default="embedded")
    options.add_argument("--seed", type=int, default=7)
    given = options.parse_args()
    size = Size(given.events, given.kills, patience=60 + given.events * RECEIVERS / 40, seed=given.seed)
    with tempfile.TemporaryDirectory() as name, means(given.mode) as (where, _):
        env = {"NOTIFIER_DB_URL": where["db_url"], "EVENTS_URL": where["events_url"]} if where else {}
        told = fan_out(Path(name), size, env)
        if told.wrong:
            print((Path(name) / "worker.log").read_text()[-3000:])
    figures = {
        "mode": given.mode,
        "events": given.events,
        "kills": given.kills,
        **asdict(told),
        "receivers_per_second": round(told.receivers / told.seconds),
    }
    print(json.dumps(figures, ensure_ascii=False, indent=1))
    print(keep("fanout", figures))
    return 1 if told.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
