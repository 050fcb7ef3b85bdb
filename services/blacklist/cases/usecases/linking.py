"""Link a case under its parent (关联) and undo it: who else answers for the same misconduct."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.cases.domain.linking import RELATIONS, link_problem
from services.blacklist.cases.models import CaseLink
from services.blacklist.cases.queries import case_to_act_on, find_case
from services.blacklist.cases.queries.links import ancestors
from services.blacklist.cases.usecases.moves import invalid
from shared.errors import Conflict, NotFound
from shared.ids import new_id
from shared.web.access import Principal


def link_case(
    session: Session,
    case_id: str,
    parent_id: str,
    relation: str,
    *,
    note: str | None,
    actor: Principal,
    at: datetime,
) -> CaseLink:
    """The case under a parent the actor may see; Conflict where the pair is linked already or in a ring."""
    case, parent = case_to_act_on(session, case_id, actor), find_case(session, parent_id, actor)
    if relation not in RELATIONS:
        raise invalid(("/relation", f"关联关系应为下列之一：{'、'.join(RELATIONS)}"))
    if problem := link_problem(case.id, parent.id, ancestors(session, parent.id)):
        raise invalid(("/parent_id", problem))
    pair = select(CaseLink.id).where(CaseLink.case_id == case.id, CaseLink.parent_id == parent.id)
    if session.scalar(pair):
        raise Conflict("already-linked", "两个案件已经关联")
    link = CaseLink(
        id=new_id(),
        case_id=case.id,
        parent_id=parent.id,
        relation=relation,
        note=note,
        created_by=actor.user_id,
        created_at=at,
    )
    session.add(link)
    _write_down(session, link, "case.link", actor, at)
    session.flush()
    return link


def unlink_case(session: Session, case_id: str, link_id: str, *, actor: Principal, at: datetime) -> None:
    """Take the link away; the cases stay as they are."""
    case = case_to_act_on(session, case_id, actor)
    link = session.get(CaseLink, link_id)
    if link is None or link.case_id != case.id:
        raise NotFound("link-not-found", "没有这条关联")
    _write_down(session, link, "case.unlink", actor, at)
    session.delete(link)
    session.flush()


def _write_down(session: Session, link: CaseLink, action: str, actor: Principal, at: datetime) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        object_type="case",
        object_id=link.case_id,
        detail={"parent": link.parent_id, "relation": link.relation},
        at=at,
    )
