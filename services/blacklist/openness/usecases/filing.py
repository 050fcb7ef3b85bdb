"""Drafting an item and changing the draft; its due time runs from the day the information was formed."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.audit.domain import without_identities
from services.blacklist.disclosure.models import DisclosureItem
from services.blacklist.identity.models import Department
from services.blacklist.openness.domain.items import DRAFT, ITEM_DUTY, item_number, item_problems
from services.blacklist.openness.domain.opinions import OPEN
from services.blacklist.openness.domain.terms import DOCUMENT, OwnTerm, Term, kinds, term_for
from services.blacklist.openness.models import OpennessItem, Opinion
from services.blacklist.openness.queries.catalogue import entry_for
from services.blacklist.openness.queries.sight import to_act_on
from services.blacklist.openness.usecases.common import department_on, next_count, refuse, write_down
from services.blacklist.rules.grounds import exception_grounds
from services.blacklist.rules.queries import duties_of
from services.blacklist.rules.usecases import cancel_duties, create_duty, restart_duty
from services.blacklist.store import Deps
from shared.clock import local_date
from shared.errors import Conflict
from shared.ids import new_id
from shared.web.access import Principal

RULE_LENGTH = 100


def file_item(
    session: Session, deps: Deps, given: Mapping[str, Any], *, actor: Principal, at: datetime
) -> OpennessItem:
    """A new draft of the actor's department, under an entry it answers for."""
    today = local_date(at)
    department, entry = _place(session, given["catalogue_code"], actor, today)
    _check(session, given, actor, today)
    row = OpennessItem(
        id=new_id(),
        number=item_number(
            department.region, today.year, next_count(session, "GK", department.region, today.year)
        ),
        sequence=0,
        edition=1,
        version=0,
        state=DRAFT,
        department_id=department.id,
        department_name=department.name,
        region=department.region,
        drafted_by=actor.user_id,
        drafter_name=actor.display_name,
        edited_by=actor.user_id,
        created_at=at,
        updated_at=at,
        **_content(given, entry),
    )
    session.add(row)
    _owe(session, deps, row)
    write_down(session, "item", row, "file", actor, at, term=row.term["code"])
    session.flush()
    return row


def edit_item(
    session: Session,
    deps: Deps,
    item_id: str,
    edition: int,
    given: Mapping[str, Any],
    *,
    actor: Principal,
    at: datetime,
) -> OpennessItem:
    """The draft's whole content anew."""
    row = to_act_on(session, OpennessItem, item_id, actor)
    require_edition(row, edition)
    if row.state != DRAFT:
        raise Conflict("item-wrong-state", "信息现在不能修改", "只有拟制中的信息可以修改。", state=row.state)
    _, entry = _place(session, given["catalogue_code"], actor, local_date(at))
    _check(session, given, actor, local_date(at))
    before = (row.formed_on, row.term["working_days"], kinds()[row.kind].timed)
    for name, value in _content(given, entry).items():
        setattr(row, name, value)
    row.edition, row.edited_by, row.updated_at = row.edition + 1, actor.user_id, at
    if before != (row.formed_on, row.term["working_days"], kinds()[row.kind].timed):
        _owe_anew(session, deps, row, at)
    write_down(session, "item", row, "edit", actor, at, edition=row.edition)
    return row


def require_edition(row: OpennessItem, edition: int) -> None:
    if row.edition != edition:
        raise Conflict("item-stale", "信息已被修改", "请重新查看后再办理。", edition=row.edition)


def _place(session: Session, code: str, actor: Principal, today: date) -> tuple[Department, DisclosureItem]:
    department = department_on(session, actor.department_id, today)
    entry = entry_for(session, department, code) if department else None
    if department is None or entry is None:
        refuse([("catalogue_code", "公开事项目录中没有这个事项，或者不由本部门负责公开。")])
        raise AssertionError
    return department, entry


def _check(session: Session, given: Mapping[str, Any], actor: Principal, today: date) -> None:
    problems = item_problems(given, list(exception_grounds()))
    if given["formed_on"] > today:
        problems.append(("formed_on", "形成日期不能晚于今天。"))
    if given.get("related_id") and not problems and not _related(session, given, actor):
        problems.append(("related_id", "没有可以关联的文件或者舆情；须是本部门的，舆情须尚未办结。"))
    refuse(problems)


def _related(session: Session, given: Mapping[str, Any], actor: Principal) -> bool:
    if kinds()[given["kind"]].relates == "document":
        document = session.get(OpennessItem, given["related_id"])
        return document is not None and (document.kind, document.department_id) == (
            DOCUMENT,
            actor.department_id,
        )
    opinion = session.get(Opinion, given["related_id"])
    return opinion is not None and (opinion.state, opinion.department_id) == (OPEN, actor.department_id)


def _content(given: Mapping[str, Any], entry: DisclosureItem) -> dict[str, Any]:
    own = OwnTerm(**given["own_term"]) if given.get("own_term") else None
    term = term_for(given["kind"], entry.domain, given["formed_on"], entry=entry.time_limit, own=own)
    return {
        "domain": entry.domain,
        "catalogue_code": entry.code,
        "kind": given["kind"],
        "formed_on": given["formed_on"],
        "title": without_identities(given["title"]),
        "body": without_identities(given.get("body") or ""),
        "document_number": given.get("document_number"),
        "medium": given.get("medium"),
        "attribute": given["attribute"],
        "attribute_reason": given.get("attribute_reason"),
        "exceptions": list(given.get("exceptions") or ()),
        "secrecy": given.get("secrecy"),
        "related_id": given.get("related_id"),
        "term": _kept(term),
    }


def _kept(term: Term) -> dict[str, Any]:
    return {
        "code": term.code, "name": term.name, "working_days": term.working_days, "basis": term.basis,
        "status": term.status,
    }  # fmt: skip


def _owe(session: Session, deps: Deps, row: OpennessItem, start: date | None = None) -> None:
    """The duty to publish it; what another duty watches has none of its own."""
    if not kinds()[row.kind].timed:
        return
    days = row.term["working_days"]
    create_duty(
        session, case_id=row.id, department_id=row.department_id, kind=ITEM_DUTY,
        rule=row.term["basis"][:RULE_LENGTH], rule_version=row.term["code"], length_wd=days,
        start_on=start or row.formed_on, calendar=deps.calendar, soon_wd=min(2, days - 1),
    )  # fmt: skip


def _owe_anew(session: Session, deps: Deps, row: OpennessItem, at: datetime) -> None:
    session.flush()
    running = [each for each in duties_of(session, [row.id]).get(row.id, []) if each.is_open]
    if not kinds()[row.kind].timed:
        cancel_duties(session, row.id, at)
    elif not running:
        _owe(session, deps, row)
    for duty in running:
        if duty.is_open:
            duty.rule, duty.rule_version = row.term["basis"][:RULE_LENGTH], row.term["code"]
            restart_duty(duty, row.formed_on, deps.calendar, row.term["working_days"])


def owe_change(session: Session, deps: Deps, row: OpennessItem, changed_on: date) -> None:
    """变更 has its own term from the day of the change (R23)."""
    _owe(session, deps, row, changed_on)
