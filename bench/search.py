"""How well and how fast names are found, on SQLite and on PostgreSQL, in process and over HTTP.

    python -m bench.search [--sizes 20000 100000] [--engines sqlite postgresql] [--queries 400] [--no-http]
    python -m bench.search --only-http …    only what is asked over HTTP, at a third of the time

Each part says when it is done; what was found is said once more, in a few lines, at the end.
A million names want 3 GB of memory and 4 GB of disk, ten million (PostgreSQL) 12 and 40 in TMPDIR.
The names are made up with the skew of real ones (bench/_names.py). A question is ambiguous when another name
of the list fits it as well, found by brute force and not by the engine; top-1 is asked of the others only.
"""

import argparse
import gc
import json
import os
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from bench._fits import fitting
from bench._names import KINDS, Generator, Name, near_miss
from bench._serving import served
from bench.facts import keep, percentile
from services.blacklist.public.projection import project
from services.blacklist.register.domain.names import full_key
from services.blacklist.register.index import ENGINES, name_unnamed, reindex
from services.blacklist.register.index.upkeep import count_grams
from services.blacklist.register.models import LISTINGS
from services.blacklist.register.queries import Criteria, search
from shared.db import Database, add_rows, migrate, open_database
from shared.identifiers import make_uscc
from tests.harness.database import LocalPostgres, Server

TODAY = date(2026, 11, 2)
AT = datetime(2026, 11, 2, 2, tzinfo=UTC)
BLOCK = 2000
FORMER_SHARE = 0.05
NEAR_MISSES = 10_000
ROLE = "bench_public"
BUFFERS = f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') // 4 >> 20}MB"
"""PostgreSQL's own cache, a quarter of the memory as docs/operations.md advises; at its default of 128 MB a
question costs it twice as much.
"""
_EMPTY: dict[str, Any] = {column.key: None for column in LISTINGS.columns}


@dataclass
class World:
    """A filled register and what stands in it."""

    db: Database
    names: list[Name]
    former: dict[int, Name]
    figures: dict[str, Any] = field(default_factory=dict)


def listing(serial: int, name: str, former: Sequence[str] = ()) -> dict[str, Any]:
    facts = {
        "list": {"name": "公共资源配置领域黑名单", "basis": "国办发〔2017〕97号"},
        "organ": {"name": "石家庄市长安区住房和城乡建设局", "uscc": None},
        "document": {"number": f"示罚〔2026〕{serial}号", "date": "2026-05-06"},
        "subject": {"type": "organization", "name": name, "former_names": list(former)},
    }
    return _EMPTY | {
        "id": f"{serial:036d}", "version": 1, "sequence": 1, "public_sequence": 1,
        "list_code": "public-resource-blacklist", "list_class": "industry-misconduct",
        "domain": "engineering-tendering", "region": "130102", "subject_type": "organization",
        "subject_name": name, "uscc": make_uscc("91130102", serial), "disclosure": "proactive",
        "facts": facts, "document_number": f"示罚〔2026〕{serial}号", "identity": {},
        "listed_on": TODAY, "public_start": TODAY,
        "public_max_end": date(2029, 11, 2), "public_until": date(2029, 11, 2), "published_at": AT,
        "changed_at": AT, "migrated": True,
    }  # fmt: skip


def fill(db: Database, names: Sequence[Name], former: dict[int, Name]) -> dict[str, float]:
    """Listings first; then, timed, the names they are found by with their index, as `reindex` makes them."""
    for start in range(0, len(names), BLOCK):
        with db.write() as session:
            add_rows(session, LISTINGS, _listing_rows(names, former, start))
    started, busy = time.perf_counter(), _cpu()
    name_unnamed(db, ENGINES[db.dialect])
    count_grams(db, ENGINES[db.dialect])
    spent = time.perf_counter() - started
    return {"index_build_s": round(spent, 1), "index_build_cpu_s": round(_cpu() - busy, 1)}


def settle(db: Database) -> None:
    """What autovacuum does soon after an import: else it does so while the first questions are asked."""
    if db.dialect == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
            connection.exec_driver_sql("CHECKPOINT")


def _cpu() -> float:
    """Of this process and of those it waited for; not of a database server."""
    return sum(os.times()[:4])


def _listing_rows(names: Sequence[Name], former: dict[int, Name], start: int) -> Iterator[dict[str, Any]]:
    for serial in range(start, min(start + BLOCK, len(names))):
        before = former.get(serial)
        yield listing(serial, names[serial].text, [before.text] if before else [])


