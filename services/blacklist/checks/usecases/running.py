"""The worker's part: read a table in a child process, check it part by part, forget it when its time is over.

A part is one transaction, so that after a kill the work goes on with the first part that is not there.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import chain, islice
from typing import Any

from sqlalchemy import func, select

from services.blacklist.cases.domain.sheet import RefusedSheet
from services.blacklist.cases.usecases.imports.parsing import read_in_child
from services.blacklist.checks.domain.columns import (
    HEADING_ROWS,
    Asked,
    Cell,
    find_columns,
    read_rows,
)
from services.blacklist.checks.domain.figures import figure
from services.blacklist.checks.models import CheckJob, CheckPart
from services.blacklist.checks.queries.jobs import DONE, FAILED, RECEIVED, RUNNING, part_aad
from services.blacklist.checks.queries.versions import version_of
from services.blacklist.checks.usecases.receiving import asked_of, forget_job, sheets
from services.blacklist.register.queries import Entity, Purpose, check_entities
from services.blacklist.store import Deps, leases
from shared.leases import Lease

PART = 500
LEASE_SECONDS = 15.0
NO_COLUMNS = "没有认出名称列或者统一社会信用代码列：表头请写“企业名称”“统一社会信用代码”"


class CheckJobs:
    """Loop: one job after the other, in one process (lease); an interrupted one goes on where it stood."""

    name = "check-jobs"

    def __init__(self, deps: Deps, holder: str) -> None:
        self._deps = deps
        self._lease = Lease(deps.db, leases, self.name, holder, LEASE_SECONDS)

    def step(self) -> bool:
        if not (self._next() or self._old()) or not self._lease.acquire():
            return False
        for job_id in self._old():
            self._forget(job_id)
        waiting = self._next()
        if waiting is None:
            return False
        run_job(self._deps, waiting, self._lease.acquire)
        return True

    def close(self) -> None:
        self._lease.release()

    def _next(self) -> str | None:
        wanted = select(CheckJob.id).where(CheckJob.state.in_((RECEIVED, RUNNING)))
        queued_at = func.coalesce(CheckJob.finished_at, CheckJob.created_at)
        with self._deps.db.read() as session:
            return session.scalar(wanted.order_by(queued_at, CheckJob.id).limit(1))

    def _old(self) -> Sequence[str]:
        wanted = select(CheckJob.id).where(CheckJob.expires_at <= self._deps.clock.system_now()).limit(20)
        with self._deps.db.read() as session:
            return session.scalars(wanted).all()

    def _forget(self, job_id: str) -> None:
        with self._deps.db.write() as session:
            job = session.get(CheckJob, job_id)
            if job is not None:
                forget_job(session, self._deps, job)


def run_job(deps: Deps, job_id: str, keep: Callable[[], bool]) -> None:
    """From where it stands to done or failed; `keep` renews the lease after every part."""
    try:
        name, done = _begin(deps, job_id)
        rows = _asked(_sheet(deps, job_id, name))
        for number, part in enumerate(_parts(rows)):
            if number < done:
                continue
            if not _check_part(deps, job_id, number, part) or not keep():
                return
    except RefusedSheet as refused:
        _finish(deps, job_id, FAILED, str(refused))
    else:
        _finish(deps, job_id, DONE, None)


def _begin(deps: Deps, job_id: str) -> tuple[str, int]:
    """The file's name, and how many parts are there already; the register's version is noted once."""
    with deps.db.write() as session:
        job = session.get_one(CheckJob, job_id)
        done = session.scalar(select(func.count()).where(CheckPart.job_id == job_id)) or 0
        if not done:
            job.register = version_of(session, deps.clock.today())
        job.state = RUNNING
        return job.file_name, done


def _sheet(deps: Deps, job_id: str, name: str) -> Iterator[list[Cell]]:
    try:
        content = sheets(deps).read(job_id)
    except FileNotFoundError as error:
        raise RefusedSheet("原表已经不在，请重新提交") from error

    def expect(rows: int) -> None:
        with deps.db.write() as session:
            session.get_one(CheckJob, job_id).expected_rows = rows

    return read_in_child(name, content, expect)


def _asked(sheet: Iterator[list[Cell]]) -> Iterator[Asked]:
    numbered = enumerate(sheet, start=1)
    first = list(islice(numbered, HEADING_ROWS))
    columns = find_columns([cells for _, cells in first])
    if columns is None:
        raise RefusedSheet(NO_COLUMNS)
    for count, asked in enumerate(read_rows(columns, chain(first, numbered)), start=1):
        if count > figure("jobs", "max_rows"):
            raise RefusedSheet(f"行数超过{figure('jobs', 'max_rows')}行，请拆分后分批核查")
        yield asked


def _parts(rows: Iterable[Asked]) -> Iterator[list[Asked]]:
    left = iter(rows)
    while part := list(islice(left, PART)):
        yield part


def _check_part(deps: Deps, job_id: str, number: int, rows: Sequence[Asked]) -> bool:
    """False where the job was taken back meanwhile."""
    with deps.db.read() as session:
        job = session.get(CheckJob, job_id)
        if job is None:
            return False
        asked = asked_of(job)
        today = deps.clock.today()
        on = date.fromisoformat(asked["on"]) if asked["on"] else today
        entities = [Entity(row.name, row.uscc) for row in rows if row.usable]
        answers = iter(
            check_entities(
                session, entities, today, on=on, listed_by=on,
                purpose=purpose_of(asked["purpose"]), alike=asked["alike"],
            )
        )  # fmt: skip
    lines = [
        {"row": row.row, "remark": row.remark, **(next(answers) if row.usable else _unusable(row))}
        for row in rows
    ]
    return _keep(deps, job_id, number, lines)


def purpose_of(given: dict[str, str | None]) -> Purpose | None:
    return Purpose(**given) if any(given.values()) else None


def _unusable(row: Asked) -> dict[str, Any]:
    return {
        "name": row.name, "uscc": row.uscc, "listed": False, "verdict": "unusable", "list_class": None,
        "barred": "unclear", "listings": [], "measures": [],
    }  # fmt: skip


def _keep(deps: Deps, job_id: str, number: int, lines: Sequence[dict[str, Any]]) -> bool:
    found = sorted({(each["id"], each["version"]) for line in lines for each in line["listings"]})
    sealed = deps.keyring.seal(
        json.dumps(lines, ensure_ascii=False, separators=(",", ":"), default=str), part_aad(job_id, number)
    )
    with deps.db.write() as session:
        job = session.get(CheckJob, job_id, with_for_update=True)
        if job is None or job.state != RUNNING:
            return False
        session.add(
            CheckPart(job_id=job_id, number=number, sealed=sealed, found=[list(each) for each in found])
        )
        job.done_rows += len(lines)
        job.listed_rows += sum(line["listed"] for line in lines)
        job.possible_rows += sum(line["verdict"] == "possible" for line in lines)
        job.barred_rows += sum(line["barred"] == "yes" for line in lines)
        job.bad_rows += sum(line["verdict"] == "unusable" for line in lines)
    return True


def _finish(deps: Deps, job_id: str, state: str, problem: str | None) -> None:
    with deps.db.write() as session:
        job = session.get(CheckJob, job_id)
        if job is not None and job.state == RUNNING:
            job.state, job.problem, job.finished_at = state, problem, deps.clock.system_now()
