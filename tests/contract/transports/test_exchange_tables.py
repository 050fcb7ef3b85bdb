"""Withdrawal by content on every kind of exchange database: none, one or many rows, and only the same row.

The tables are made here as a city would make them; no stand-in answers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Engine,
    Index,
    MetaData,
    String,
    Table,
    column,
    create_engine,
    delete,
    select,
    table,
)

from services.credit_push.catalogue import SAMPLE_VALUES, Profile, load_catalogue
from services.credit_push.domain import CORRECT, LIST, WITHDRAW
from services.credit_push.formats import content_digest, encode
from services.credit_push.transports.base import FILED, REFUSED, TAKEN, Job
from services.credit_push.transports.exchange_db import ExchangeDb
from shared.clock import SystemClock
from shared.ids import new_id
from tests.harness.mysql import MySql
from tests.unit.credit_push.records import COMPANY, DOCUMENT, record

PROFILE = load_catalogue(SAMPLE_VALUES)["credit-liaoning"]
WIDE = "TYSHXYDM GSZCH ZZJGDM JGQC FDDBR ZCDZ RDWH RDDW ZYSXSS QRYZSXSJ XZCFHPJNR"
FEEDBACK = "PCH BM CZ NRZY BBH JLH TJSJ JSJG HZH CWZD CWDM CWXX HZSJ"
NAME = "exchange.db"


@dataclass
class Tables:
    """An exchange database and our way to it."""

    engine: Engine
    profile: Profile
    way: ExchangeDb

    def job(self, operation: str = LIST, former: dict[str, str] | None = None, **changes: Any) -> Job:
        made = encode(PROFILE, record(**{"listing_id": new_id(), **changes}), operation)
        key = f"credit-liaoning:{new_id()}"
        return Job(new_id(), key, new_id(), 1, operation, "b", made, (former,) if former else ())

    def send(self, *jobs: Job) -> list[tuple[str, str]]:
        told = {one.delivery_id: (one.result, one.code) for one in self.way.send(jobs)}
        return [told[job.delivery_id] for job in jobs]

    def rows(self) -> list[dict[str, str]]:
        columns = [column(name) for name in WIDE.split()]
        with self.engine.connect() as cx:
            return [
                dict(row) for row in cx.execute(select(*columns).select_from(table("frblack"))).mappings()
            ]

    def empty(self) -> None:
        with self.engine.begin() as cx:
            for name in ("frblack", "jh_feedback"):
                cx.execute(delete(table(name)))


@pytest.fixture(scope="module")
def mysql_url(mysql_server: MySql) -> Iterator[str]:
    base = mysql_server.fresh(NAME)
    yield f"{base}/{NAME}"
    mysql_server.drop(base, NAME)


@pytest.fixture(scope="module", params=["sqlite", "postgres", "mysql"])
def tables(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tables]:
    if request.param == "sqlite":
        folder: Path = tmp_path_factory.mktemp("exchange")
        url = f"sqlite:///{folder}/{NAME}"
    elif request.param == "postgres":
        make: Callable[[], str] = request.getfixturevalue("module_postgres")
        url = make()
    else:
        url = request.getfixturevalue("mysql_url")
    engine, metadata = create_engine(url), MetaData()
    wide = (Column(name, String(20 if name == "GSZCH" else 500)) for name in WIDE.split())
    Table("frblack", metadata, *wide)
    rest = (Column(name, String(500)) for name in FEEDBACK.split())
    Table("jh_feedback", metadata, Column("JLBS", String(200), primary_key=True), *rest)
    metadata.create_all(engine)
    profile = replace(PROFILE, transport=replace(PROFILE.transport, database=url))
    way = ExchangeDb(profile, SystemClock())
    yield Tables(engine, profile, way)
    way.close()
    engine.dispose()


@pytest.fixture(autouse=True)
def _empty(tables: Tables) -> None:
    tables.empty()


def test_one_row_is_changed_and_taken_away_by_what_it_says(tables: Tables) -> None:
    listed = tables.job(facts="甲\U00020000😀 <&>'\"")
    other = tables.job(document=replace(DOCUMENT, number="示〔2026〕99号"))
    assert tables.send(listed, other) == [(TAKEN, "")] * 2
    corrected = tables.job(CORRECT, listed.content.row, facts="更正后")
    assert tables.send(corrected) == [(TAKEN, "")]
    assert [row["ZYSXSS"] for row in tables.rows() if row["RDWH"] == DOCUMENT.number] == ["更正后"]
    withdrawn = tables.job(WITHDRAW, corrected.content.row, facts="更正后")
    assert tables.send(withdrawn) == [(TAKEN, "")]
    assert tables.rows() == [other.content.row]
    assert tables.send(withdrawn) == [(TAKEN, "")]  # the same key: known, and nothing more is done


def test_no_row_several_rows_and_another_row_are_refused(tables: Tables) -> None:
    listed = tables.job(subject=replace(COMPANY, name="Example Co"))
    gone = tables.job(WITHDRAW, listed.content.row, subject=replace(COMPANY, name="Example Co"))
    assert tables.send(gone) == [(REFUSED, "NOT_FOUND")]
    twin = tables.job(subject=replace(COMPANY, name="Example Co"))
    assert tables.send(listed, twin) == [(TAKEN, "")] * 2
    assert tables.send(gone) == [(REFUSED, "AMBIGUOUS")]
    assert len(tables.rows()) == 2


@pytest.mark.parametrize("name", ["EXAMPLE CO", "Example Co ", "Example Cö"])
def test_what_only_looks_alike_is_another_row(tables: Tables, name: str) -> None:
    """A database may compare without regard to case, accents or blanks at the end; a withdrawal may not."""
    listed = tables.job(subject=replace(COMPANY, name="Example Co"))
    tables.send(listed)
    alike = tables.job(WITHDRAW, {**listed.content.row, "JGQC": name}, subject=replace(COMPANY, name=name))
    assert tables.send(alike) == [(REFUSED, "NOT_FOUND")]
    known = replace(COMPANY, name="Example Co")
    altered = tables.job(WITHDRAW, {**listed.content.row, "ZYSXSS": "别的"}, subject=known)
    assert tables.send(altered) == [(REFUSED, "ALTERED")]
    assert tables.rows() == [listed.content.row]


def test_a_row_the_table_does_not_take_keeps_no_other_from_going(tables: Tables) -> None:
    good, bad = tables.job(), tables.job()
    bad = replace(bad, content=replace(bad.content, row={**bad.content.row, "GSZCH": "9" * 40}))
    expected = (TAKEN, "") if tables.engine.dialect.name == "sqlite" else (REFUSED, "FORMAT")
    assert tables.send(good, bad) == [(TAKEN, ""), expected]


def test_a_row_the_platform_has_once_only_keeps_no_other_from_going(tables: Tables) -> None:
    tables.send(tables.job())
    number = Table("frblack", MetaData(), Column("RDWH", String(500))).c.RDWH
    once = Index("only_once", number, unique=True)
    once.create(tables.engine)
    new = tables.job(document=replace(DOCUMENT, number="示〔2026〕98号"))
    assert tables.send(tables.job(), new) == [(REFUSED, "FORMAT"), (TAKEN, "")]
    once.drop(tables.engine)


def test_the_result_column_is_the_receipt(tables: Tables) -> None:
    jobs = [tables.job() for _ in range(2)]
    tables.send(*jobs)
    keys = [job.key for job in jobs]
    assert tables.way.receipts(keys) == []
    answer = table("jh_feedback", column("JSJG"), column("HZH"), column("CWDM"), column("JLBS"))
    results = ({"JSJG": "accepted", "HZH": "R1"}, {"JSJG": "rejected", "CWDM": "CODE"})
    with tables.engine.begin() as cx:
        for key, told in zip(keys, results, strict=True):
            cx.execute(answer.update().where(key == answer.c.JLBS).values(told))
    found = {one.key: (one.result, one.receipt_number, one.code) for one in tables.way.receipts(keys)}
    assert found == {keys[0]: (FILED, "R1", ""), keys[1]: (REFUSED, "", "CODE")}
    assert [one.result for one in tables.way.query(jobs)] == [FILED, REFUSED]


def test_the_rows_there_are_the_ledger(tables: Tables) -> None:
    job = tables.job(facts="甲\r\n乙 ")
    tables.send(job)
    only = replace(tables.profile.record, tables={"blacklist_org": "frblack"})
    reading = ExchangeDb(replace(tables.profile, record=only), SystemClock())
    ledger = reading.ledger("r")
    assert ledger is not None
    (row,) = (row for bucket in range(4) for row in ledger.rows(bucket, 4))
    reading.close()
    assert row.content_digest == content_digest(job.content)
