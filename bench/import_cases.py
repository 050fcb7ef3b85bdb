"""How long a 100,000-row sheet takes to preview with all its errors, and how fast its rows become cases.

    python -m bench.import_cases [--rows 100000] [--bad 0.05] [--only sqlite|postgresql]

On SQLite and on PostgreSQL (fsync on), with the peak memory of the worker; kept in bench/results/.
"""

import argparse
import csv
import io
import json
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench.facts import keep
from services.blacklist.cases.models import Case, CaseImport
from services.blacklist.cases.usecases.imports import Imports, SheetUpload, confirm_import, receive_import
from shared.clock import FixedClock
from shared.db import open_database
from shared.identifiers import make_resident_id, make_uscc
from shared.process import rest_from_collecting
from tests.harness.database import LocalPostgres, Server
from tests.unit.blacklist.case_office import Office, open_office

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HEADINGS = [
    *("CF_XDR_MC", "CF_XDR_LB", "CF_XDR_SHXYM", "CF_FRDB", "CF_XDR_ZJLX", "CF_XDR_ZJHM"),
    *("CF_WSH", "CF_WFXW", "CF_SY", "CF_YJ", "CF_CFLB", "CF_NR", "CF_NR_FK", "CF_JDRQ"),
    *("CF_CFJG", "CF_CFJGDM", "CF_SJLY", "CF_SJLYDM"),
]


def sheet(rows: int, bad: float) -> bytes:
    """A CSV of made-up penalties: one person in ten, and the share of bad rows asked for."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADINGS)
    for serial in range(rows):
        writer.writerow(_row(serial, wrong=(serial * 7919) % 1000 < bad * 1000))
    return text.getvalue().encode()


def _row(serial: int, *, wrong: bool) -> list[str]:
    if serial % 10 == 3:
        number = make_resident_id("130102", date(1980, 1 + serial % 12, 1 + serial % 28), serial % 1000)
        subject = ["张示例", "自然人", "", "", "身份证", number]
    else:
        code = make_uscc("91130102", serial)
        subject = [f"石家庄示例第{serial}有限公司", "法人及非法人组织", code, "示例人", "", ""]
    facts = [f"示罚〔2026〕{serial}号", "围标串标", "在投标中串通报价", "《招标投标法》第五十三条"]
    day = "2026年13月40日" if wrong else "2026/11/02"
    organ = ["示例局", make_uscc("11130102", 3)]
    return [*subject, *facts, "罚款", "罚款2.5万元", "2.5", day, *organ, *organ]


def measure(url: str, content: bytes, folder: Path) -> dict[str, Any]:
    db = open_database(url)
    office = open_office(db, folder, FixedClock(AT))
    loop = Imports(office.deps, "bench")
    clerk = office.people["clerk"]
    with db.write() as session:
        upload = SheetUpload("a.csv", content, "penalty-publication", "other", None)
        import_id = receive_import(session, office.deps, upload, actor=clerk, at=AT).id
    preview, preview_cpu = timed(loop)
    counts = counted(office, import_id)
    with db.write() as session:
        confirm_import(session, import_id, actor=clerk, at=AT)
    filing, filing_cpu = timed(loop)
    with db.read() as session:
        cases = session.scalar(select(func.count()).select_from(Case))
    db.close()
    if cases != counts["good"]:
        raise SystemExit(f"{cases} cases of {counts['good']} good rows")
    return {
        **counts,
        "preview_seconds": round(preview, 1),
        "preview_cpu_seconds": round(preview_cpu, 1),
        "filing_seconds": round(filing, 1),
        "filing_cpu_seconds": round(filing_cpu, 1),
        "cases_per_second": round(counts["good"] / filing),
        "cases_per_cpu_second": round(counts["good"] / filing_cpu),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def timed(loop: Imports) -> tuple[float, float]:
    began, busy = time.perf_counter(), time.process_time()
    for _ in steps(loop):
        pass
    return time.perf_counter() - began, time.process_time() - busy


def steps(loop: Imports) -> Iterator[None]:
    while loop.step():
        yield


def counted(office: Office, import_id: str) -> dict[str, int]:
    with office.deps.db.read() as session:
        row = session.get_one(CaseImport, import_id)
        return {"rows": row.total_rows, "good": row.good_rows, "bad": row.bad_rows}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--bad", type=float, default=0.05)
    options.add_argument("--only", choices=("sqlite", "postgresql"))
    given = options.parse_args()
    content, figures = sheet(given.rows, given.bad), {}
    rest_from_collecting()  # as the worker's process does
    if given.only != "postgresql":
        with tempfile.TemporaryDirectory() as name:
            figures["sqlite"] = measure(f"sqlite:///{name}/bench.db", content, Path(name))
    if given.only != "sqlite":
        figures["postgresql"] = on_postgres(content)
    print(json.dumps(figures, indent=1))
    print(keep("import_cases", figures))


def on_postgres(content: bytes) -> dict[str, Any]:
    server = LocalPostgres(durable=True)
    server.start()
    try:
        with tempfile.TemporaryDirectory() as name:
            return measure(Server(server.url, server.close, "local").fresh(), content, Path(name))
    finally:
        server.close()


if __name__ == "__main__":
    main()
