"""How many lines a second `import listings` takes in, beside bare inserts of the same text.

    python -m bench.import_listings [--rows 20000] [--persons 0.1] [--repeats 3]

On SQLite and on PostgreSQL (fsync on), each repeat on a fresh database, with the rows a second of CPU
(the second process's start included, the database server left out); kept in bench/results/.
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Integer, MetaData, Table, Text, insert

from bench.facts import keep, spread
from services.blacklist.register.usecases import import_listings
from services.blacklist.store import Base
from shared.clock import SystemClock
from shared.crypto import KeyRing
from shared.db import Database, open_database
from shared.identifiers import make_resident_id, make_uscc
from shared.process import rest_from_collecting
from tests.harness.database import LocalPostgres, Server

BATCH = 500


def lines(rows: int, persons: float) -> Iterator[str]:
    for serial in range(rows):
        someone = (serial * 7919) % 1000 < persons * 1000
        yield json.dumps(
            _line(serial, _person(serial) if someone else _organisation(serial)), ensure_ascii=False
        )


def _organisation(serial: int) -> dict[str, Any]:
    return {
        "type": "organization",
        "name": f"石家庄示例第{serial}建设工程有限公司",
        "uscc": make_uscc("91130102", serial),
        "legal_representative": "示例人",
    }


def _person(serial: int) -> dict[str, Any]:
    number = make_resident_id("130102", date(1980, 1 + serial % 12, 1 + serial % 28), serial % 1000)
    return {"type": "individual", "name": "张示例", "id_type": "resident-id", "id_number": number}


def _line(serial: int, subject: dict[str, Any]) -> dict[str, Any]:
    return {
        "list_code": "public-resource-blacklist",
        "domain": "engineering-tendering",
        "region": "130102",
        "subject": subject,
        "document": {
            "kind": "penalty-decision",
            "number": f"示罚〔2026〕{serial}号",
            "organ": "石家庄市长安区住房和城乡建设局",
            "date": "2026-05-06",
            "basis": "《中华人民共和国招标投标法》第五十四条",
            "content": "处罚款2.5万元",
            "fine_wan": "2.5",
        },
        "published_on": "2026-05-08",
        "publicity_ends_on": "2029-05-08",
        "source_id": f"old-{serial}",
    }


def timed(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def cpu_seconds() -> float:
    """Of this process and of those it started and saw end; the database server's are not among them."""
    each = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in each)


def bare_inserts(db: Database, texts: list[str]) -> None:
    """The physical limit: the same text put into one table without looking at it."""
    table = Table("bench_lines", MetaData(), Column("id", Integer, primary_key=True), Column("line", Text))
    table.create(db.engine)
    for start in range(0, len(texts), BATCH):
        with db.write() as session:
            session.execute(insert(table), [{"line": text} for text in texts[start : start + BATCH]])


def measure(url: str, texts: list[str], folder: Path) -> dict[str, float]:
    db = open_database(url)
    Base.metadata.create_all(db.engine)
    keyring = KeyRing.load_or_create(folder / "keys.json")
    rows = len(texts)
    bare = timed(lambda: bare_inserts(db, texts))
    busy = cpu_seconds()
    first = timed(lambda: import_listings(db, SystemClock(), keyring, texts))
    busy = cpu_seconds() - busy
    again = timed(lambda: import_listings(db, SystemClock(), keyring, texts))
    db.close()
    return {
        "import_rows_per_second": rows / first,
        "import_rows_per_cpu_second": rows / busy,
        "rerun_rows_per_second": rows / again,
        "bare_insert_rows_per_second": rows / bare,
        "share_of_bare_insert": bare / first,
    }


def repeated(new_url: Callable[[Path], str], texts: list[str], repeats: int) -> dict[str, Any]:
    """Each repeat on a fresh database."""
    runs: list[dict[str, float]] = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as name:
            runs.append(measure(new_url(Path(name)), texts, Path(name)))
    return {name: spread([run[name] for run in runs], digits=3 if "share" in name else 0) for name in runs[0]}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=20_000)
    options.add_argument("--persons", type=float, default=0.1)
    options.add_argument("--repeats", type=int, default=3)
    given = options.parse_args()
    texts = list(lines(given.rows, given.persons))
    rest_from_collecting()  # as the command does
    figures: dict[str, Any] = {"rows": given.rows, "persons": given.persons}
    figures["sqlite"] = repeated(lambda folder: f"sqlite:///{folder}/bench.db", texts, given.repeats)
    server = LocalPostgres(durable=True)
    server.start()
    try:
        fresh = Server(server.url, server.close, "local").fresh
        figures["postgresql"] = repeated(lambda _: fresh(), texts, given.repeats)
    finally:
        server.close()
    print(json.dumps(figures, indent=1))
    for name in ("sqlite", "postgresql"):
        wall, cpu = (figures[name][f"import_rows_per_{each}"]["median"] for each in ("second", "cpu_second"))
        print(f"{name}: {wall:,.0f} rows/s, {cpu:,.0f} rows per CPU second")
    print(keep("import_listings", figures))


if __name__ == "__main__":
    main()