def questions(world: World, kind: str, count: int, rng: random.Random) -> list[tuple[str, int]]:
    """Questions of one kind and the serial meant; none so short that only exact search answers."""
    asked: list[tuple[str, int]] = []
    if kind == "former":
        return [(name.text, serial) for serial, name in rng.sample(sorted(world.former.items()), count)]
    for serial in rng.sample(range(len(world.names)), min(len(world.names), 4 * count)):
        text = KINDS[kind](world.names[serial], rng)
        if (len(full_key(text)) > 2 and text != world.names[serial].text) or kind in (
            "exact",
            "fullwidth",
            "trad",
        ):
            asked.append((text, serial))
        if len(asked) == count:
            break
    return asked


def answer(db: Database, text: str, limit: int = 10) -> list[dict[str, Any]]:
    with db.read() as session:
        return search(session, Criteria(q=text), TODAY, limit=limit)[:limit]


@dataclass
class Tally:
    """What one kind of question came to."""

    asked: int = 0
    found: int = 0
    fair: int = 0
    fair_found: int = 0
    clear: int = 0
    first: int = 0
    ms: list[float] = field(default_factory=list)
    scores: list[tuple[float, bool]] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        return {
            "asked": self.asked,
            "recall_at_10": _share(self.fair_found, self.fair),
            "recall_at_10_of_all": _share(self.found, self.asked),
            "fits_more_than_ten": self.asked - self.fair,
            "top1_where_clear": _share(self.first, self.clear),
            "clear": self.clear,
            "p50_ms": round(percentile(self.ms, 0.5), 2),
            "p99_ms": round(percentile(self.ms, 0.99), 2),
        }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def quality(world: World, count: int) -> tuple[dict[str, Any], list[tuple[float, bool]]]:
    rng = random.Random(7)
    asked = {kind: questions(world, kind, count, rng) for kind in (*KINDS, "former")}
    fits = fitting(world.names, asked)
    kinds: dict[str, Any] = {}
    scores: list[tuple[float, bool]] = []
    for kind, pairs in asked.items():
        for text, _ in pairs[:20]:
            answer(world.db, text)
        tally = Tally()
        for text, serial in pairs:
            _judge(tally, world, text, serial, fits.get((kind, text), 1))
        kinds[kind] = tally.shown()
        scores += tally.scores
    return kinds, scores


def _judge(tally: Tally, world: World, text: str, serial: int, fits: int) -> None:
    started = time.perf_counter()
    rows = answer(world.db, text)
    tally.ms.append((time.perf_counter() - started) * 1000)
    ids = [int(row["id"]) for row in rows]
    tally.asked += 1
    tally.found += serial in ids
    if fits <= 10:
        tally.fair += 1
        tally.fair_found += serial in ids
    if fits == 1:
        tally.clear += 1
        tally.first += ids[:1] == [serial]
    tally.scores += [(row["score"], int(row["id"]) == serial) for row in rows[:1]]


def near_misses(
    world: World, generator: Generator, count: int
) -> tuple[dict[str, Any], list[tuple[float, bool]]]:
    """Names nobody bears: place, trade and form of a listed firm, another brand; a hit is wrong."""
    known = {full_key(name.text) for name in world.names} | {full_key(n.text) for n in world.former.values()}
    listed = possible = strong = asked = 0
    rng, scores = random.Random(11), list[tuple[float, bool]]()
    while asked < count:
        made = near_miss(world.names[rng.randrange(len(world.names))], generator).text
        if full_key(made) in known:
            continue
        rows = answer(world.db, made, 1)
        asked += 1
        listed += any(row["verdict"] == "listed" for row in rows)
        possible += bool(rows)
        strong += any(row["score"] >= 0.5 for row in rows)
        scores += [(row["score"], False) for row in rows]
    return {"asked": asked, "listed": listed, "possible": possible, "possible_at_0.5": strong}, scores


def curve(scores: Sequence[tuple[float, bool]], asked: int) -> list[dict[str, Any]]:
    """For every threshold: of the first hits from it on, near misses' too, how many are meant; of what was
    meant (`asked`, without near misses), how much.
    """
    lines = []
    for step in range(20):
        at = step / 20
        above = [good for score, good in scores if score >= at]
        good = sum(above)
        lines.append(
            {
                "score": at,
                "hits": len(above),
                "precision": _share(good, len(above)),
                "recall": _share(good, asked),
            }
        )
    return lines


def calibration(
    scores: Sequence[tuple[float, bool]], wrong: Sequence[tuple[float, bool]]
) -> list[dict[str, Any]]:
    """Of the first hits within each band of scores, the share that was meant; near misses beside."""
    lines = []
    for low in range(0, 100, 10):
        inside = range(10 * low, 10 * low + 100)
        band = [good for score, good in scores if round(1000 * score) in inside]
        near = sum(round(1000 * score) in inside for score, _ in wrong)
        share = _share(sum(band), len(band))
        lines.append({"from": low / 100, "hits": len(band), "meant": share, "near_misses": near})
    return lines


