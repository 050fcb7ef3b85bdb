"""How long an act waits until the trail's chain holds it, with the worker's loop on a connection of its own.

python -m bench.audit_chain [--acts 40]
"""

import argparse
import statistics
import tempfile
import threading
import time
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import select

from bench.facts import keep
from services.blacklist.audit.models import AuditPending
from services.blacklist.audit.usecases import AuditChain, record
from services.blacklist.store import Base, leases
from shared.db import Database, open_database
from shared.db.wakeup import commits_of
from shared.loops import run
from tests.harness.database import LocalPostgres, Server

PAUSES = (0.05, 0.3, 1.7, 3.0)
"""Between acts, so that the loop is met at work and deep in its longest rest."""
LOOK = 0.002


def waited(url: str, acts: int) -> dict[str, float]:
    writer, worker, stop = open_database(url), open_database(url), threading.Event()
    Base.metadata.create_all(writer.engine)
    loop = AuditChain(worker, leases, "bench")
    thread = threading.Thread(target=run, args=([loop], stop), kwargs={"news": partial(commits_of, worker)})
    thread.start()
    took = [_one(writer, number) for number in range(acts)]
    stop.set()
    thread.join()
    writer.close()
    worker.close()
    return {"median_ms": round(1000 * statistics.median(took), 1), "worst_ms": round(1000 * max(took), 1)}


def _one(db: Database, number: int) -> float:
    threading.Event().wait(PAUSES[number % len(PAUSES)])
    with db.write() as session:
        record(
            session, actor=None, action="x", object_type="case", object_id=str(number), detail={},
            at=datetime.now(UTC),
        )  # fmt: skip
    began = time.perf_counter()
    while _waiting(db):
        threading.Event().wait(LOOK)
    return time.perf_counter() - began


def _waiting(db: Database) -> bool:
    with db.read() as session:
        return session.scalars(select(AuditPending.entry_id).limit(1)).first() is not None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--acts", type=int, default=40)
    acts = parser.parse_args().acts
    with tempfile.TemporaryDirectory() as folder:
        figures = {"sqlite": waited(f"sqlite:///{folder}/chain.db", acts)}
    server = LocalPostgres(durable=True)
    server.start()
    try:
        fresh = Server(server.url, server.close, "local").fresh
        figures["postgresql"] = waited(fresh(), acts)
    finally:
        server.close()
    for engine, found in figures.items():
        print(f"{engine:<12} median {found['median_ms']:6.1f} ms, worst {found['worst_ms']:6.1f} ms")
    keep("audit_chain", figures)


if __name__ == "__main__":
    main()
