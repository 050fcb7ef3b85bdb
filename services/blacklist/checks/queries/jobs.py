"""A batch check by its link or its owner: progress, and whether its answers may still be given out."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.blacklist.checks.models import CheckJob, CheckPart
from services.blacklist.checks.queries.links import digest
from services.blacklist.register.domain.scope import checked
from services.blacklist.register.models import Listing
from services.blacklist.register.queries import in_force
from shared.clock import Clock
from shared.crypto import KeyRing
from shared.db import among
from shared.errors import NotFound, describe_errors
from shared.web.access import Principal

RECEIVED, RUNNING, DONE, FAILED = "received", "running", "done", "failed"
ORGANISATIONS = 2000
describe_errors(
    {"check-job-not-found": "没有这个批量核查，或者已过保存期限、已被删除。请核对链接，或者重新提交。"}
)


def find_job(
    session: Session, key: str, who: Principal | None, clock: Clock, *, lock: bool = False
) -> CheckJob:
    """By the code of its link, or by its id for whoever submitted it signed in."""
    wanted = select(CheckJob).where(CheckJob.expires_at > clock.system_now())
    by_link = wanted.where(CheckJob.link == digest(key))
    own = wanted.where(CheckJob.id == key[:36], CheckJob.owner_id == who.user_id) if who else None
    for query in (by_link, own):
        if query is None:
            continue
        found = session.scalars(query.with_for_update() if lock else query).first()
        if found is not None:
            return found
    raise NotFound("check-job-not-found", "没有这个批量核查", "链接有误，或者已过保存期限。")


def own_jobs(session: Session, who: Principal, clock: Clock, limit: int) -> Sequence[CheckJob]:
    wanted = select(CheckJob).where(
        CheckJob.owner_id == who.user_id, CheckJob.expires_at > clock.system_now()
    )
    return session.scalars(wanted.order_by(CheckJob.id.desc()).limit(limit)).all()


def waiting_jobs(session: Session) -> int:
    wanted = select(func.count()).select_from(CheckJob).where(CheckJob.state.in_((RECEIVED, RUNNING)))
    return session.scalar(wanted) or 0


def scope_of(job: CheckJob, today: date) -> dict[str, Any]:
    """What its answers searched: the register of the day the work began, or would begin."""
    day = date.fromisoformat(job.register["as_of"]) if job.register else today
    on = job.asked.get("on")
    return checked(day, date.fromisoformat(on) if on else day)


def job_view(job: CheckJob, today: date, *, current: bool = True) -> dict[str, Any]:
    """Progress and totals; `current` false once something found is no longer public as it was."""
    share = min(1.0, job.done_rows / job.expected_rows) if job.expected_rows else None
    return {
        "id": job.id,
        "state": job.state,
        "file_name": job.file_name,
        "progress": 1.0 if job.state == DONE else share,
        "current": current,
        "finished_at": job.finished_at if job.state in (DONE, FAILED) else None,
        "scope": scope_of(job, today),
        "register": _register(job.register),
        **{
            name: getattr(job, name)
            for name in (
                "done_rows", "expected_rows", "listed_rows", "possible_rows", "barred_rows", "bad_rows",
                "problem", "created_at", "expires_at",
            )
        },
    }  # fmt: skip


def _register(version: dict[str, Any] | None) -> dict[str, Any] | None:
    return version and version | {"as_of": date.fromisoformat(version["as_of"])}


def is_current(session: Session, job: CheckJob, clock: Clock) -> bool:
    """Whether every listing its answers name is public today in the version they name."""
    rows = session.scalars(select(CheckPart.found).where(CheckPart.job_id == job.id))
    found = sorted({(str(listing), int(version)) for part in rows for listing, version in part})
    return are_public(session, found, clock.today())


def are_public(session: Session, found: Sequence[tuple[str, int]], today: date) -> bool:
    return public_of(session, found, today) == set(found)


def public_of(session: Session, found: Sequence[tuple[str, int]], today: date) -> set[tuple[str, int]]:
    """Those of the listings that are public today in the version named."""
    shown: set[tuple[str, int]] = set()
    for start in range(0, len(found), ORGANISATIONS):
        pairs = found[start : start + ORGANISATIONS]
        wanted = select(Listing.id, Listing.version).where(
            in_force(today), among(session, Listing.id, [each for each, _ in pairs])
        )
        shown |= {(row[0], row[1]) for row in session.execute(wanted)} & set(pairs)
    return shown


def part_aad(job_id: str, number: int) -> str:
    return f"check_parts.sealed.{job_id}.{number}"


def answers_of(session: Session, keyring: KeyRing, job: CheckJob) -> Iterator[dict[str, Any]]:
    """Every row with its answer, in order."""
    wanted = select(CheckPart.number, CheckPart.sealed).where(CheckPart.job_id == job.id)
    for number, sealed in session.execute(wanted.order_by(CheckPart.number)):
        yield from json.loads(keyring.unseal(sealed, part_aad(job.id, number)))
