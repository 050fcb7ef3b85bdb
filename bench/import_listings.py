"""How many lines a second `import listings` takes in, beside reading the same file and bare inserts.

    python -m bench.import_listings [--rows 20000] [--persons 0.1] [--url postgresql+psycopg://…]

Writes bench/results/import_listings-<database>.json. Run it a few times: on two cores figures vary by 30 %.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Integer, MetaData, Table, Text, insert

from services.blacklist.register.usecases import import_listings
from services.blacklist.store import Base
from shared.clock import SystemClock
from shared.crypto import KeyRing
from shared.db import Database, open_database
from shared.identifiers import make_resident_id, make_uscc

RESULTS = Path(__file__).parent / "results"
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


def bare_inserts(db: Database, texts: list[str]) -> None:
    """The physical limit: the same text put into one table without looking at it."""
    table = Table("bench_lines", MetaData(), Column("id", Integer, primary_key=True), Column("line", Text))
    table.create(db.engine)
    for start in range(0, len(texts), BATCH):
        with db.write() as session:
            session.execute(insert(table), [{"line": text} for text in texts[start : start + BATCH]])


def measure(url: str, rows: int, persons: float, folder: Path) -> dict[str, Any]:
    texts = list(lines(rows, persons))
    db = open_database(url)
    Base.metadata.create_all(db.engine)
    keyring = KeyRing.load_or_create(folder / "keys.json")
    parsing = timed(lambda: [json.loads(text) for text in texts])
    bare = timed(lambda: bare_inserts(db, texts))
    first = timed(lambda: import_listings(db, SystemClock(), keyring, texts))
    again = timed(lambda: import_listings(db, SystemClock(), keyring, texts))
    db.close()
    return {
        "rows": rows,
        "persons": persons,
        "import_rows_per_second": round(rows / first),
        "rerun_rows_per_second": round(rows / again),
        "bare_insert_rows_per_second": round(rows / bare),
        "parse_rows_per_second": round(rows / parsing),
        "share_of_bare_insert": round(bare / first, 3),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=20_000)
    options.add_argument("--persons", type=float, default=0.1)
    options.add_argument("--url", default="")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        url = given.url or f"sqlite:///{name}/bench.db"
        figures = measure(url, given.rows, given.persons, Path(name))
    database = url.split(":", 1)[0].split("+", 1)[0]
    result = {
        "bench": "import_listings",
        "database": database,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "load": os.getloadavg()[0], "python": platform.python_version()},
        **figures,
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(result, ensure_ascii=False, indent=2)
    (RESULTS / f"import_listings-{database}.json").write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
