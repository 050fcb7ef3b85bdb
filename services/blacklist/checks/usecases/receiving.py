"""Taking in a table to be checked: within the budgets, sealed on disk, reached by a link nobody can guess."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from services.blacklist.checks.domain.figures import figure
from services.blacklist.checks.models import CheckJob, CheckPart
from services.blacklist.checks.queries.jobs import DONE, FAILED, RECEIVED, find_job, waiting_jobs
from services.blacklist.checks.queries.links import digest
from services.blacklist.register.domain.days import refuse_future
from services.blacklist.store import Deps, budgets
from services.blacklist.transparency.domain.certificates import new_code
from shared.budgets import Budget, spend, whose
from shared.errors import Conflict, FieldError, Invalid, TooMany, describe_errors
from shared.file_names import file_name
from shared.ids import new_id
from shared.sealed_files import SealedFiles
from shared.web.access import Principal

FOLDER = "checks"
SUFFIXES = (".xlsx", ".csv")
describe_errors(
    {
        "check-too-many": "批量核查和招标项目的请求过多。请按 Retry-After 等待后再试。",
        "check-job-not-ready": "批量核查尚未完成，或者已经失败，不能进行这一步。",
    }
)


@dataclass(frozen=True)
class Upload:
    """A table with what its rows are to be checked for, and where it came from."""

    file_name: str
    content: bytes
    purpose: dict[str, str | None]
    on: date | None
    alike: bool
    address: str


def receive_job(deps: Deps, upload: Upload, owner: Principal | None) -> tuple[CheckJob, str]:
    """The job, and the code of its link, which is told this once."""
    _require(upload)
    refuse_future(upload.on, deps.clock.today())
    spender = _spender(deps, "check-job", upload.address)
    with deps.db.write() as session:
        _spend(session, deps, "check-job", spender, figure("jobs", "per_address"), figure("jobs", "overall"))
    code, now, job_id = new_code(), deps.clock.system_now(), new_id()
    sheets(deps).keep(job_id, upload.content)
    job = CheckJob(
        id=job_id, link=digest(code), owner_id=owner.user_id if owner else None, state=RECEIVED,
        file_name=file_name(upload.file_name), size=len(upload.content),
        asked={
            "purpose": upload.purpose, "alike": upload.alike,
            "on": upload.on.isoformat() if upload.on else None, "spender": spender,
        },
        done_rows=0, listed_rows=0, possible_rows=0, barred_rows=0, bad_rows=0, created_at=now,
        expires_at=now + timedelta(hours=figure("jobs", "keep_hours")),
    )  # fmt: skip
    with deps.db.write() as session:
        try:
            _require_room(session)
        except TooMany:
            sheets(deps).drop(job_id)
            raise
        session.add(job)
    return job, code


def _require_room(session: Session) -> None:
    if waiting_jobs(session) >= figure("jobs", "waiting"):
        raise TooMany("check-too-many", "排队的批量核查过多", "请稍后再试。", retry_after=60)


def _require(upload: Upload) -> None:
    if not upload.content:
        _refuse("文件是空的，请重新选择。")
    if len(upload.content) > figure("jobs", "max_bytes"):
        _refuse("文件过大，请拆分后分批核查。")
    if Path(upload.file_name).suffix.lower() not in SUFFIXES:
        _refuse("只接受 .xlsx 或者 .csv 文件。")


def _refuse(text: str) -> None:
    raise Invalid("validation-failed", "提交的内容有误", fields=[FieldError("/file", text)])


def spend_one(deps: Deps, what: str, address: str, per_address: int, overall: int) -> None:
    """One request out of the address's budget and everybody's; TooMany says how long to wait."""
    with deps.db.write() as session:
        _spend(session, deps, what, _spender(deps, what, address), per_address, overall)


def _spender(deps: Deps, what: str, address: str) -> str:
    """Whose budget it is; no address can be read from it."""
    return deps.keyring.blind_index(f"{what} {whose(address)}")


def _spend(session: Session, deps: Deps, what: str, own: str, per_address: int, overall: int) -> None:
    wanted = [Budget(own, per_address), Budget(what, overall)]
    late = spend(session, budgets, wanted, deps.clock.system_now())
    if late is not None:
        raise TooMany("check-too-many", "请求过多", "请稍后再试。", retry_after=late.total_seconds())


def check_again(session: Session, deps: Deps, key: str, who: Principal | None) -> CheckJob:
    """The same table against the register as it is now: it costs whoever submitted it a submission, and waits
    behind what was submitted meanwhile.
    """
    job = find_job(session, key, who, deps.clock, lock=True)
    if job.state not in (DONE, FAILED):
        raise Conflict("check-job-not-ready", "批量核查尚未完成", "请等待完成后再重新核查。", state=job.state)
    _require_room(session)
    spender = asked_of(job).get("spender", job.id)
    _spend(session, deps, "check-job", spender, figure("jobs", "per_address"), figure("jobs", "overall"))
    session.execute(delete(CheckPart).where(CheckPart.job_id == job.id))
    job.state, job.problem, job.register = RECEIVED, None, None
    job.finished_at = deps.clock.system_now()
    job.done_rows = job.listed_rows = job.possible_rows = job.barred_rows = job.bad_rows = 0
    return job


def forget_job(session: Session, deps: Deps, job: CheckJob) -> None:
    """Everything of it: parts, row, and the sealed table."""
    session.execute(delete(CheckPart).where(CheckPart.job_id == job.id))
    session.delete(job)
    sheets(deps).drop(job.id)


def sheets(deps: Deps) -> SealedFiles:
    return SealedFiles(deps.keyring, deps.data_dir / FOLDER, "check_jobs.sheet", spread=False)


def asked_of(job: CheckJob) -> dict[str, Any]:
    return dict(job.asked)
