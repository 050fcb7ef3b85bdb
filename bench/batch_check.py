"""Batch checks: a thousand by API and a hundred thousand by file, on a register of a million names.

    python -m bench.batch_check [--size 1000000] [--engine sqlite|postgresql] [--rows 100000] [--db URL]

Times are of the whole request (checking the body, asking, writing the answer) and of the whole job (reading
the table in its child process, checking, sealing); `--db` uses a register filled before with the same size.
"""

import argparse
import io
import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import make_url

from bench._names import Generator, Name
from bench.facts import keep
from bench.search import BUFFERS, FORMER_SHARE, World, fill, questions, said
from services.blacklist.app import create_app, open_deps
from services.blacklist.checks.usecases.receiving import Upload, receive_job
from services.blacklist.checks.usecases.results import FORMS, result_of, write_result
from services.blacklist.checks.usecases.running import CheckJobs
from services.blacklist.settings import read_settings
from services.blacklist.store import Deps
from shared.db import migrate
from shared.identifiers import make_uscc
from shared.loops import drain
from tests.harness.database import LocalPostgres, Server

BY_API = 1000
NOWHERE = {"domain": "engineering-tendering", "region": "130102", "action": "ban-bidding"}


def timed(work: Callable[[], Any]) -> dict[str, Any]:
    """Wall and CPU seconds, own process and children."""
    started, busy = time.perf_counter(), os.times()
    found = work()
    spent, now = time.perf_counter() - started, os.times()
    cpu = sum(now[:4]) - sum(busy[:4])
    return {"wall_s": round(spent, 2), "cpu_s": round(cpu, 2)} | (found or {})


def by_api(client: FlaskClient, entities: Sequence[dict[str, str]]) -> dict[str, Any]:
    answer = client.post("/api/v1/register/check", json={"entities": list(entities), "purpose": NOWHERE})
    if answer.status_code != 200:
        raise RuntimeError(answer.text)
    verdicts = [each["verdict"] for each in answer.get_json()["items"]]
    return {verdict: verdicts.count(verdict) for verdict in ("listed", "possible", "none")}


def by_file(deps: Deps, names: Sequence[str]) -> dict[str, Any]:
    content = "企业名称\n" + "\n".join(names)
    upload = Upload("bench.csv", content.encode(), dict(NOWHERE), None, True, "192.0.2.1")
    _, code = receive_job(deps, upload, None)
    loop = CheckJobs(deps, "bench")

    def work() -> dict[str, Any]:
        drain([loop])
        with deps.db.read() as session:
            job = result_of(session, deps, code, None)
            return {"rows": job.done_rows, "listed": job.listed_rows, "possible": job.possible_rows}

    figures = timed(work)
    loop.close()
    figures["results"] = {form: timed(partial(_result, deps, code, form)) for form in FORMS}
    return figures


def _result(deps: Deps, code: str, form: str) -> dict[str, Any]:
    file = io.BytesIO()
    with deps.db.read() as session:
        write_result(session, deps, result_of(session, deps, code, None), form, file)
    return {"bytes": len(file.getvalue())}


def measure(url: str, folder: Path, given: argparse.Namespace, *, filled: bool) -> dict[str, Any]:
    generator = Generator(given.size)
    names: list[Name] = list(generator.names(given.size))
    settings = read_settings({"DATA_DIR": str(folder), "BLACKLIST_DB_URL": url})
    migrate(url, "services.blacklist")
    deps = open_deps(settings)
    rng = random.Random(3)
    if not filled:
        some = rng.sample(range(given.size), max(500, int(given.size * FORMER_SHARE)))
        fill(deps.db, names, {serial: generator.one() for serial in some})
        said("filled and indexed")
    world = World(deps.db, names, {})
    client = create_app(settings, deps).test_client()
    exact = [{"name": names[rng.randrange(given.size)].text} for _ in range(BY_API)]
    codes = [{"uscc": make_uscc("91130102", rng.randrange(given.size))} for _ in range(BY_API)]
    figures: dict[str, Any] = {"names": given.size, "api": {}}
    asked = {"exact": exact, "code": codes} | {
        kind: [{"name": text} for text, _ in questions(world, kind, BY_API, rng)]
        for kind in ("sub1", "del1", "swap")
    }
    for kind, entities in asked.items():
        figures["api"][kind] = timed(partial(by_api, client, entities))
    print(json.dumps(figures, ensure_ascii=False, indent=1), flush=True)
    whole = [names[rng.randrange(given.size)].text for _ in range(given.rows)]
    figures["file_exact"] = by_file(deps, whole)
    said("exact file checked")
    figures["file_fuzzy"] = by_file(deps, [text for text, _ in questions(world, "sub1", given.rows, rng)])
    deps.db.close()
    return figures


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--size", type=int, default=1_000_000)
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    options.add_argument("--db", help="a register filled before, with the same --size")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.db or given.engine == "sqlite":
            url = given.db or f"sqlite:///{folder}/bench.db"
            figures = measure(url, Path(folder), given, filled=bool(given.db))
        else:
            server = LocalPostgres(durable=True, buffers=BUFFERS)
            server.start()
            try:
                fresh = Server(server.url, server.close, "local").fresh()
                figures = measure(fresh, Path(folder), given, filled=False)
            finally:
                server.close()
    engine = make_url(given.db).get_backend_name() if given.db else given.engine
    print(json.dumps(figures, ensure_ascii=False, indent=1))
    print(keep("batch_check", {f"{engine}_{given.size}": figures}))
    print(f"{engine}, {given.size:,} names; wall (CPU) seconds")
    for kind, found in figures["api"].items():
        print(f"  {BY_API} by API, {kind}: {found['wall_s']} ({found['cpu_s']})")
    for kind in ("file_exact", "file_fuzzy"):
        found = figures[kind]
        print(f"  {found['rows']:,} by {kind}: {found['wall_s']} ({found['cpu_s']})")


if __name__ == "__main__":
    main()
