"""Ten platforms, one of them hanging and one breaking: how much later the other eight get theirs.

    python -m bench.bulkheads [--listings 150] [--rate 15]

The same stream twice, first with all ten well. A delivery's time runs from the event's being in the log to
the receipt's row. SQLite and the SQL log, one worker's loops in this process.
"""

import argparse
import json
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select

from bench.facts import keep, percentile
from services.credit_push import app as wiring
from services.credit_push.catalogue import Breaker
from services.credit_push.models import Attempt, Delivery, metadata
from services.credit_push.settings import read_settings
from services.credit_push.worker import build_loops
from shared.eventlog import open_log
from shared.loops import run
from shared.process import rest_from_collecting
from tests.harness.counting import Stub, stubs
from tests.harness.platforms import EXCHANGE, Listing
from tests.harness.wait import until

BAD = {"platform-0": "hangs", "platform-1": "breaks"}


def stream(folder: Path, made: list[Stub], listings: int, rate: float, *, trouble: bool) -> dict[str, float]:
    """Percentiles in milliseconds over the eight that are well in both runs."""
    settings = read_settings({"DATA_DIR": str(folder)})
    opened = wiring.open_deps(settings)
    metadata.create_all(opened.db.engine)
    model, catalogue = opened.catalogue["credit-quanzhou"], {}
    for number, stub in enumerate(made):
        name = f"platform-{number}"
        stub.rows, stub.mood = [], BAD.get(name, "well") if trouble else "well"
        profile = stub.like(model, name, Breaker())
        catalogue[name] = replace(profile, transport=replace(profile.transport, timeout_seconds=5.0))
    deps = replace(opened, catalogue=catalogue)
    log = open_log(settings.common.events_url)
    loops = build_loops(deps, log, wiring.open_ways(settings, deps), settings.holder)
    stop = threading.Event()
    worker = threading.Thread(target=run, args=(loops, stop), daemon=True)
    worker.start()
    made_at: dict[str, float] = {}
    for number in range(listings):
        listing = Listing(deps.keyring)
        log.append([listing.event("published").to_record(EXCHANGE)])
        made_at[listing.id] = time.time()
        stop.wait(1 / rate if number < listings - 1 else 0)
    well = [stub for stub in made if stub.mood == "well"]
    until(lambda: all(len(stub.rows) == listings for stub in well), 120, "the well ones have all", every=0.1)
    stop.wait(1.0)
    with deps.db.read() as session:
        query = select(Delivery.listing_id, Delivery.platform, Attempt.at).join(
            Attempt, Attempt.delivery_id == Delivery.id
        )
        filed = session.execute(query.where(Attempt.outcome == "filed")).all()
    waits = [(at.timestamp() - made_at[id_]) * 1000 for id_, name, at in filed if name not in BAD]
    stop.set()
    worker.join(20)
    log.close()
    deps.db.close()
    return {"p50_ms": percentile(waits, 0.5), "p99_ms": percentile(waits, 0.99), "deliveries": len(waits)}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--listings", type=int, default=150)
    options.add_argument("--rate", type=float, default=15)
    given = options.parse_args()
    rest_from_collecting()
    with tempfile.TemporaryDirectory() as name, stubs(10) as made:
        runs = {}
        for label, trouble in (("all_well", False), ("one_hangs_one_breaks", True)):
            folder = Path(name) / label
            folder.mkdir()
            runs[label] = stream(folder, made, given.listings, given.rate, trouble=trouble)
        asked = sum(stub.posts + stub.questions for stub in made[:2])
    base, bad = runs["all_well"], runs["one_hangs_one_breaks"]
    figures = {**runs, "p99_ratio": bad["p99_ms"] / base["p99_ms"], "bad_ones_asked_in_both_runs": asked}
    print(json.dumps(figures, indent=1))
    print(keep("bulkheads", figures))


if __name__ == "__main__":
    main()
