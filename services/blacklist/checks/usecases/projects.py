"""Entering a tender project with its bidders, and closing it by award: between the two it is watched."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.checks.domain.figures import figure
from services.blacklist.checks.domain.groups import bidders_of, found_in, newer_answers, standing_of
from services.blacklist.checks.models import KEYS, TenderProject
from services.blacklist.checks.queries.links import digest
from services.blacklist.checks.queries.projects import (
    AWARDED,
    ENDED,
    OPEN,
    aad,
    ask_bidders,
    find_project,
    group_answers,
    groups_of,
    plain,
    purpose_of,
    sealed_answers,
)
from services.blacklist.checks.usecases.receiving import spend_one
from services.blacklist.checks.usecases.watching import end_watch, keys_of
from services.blacklist.store import Deps
from services.blacklist.transparency.domain.certificates import new_code
from shared.clock import local_date
from shared.db import add_rows
from shared.errors import Conflict, FieldError, Invalid, describe_errors
from shared.ids import new_id
from shared.web.access import Principal

describe_errors({"tender-project-closed": "招标项目已经定标或者终止，不能再进行这一步。"})


@dataclass(frozen=True)
class Entry:
    """A project as it is entered: what is tendered, by whom, until when, and who bids."""

    number: str
    name: str
    operator: str
    cutoff_at: datetime
    purpose: dict[str, str | None]
    groups: Sequence[dict[str, Any]]


def enter_project(
    deps: Deps, entry: Entry, owner: Principal | None, address: str, at: datetime
) -> tuple[TenderProject, str]:
    """The project, and the code of its link, which is told this once."""
    _require(entry)
    spend_one(deps, "tender", address, figure("projects", "per_address"), figure("projects", "overall"))
    code, project_id, today = new_code(), new_id(), local_date(at)
    project = TenderProject(
        id=project_id, link=digest(code), number=entry.number, name=entry.name, operator=entry.operator,
        cutoff_at=entry.cutoff_at, state=OPEN, sequence=0, created_at=at, checked_on=today,
        owner_id=owner.user_id if owner else None,
        department_id=(owner.department_id or None) if owner else None,
        sealed=deps.keyring.seal(json.dumps(list(entry.groups)), aad("groups", project_id)),
        **entry.purpose,
    )  # fmt: skip
    bidders, on = bidders_of(entry.groups), local_date(entry.cutoff_at)
    with deps.db.read() as session:
        groups = group_answers(session, entry.groups, purpose_of(project), on, today)
    with deps.db.write() as session:
        answers = ask_bidders(session, bidders, purpose_of(project), on, today, alike=False)
        standing = standing_of(bidders, answers)
        project.standing = deps.keyring.seal(json.dumps(standing), aad("standing", project_id))
        fresh = newer_answers(
            groups, {each.place: plain(a) for each, a in zip(bidders, answers, strict=True)}
        )
        project.answers = sealed_answers(deps.keyring, project_id, fresh, at)
        session.add(project)
        session.flush()
        keys = keys_of(deps.keyring, bidders, standing)
        keys |= {f"l:{listing}" for listing, _ in found_in(fresh)}
        add_rows(session, KEYS, [{"project_id": project_id, "key": key} for key in sorted(keys)])
    return project, code


def _require(entry: Entry) -> None:
    bidders = bidders_of(entry.groups)
    if len(bidders) > figure("projects", "max_bidders"):
        _refuse(f"投标人不超过{figure('projects', 'max_bidders')}家。")
    seen: set[str] = set()
    for each in bidders:
        same = each.uscc or each.name or ""
        if same in seen:
            _refuse(f"{same} 出现了不止一次。")
        seen.add(same)


def _refuse(text: str) -> None:
    raise Invalid("validation-failed", "提交的内容有误", fields=[FieldError("/groups", text)])


def close_project(
    session: Session, deps: Deps, key: str, who: Principal | None, *, winner: int | None, at: datetime
) -> TenderProject:
    """Awarded to a group, or ended without award; nothing is watched from here on."""
    project = find_project(session, key, who, lock=True)
    if project.state != OPEN:
        raise Conflict("tender-project-closed", "项目已经结束", "已经定标或者终止。", state=project.state)
    if winner is not None and winner > len(groups_of(deps.keyring, project)):
        field = FieldError("/winner", "没有这个投标组。")
        raise Invalid("validation-failed", "提交的内容有误", fields=[field])
    project.winner = winner
    end_watch(session, project, AWARDED if winner else ENDED, at)
    return project
