"""Keeping the catalogue: one person proposes a change with its reason, another confirms it (双人复核)."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.disclosure.models import CatalogueChange, DisclosureItem
from services.blacklist.disclosure.queries.changes import CONFIRMED, PROPOSED, REFUSED, entry_of, may_keep
from services.blacklist.rules.queries import all_organs
from services.blacklist.rules.queries import domain as find_domain
from shared.clock import local_date
from shared.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, describe_errors
from shared.ids import new_id
from shared.web.access import Principal

describe_errors(
    {
        "catalogue-change-not-found": "没有这件目录变动，或者不在当前账号的管理范围内。",
        "catalogue-change-settled": "这件目录变动已经确认或者退回。",
        "catalogue-change-waiting": "这个事项已有一件变动等待确认，办结后再提出。",
        "catalogue-change-stale": "事项在提出之后已经改变。请退回，按现在的内容重新提出。",
        "catalogue-four-eyes": "目录变动须由提出人以外的另一名工作人员确认。",
        "catalogue-not-yours": "只能办理本部门负责公开的事项；政府办公室和监督人员可以办理本辖区的全部事项。",
    }
)


def propose_change(
    session: Session, given: dict[str, Any], *, actor: Principal, at: datetime
) -> CatalogueChange:
    """A change waiting for its second person; nothing of the catalogue moves yet."""
    region, code, act = given["region"] or actor.region, given["code"], given["act"]
    current = session.get(DisclosureItem, (region, code)) if code else None
    _check(act, given["entry"], code, current)
    before = entry_of(current) if current else None
    after = given["entry"] if act != "close" else None
    for text in (before, after):
        if text is not None:
            _require_keeper(session, actor, region, text["organ"])
    row = CatalogueChange(
        id=new_id(), region=region, code=code or f"item-{new_id()[-12:]}", act=act,
        edition=current.edition + 1 if current else 1, before=before, after=after, reason=given["reason"],
        state=PROPOSED, proposed_by=actor.user_id, proposer_name=actor.display_name, proposed_at=at,
    )  # fmt: skip
    _add(session, row)
    _write_down(session, row, "propose", actor, at)
    return row


def confirm_change(session: Session, change_id: str, *, actor: Principal, at: datetime) -> CatalogueChange:
    """In force from this commit on."""
    row = _open(session, change_id, actor)
    if row.proposed_by == actor.user_id:
        raise Forbidden("catalogue-four-eyes", "须由另一名工作人员确认", "提出人不得确认本人提出的变动。")
    _apply(session, row, at)
    _settle(session, row, CONFIRMED, actor, at)
    return row


def refuse_change(
    session: Session, change_id: str, reason: str, *, actor: Principal, at: datetime
) -> CatalogueChange:
    """Put aside with its reason, by anyone who may confirm; a supervisor may put aside an own proposal."""
    row = _open(session, change_id, actor)
    row.answer = reason
    _settle(session, row, REFUSED, actor, at)
    return row


def _check(act: str, entry: dict[str, Any] | None, code: str | None, current: DisclosureItem | None) -> None:
    there = current is not None and current.closed_on is None
    problems = [
        ("/entry", "请填写事项的各项内容。", act != "close" and entry is None),
        ("/entry", "取消事项不需要填写内容，请删去。", act == "close" and entry is not None),
        ("/code", "请写明要修改或者取消的事项。", act != "add" and code is None),
        ("/code", "目录中没有这个事项，或者已经取消。", act != "add" and code is not None and not there),
        ("/code", "目录中已有或者曾有这个编号，请换一个，或者不填。", act == "add" and current is not None),
    ]
    if entry is not None:
        organs = "、".join(["*", *all_organs()])
        problems += [
            ("/entry/domain", "没有这个领域。", find_domain(entry["domain"]) is None),
            ("/entry/organ", f"职能条线应为下列之一：{organs}", entry["organ"] not in ("*", *all_organs())),
        ]
    fields = [FieldError(pointer, message) for pointer, message, wrong in problems if wrong]
    if fields:
        raise Invalid("validation-failed", "提交的内容有误", "请按提示修改后重新提交。", fields=fields)


def _require_keeper(session: Session, actor: Principal, region: str, organ: str) -> None:
    if not may_keep(session, actor, region, organ):
        raise Forbidden("catalogue-not-yours", "不能办理这个事项", "这个事项不由本部门负责公开。")


def _add(session: Session, row: CatalogueChange) -> None:
    """One waiting change an entry: the index decides where two come at once."""
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict("catalogue-change-waiting", "这个事项已有变动等待确认") from error


def _open(session: Session, change_id: str, actor: Principal) -> CatalogueChange:
    wanted = select(CatalogueChange).where(CatalogueChange.id == change_id).with_for_update()
    row = session.scalars(wanted.execution_options(populate_existing=True)).first()
    organs = {text["organ"] for text in (row.before, row.after) if text} if row else set()
    if row is None or not all(may_keep(session, actor, row.region, organ) for organ in organs):
        raise NotFound("catalogue-change-not-found", "没有这件目录变动")
    if row.state != PROPOSED:
        raise Conflict("catalogue-change-settled", "这件目录变动已经办结")
    return row


def _apply(session: Session, row: CatalogueChange, at: datetime) -> None:
    item = session.get(DisclosureItem, (row.region, row.code), with_for_update=True, populate_existing=True)
    if row.act == "add" and item is None:
        session.add(DisclosureItem(region=row.region, code=row.code, edition=1, **(row.after or {})))
        return
    if item is None or item.edition + 1 != row.edition or item.closed_on is not None:
        raise Conflict("catalogue-change-stale", "事项已经改变")
    item.edition = row.edition
    if row.act == "close":
        item.closed_on = local_date(at)
    for name, value in (row.after or {}).items():
        setattr(item, name, value)


def _settle(session: Session, row: CatalogueChange, state: str, actor: Principal, at: datetime) -> None:
    row.state, row.settled_by, row.settler_name = state, actor.user_id, actor.display_name
    row.settled_at, row.settled_on = at, local_date(at)
    _write_down(session, row, state, actor, at)


def _write_down(session: Session, row: CatalogueChange, act: str, actor: Principal, at: datetime) -> None:
    audit.record(
        session, actor=actor, action=f"catalogue.{act}", object_type="catalogue-change", object_id=row.id,
        detail={"region": row.region, "code": row.code, "act": row.act, "edition": row.edition,
                "before": row.before, "after": row.after}, at=at,
    )  # fmt: skip
