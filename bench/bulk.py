"""How long two people's bulk acts take to make imported penalties public, and what one act costs.

    python -m bench.bulk [--cases 2000] [--repeats 1]

On SQLite and on PostgreSQL (fsync on), each repeat on a fresh database; kept in bench/results/.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench.facts import keep, spread
from services.blacklist.cases.models import Case
from services.blacklist.cases.usecases.bulk import take_many
from services.blacklist.register.models import Listing
from shared.clock import FixedClock
from shared.db import open_database
from shared.identifiers import make_uscc
from tests.harness.database import LocalPostgres, Server
from tests.unit.blacklist.case_office import Office, filing, open_office

ACTS = (("submit", "clerk"), ("confirm_decision", "reviewer"), ("publish", "decider"))
AT = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)


def filed(office: Office, count: int) -> list[tuple[str, int]]:
    """Cases as an import leaves them: drafts of one clerk."""
    items = []
    for serial in range(count):
        content = filing(
            list_code="penalty-publication",
            subject={"name": f"石门测试第{serial}有限公司", "uscc": make_uscc("91130102", serial)},
            document={"number": f"长住建罚〔2026〕{serial}号"},
        )
        items.append((office.file(content).id, 1))
    return items


def measure(url: str, cases: int, folder: Path) -> dict[str, float]:
    db = open_database(url)
    office = open_office(db, folder, FixedClock(AT))
    items, took = filed(office, cases), {}
    for action, by in ACTS:
        began, busy = time.perf_counter(), time.process_time()
        rows = take_many(office.deps, action, items, {}, actor=office.people[by], at=AT)
        took[f"{action}_seconds"] = time.perf_counter() - began
        took[f"{action}_cpu_seconds"] = time.process_time() - busy
        refused = [row.refused for row in rows if row.refused]
        if refused:
            raise SystemExit(f"{action}: {refused[0]}")
        items = [(row.case.id, row.case.version) for row in rows if row.case]
    with db.read() as session:
        public = session.scalar(select(func.count()).select_from(Listing))
        held = session.scalar(select(func.count()).where(Case.state == "published"))
    if (public, held) != (cases, cases):
        raise SystemExit(f"only {public} listings and {held} published cases of {cases}")
    db.close()
    return took


def repeated(new_url: Callable[[Path], str], cases: int, repeats: int) -> dict[str, Any]:
    runs = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as name:
            runs.append(measure(new_url(Path(name)), cases, Path(name)))
    return {name: spread([run[name] for run in runs], digits=2) for name in runs[0]}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=2000)
    options.add_argument("--repeats", type=int, default=1)
    given = options.parse_args()
    figures: dict[str, Any] = {"cases": given.cases}
    figures["sqlite"] = repeated(lambda folder: f"sqlite:///{folder}/bench.db", given.cases, given.repeats)
    server = LocalPostgres(durable=True)
    server.start()
    try:
        fresh = Server(server.url, server.close, "local").fresh
        figures["postgresql"] = repeated(lambda _: fresh(), given.cases, given.repeats)
    finally:
        server.close()
    print(json.dumps(figures, indent=1))
    print(keep("bulk", figures))


if __name__ == "__main__":
    main()
