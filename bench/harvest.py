"""Whether 200 hits and 200 misses of person lookup can be told apart by status, size or time.

    python -m bench.harvest [--rounds 3]

On API and page, in this process, on SQLite, with the application's own waiting; p is Mann-Whitney's. Ends
with 1 where the median of a door's rounds is not above 0.05 (tests/harness/telling_apart.py).
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from flask.testing import FlaskClient

from bench.facts import keep
from services.blacklist.app import create_app
from services.blacklist.settings import read_settings
from shared.logs import configure_logs
from tests.harness.telling_apart import LEVEL, one_round
from tests.integration.test_harvesting import LOOKUPS, PERSONS, ask, canaries


def door(client: FlaskClient, path: str, rounds: int) -> dict[str, Any]:
    looks, spent = set(), {True: list[float](), False: list[float]()}

    def timed(number: int, hit: bool) -> float:
        seconds, answer = ask(client, path, number, hit=hit)
        looks.add((answer.status_code, answer.content_length))
        spent[hit].append(seconds)
        return seconds

    found = [round(one_round(timed, PERSONS, random.Random()), 3) for _ in range(rounds)]
    hit, miss = (round(1000 * median(spent[each]), 2) for each in (True, False))
    return {"p": found, "median_p": median(found), "looks": len(looks), "hit_ms": hit, "miss_ms": miss}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    configure_logs("ERROR", "bench")
    with tempfile.TemporaryDirectory() as folder:
        world = canaries(Path(folder))
        settings = read_settings({"DATA_DIR": folder})
        client = create_app(settings, world.deps).test_client()
        figures = {path: door(client, path, rounds) for path in LOOKUPS}
        world.db.close()
    for path, told in figures.items():
        times = f"hit {told['hit_ms']} ms, miss {told['miss_ms']} ms"
        print(f"{path}: p {told['p']}, median {told['median_p']}; {times}")
    keep("harvest", figures)
    if any(told["median_p"] <= LEVEL or told["looks"] > 1 for told in figures.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