def measure(url: str, size: int, given: argparse.Namespace) -> dict[str, Any]:
    generator = Generator(size)
    names = list(generator.names(size))
    rng = random.Random(3)
    former = {
        serial: generator.one() for serial in rng.sample(range(size), max(500, int(size * FORMER_SHARE)))
    }
    migrate(url, "services.blacklist")
    db = open_database(url)
    said("listings and names are made")
    figures: dict[str, Any] = {"names": size, **fill(db, names, former)}
    settle(db)
    said("filled and indexed")
    world = World(db, names, former)
    gc.freeze()
    if not given.only_http:
        figures |= asked_in_process(world, generator, given)
        said("asked in process")
    if given.http:
        figures["http"] = over_http(url, world)
        said("asked over HTTP")
    if given.reindex and not given.only_http:
        started = time.perf_counter()
        reindex(db, ENGINES[db.dialect])
        figures["reindex_s"] = round(time.perf_counter() - started, 1)
    figures["max_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    db.close()
    return figures


def asked_in_process(world: World, generator: Generator, given: argparse.Namespace) -> dict[str, Any]:
    kinds, scores = quality(world, given.queries)
    near, wrong = near_misses(world, generator, given.near_misses)
    asked = sum(each["asked"] for each in kinds.values())
    return {
        "kinds": kinds,
        "near_misses": near,
        "curve": curve([*scores, *wrong], asked),
        "calibration": calibration(scores, wrong),
    }


def said(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}, load {os.getloadavg()[0]:.1f}", flush=True)


def summary(where: str, found: dict[str, Any]) -> Iterator[str]:
    """What a reader looks for, a line each."""
    yield f"{where}: index built in {found['index_build_s']} s ({found['index_build_cpu_s']} s of CPU)"
    if kinds := found.get("kinds"):
        lines = (f"{kind} {each['recall_at_10']}/{each['top1_where_clear']}" for kind, each in kinds.items())
        yield f"  recall@10/top-1: {', '.join(lines)}"
        near = found["near_misses"]
        yield f"  near misses listed: {near['listed']} of {near['asked']}"
    for kind, each in found.get("http", {}).items():
        yield (
            f"  {kind}: {each['rps']} rps, p50 {each['p50_ms']} p99 {each['p99_ms']} ms, "
            f"{each['cpu_ms_each']} ms of CPU, {each['of_bare']} of bare ({each['of_bare_by_cpu']} by CPU), "
            f"{each['worker_pss_mb']} MB"
        )


def over_http(url: str, world: World) -> dict[str, Any]:
    rng = random.Random(5)
    asked = {
        "exact": [text for text, _ in questions(world, "exact", 4000, rng)],
        "code": [make_uscc("91130102", rng.randrange(len(world.names))) for _ in range(4000)],
        "fuzzy": [text for text, _ in questions(world, "sub1", 4000, rng)],
    }
    return served(url, asked, {"PUBLIC_DB_URL": _as_public(url, world.db)})


def _as_public(url: str, db: Database) -> str:
    """PostgreSQL is asked by the role that may only read what is public, as in production."""
    if db.dialect == "sqlite":
        return url
    with db.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {ROLE} LOGIN")
    project(db, ROLE)
    return make_url(url).set(username=ROLE).render_as_string(hide_password=False)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", type=int, nargs="+", default=[100_000])
    options.add_argument("--engines", nargs="+", default=["sqlite", "postgresql"])
    options.add_argument("--queries", type=int, default=400)
    options.add_argument("--near-misses", type=int, default=NEAR_MISSES)
    options.add_argument("--only-http", action="store_true")
    options.add_argument("--no-http", dest="http", action="store_false")
    options.add_argument("--no-reindex", dest="reindex", action="store_false")
    given = options.parse_args()
    figures: dict[str, Any] = {}
    for size in given.sizes:
        for engine in given.engines:
            figures[f"{engine}_{size}"] = found = _on(
                engine, lambda url, size=size: measure(url, size, given)
            )
            print(json.dumps({f"{engine}_{size}": found}, ensure_ascii=False, indent=1), flush=True)
    print(keep("search", figures))
    for where, found in figures.items():
        print("\n".join(summary(where, found)))


def _on(engine: str, work: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    if engine == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            return work(f"sqlite:///{Path(folder)}/bench.db")
    server = LocalPostgres(durable=True, buffers=BUFFERS)
    server.start()
    try:
        return work(Server(server.url, server.close, "local").fresh())
    finally:
        server.close()


if __name__ == "__main__":
    main()
