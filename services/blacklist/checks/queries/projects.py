"""A tender project by its link, or for the department that entered it; its bidders, news and sheets."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.checks.domain.groups import Bidder, as_it_stands, bidders_of, found_in, group_answer
from services.blacklist.checks.models import TenderNews, TenderProject, TenderSheet
from services.blacklist.checks.queries.jobs import public_of
from services.blacklist.checks.queries.links import digest
from services.blacklist.register.domain.scope import bids_checked
from services.blacklist.register.queries import Entity, Purpose, check_entities
from shared.clock import local_date
from shared.crypto import KeyRing
from shared.errors import NotFound, describe_errors
from shared.web.access import Principal

OPEN, AWARDED, ENDED = "open", "awarded", "ended"
describe_errors(
    {"tender-project-not-found": "没有这个招标项目。请核对链接，或者以登记该项目的部门登录后查看。"}
)


def find_project(session: Session, key: str, who: Principal | None, *, lock: bool = False) -> TenderProject:
    """By the code of its link, or by its id for an officer of the department that entered it."""
    by_link = select(TenderProject).where(TenderProject.link == digest(key))
    found = session.scalars(by_link.with_for_update() if lock else by_link).first()
    if found is None and who is not None:
        own = select(TenderProject).where(
            TenderProject.id == key[:36], TenderProject.department_id == who.department_id
        )
        found = session.scalars(own.with_for_update() if lock else own).first()
    if found is None:
        raise NotFound("tender-project-not-found", "没有这个招标项目", "链接有误，或者不是本部门的项目。")
    return found


def own_projects(
    session: Session, who: Principal, *, before: str | None = None, limit: int = 50
) -> Sequence[TenderProject]:
    """Newest first, one more than asked for."""
    wanted = select(TenderProject).where(TenderProject.department_id == who.department_id)
    if before:
        wanted = wanted.where(TenderProject.id < before)
    return session.scalars(wanted.order_by(TenderProject.id.desc()).limit(limit + 1)).all()


def aad(what: str, row_id: str) -> str:
    """What a sealed column of a project is bound to."""
    return f"tender_projects.{what}.{row_id}"


def groups_of(keyring: KeyRing, project: TenderProject) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = json.loads(keyring.unseal(project.sealed, aad("groups", project.id)))
    return groups


def purpose_of(project: TenderProject) -> Purpose | None:
    purpose = Purpose(project.domain, project.region, project.action)
    return None if purpose == Purpose() else purpose


def ask_bidders(
    session: Session,
    bidders: Sequence[Bidder],
    purpose: Purpose | None,
    on: date,
    today: date,
    *,
    alike: bool,
) -> list[dict[str, Any]]:
    """An answer per bidder; measures are judged for the day of the cutoff."""
    entities = [Entity(each.name, each.uscc) for each in bidders]
    return check_entities(session, entities, today, on=on, purpose=purpose, alike=alike)


def group_answers(
    session: Session, groups: Sequence[dict[str, Any]], purpose: Purpose | None, on: date, today: date
) -> list[dict[str, Any]]:
    """What the register says today of every group, dates as text."""
    bidders = bidders_of(groups)
    answers = iter(ask_bidders(session, bidders, purpose, on, today, alike=True))
    return [
        group_answer(
            number,
            group.get("name"),
            [plain(answer) for _, answer in zip(group["members"], answers, strict=False)],
        )
        for number, group in enumerate(groups, start=1)
    ]


def plain(answer: dict[str, Any]) -> dict[str, Any]:
    """As JSON has it: signed bytes must not hang on how a date is written."""
    listings = [each | {"public_until": each["public_until"].isoformat()} for each in answer["listings"]]
    return answer | {"listings": listings}


def sealed_answers(
    keyring: KeyRing, project_id: str, groups: Sequence[Mapping[str, Any]], at: datetime
) -> str:
    """What was answered and when, for showing it without asking again."""
    text = json.dumps({"at": at.isoformat(), "groups": list(groups)}, ensure_ascii=False)
    return keyring.seal(text, aad("answers", project_id))


def stored_answers(keyring: KeyRing, project: TenderProject) -> dict[str, Any]:
    """`{at, groups}` as last asked; of a project not asked for yet every member waits."""
    if project.answers is not None:
        found: dict[str, Any] = json.loads(keyring.unseal(project.answers, aad("answers", project.id)))
        return found
    waiting = {"listings": [{"id": "", "version": 0}]}
    groups = [
        {
            "number": number,
            "name": group.get("name"),
            "members": [each | waiting for each in group["members"]],
        }
        for number, group in enumerate(groups_of(keyring, project), start=1)
    ]
    return {"at": project.created_at.isoformat(), "groups": groups}


def project_view(session: Session, keyring: KeyRing, project: TenderProject, today: date) -> dict[str, Any]:
    """What its holder sees: the groups as last asked, less what is public no more; what happened; sheets."""
    stored = stored_answers(keyring, project)
    public = public_of(session, found_in(stored["groups"]), today)
    answered = datetime.fromisoformat(stored["at"])
    return project_line(project) | {
        "answered_at": answered,
        "scope": bids_checked(local_date(answered), local_date(project.cutoff_at)),
        "groups": as_it_stands(stored["groups"], public),
        "news": [_news(keyring, row) for row in _news_of(session, project.id)],
        "sheets": [{"code": row.code, "issued_at": row.issued_at} for row in sheets_of(session, project.id)],
    }


def project_line(project: TenderProject) -> dict[str, Any]:
    names = (
        "id", "number", "name", "operator", "cutoff_at", "region", "domain", "action", "state", "winner",
        "created_at", "closed_at",
    )  # fmt: skip
    return {name: getattr(project, name) for name in names}


def _news_of(session: Session, project_id: str) -> Sequence[TenderNews]:
    wanted = select(TenderNews).where(TenderNews.project_id == project_id)
    return session.scalars(wanted.order_by(TenderNews.id.desc()).limit(200)).all()


def _news(keyring: KeyRing, row: TenderNews) -> dict[str, Any]:
    bidder = json.loads(keyring.unseal(row.sealed, f"tender_news.bidder.{row.id}"))
    return {"kind": row.kind, "at": row.at, "bidder": bidder}


def sheets_of(session: Session, project_id: str) -> Sequence[TenderSheet]:
    wanted = select(TenderSheet).where(TenderSheet.project_id == project_id)
    return session.scalars(wanted.order_by(TenderSheet.issued_at.desc())).all()
