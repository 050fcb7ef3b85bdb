"""From draft to public, and what may then happen to it: correction and withdrawal, both marked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.audit.domain import without_identities
from services.blacklist.openness.domain.items import (
    ACTS,
    CORRECT,
    DRAFT,
    DROPPED,
    INTERPRET_DUTY,
    ITEM_DUTY,
    PROACTIVE,
    PUBLISHED,
    REGISTERED,
    STATES,
    SUBMITTED,
    WITHDRAW,
    WITHDRAWN,
    Act,
)
from services.blacklist.openness.domain.opinions import INFORMATION_DUTY
from services.blacklist.openness.domain.terms import DOCUMENT, INTERPRETATION, RESPONSE, data
from services.blacklist.openness.models import ItemVersion, OpennessItem, Opinion
from services.blacklist.openness.queries.items import refusal
from services.blacklist.openness.queries.sight import to_act_on
from services.blacklist.openness.usecases.common import refuse, require_inputs, write_down
from services.blacklist.openness.usecases.filing import owe_change, require_edition
from services.blacklist.rules.usecases import cancel_duties, create_duty, settle_duty
from services.blacklist.store import Deps
from shared.clock import local_date
from shared.errors import Conflict, Forbidden
from shared.ids import new_id
from shared.web.access import Principal


@dataclass(frozen=True)
class Turn:
    """One officer's act on one item."""

    session: Session
    deps: Deps
    row: OpennessItem
    inputs: Mapping[str, Any]
    actor: Principal
    at: datetime


def act_on_item(
    session: Session,
    deps: Deps,
    item_id: str,
    code: str,
    edition: int,
    inputs: Mapping[str, Any],
    *,
    actor: Principal,
    at: datetime,
) -> OpennessItem:
    """Do one of ACTS on the edition the actor saw; Conflict, Forbidden or Invalid say why not."""
    row, act = to_act_on(session, OpennessItem, item_id, actor), ACTS[code]
    _require(row, act, edition, inputs, actor)
    EFFECTS[code](Turn(session, deps, row, inputs, actor, at))
    row.edition, row.updated_at = row.edition + 1, at
    write_down(session, "item", row, code, actor, at, edition=row.edition, version=row.version)
    session.flush()
    return row


def _require(row: OpennessItem, act: Act, edition: int, inputs: Mapping[str, Any], actor: Principal) -> None:
    if not actor.has(*act.roles):
        raise Forbidden("forbidden", "没有权限", f"“{act.title}”应由本部门有相应岗位的人员办理。")
    require_edition(row, edition)
    if row.state not in act.states or act.pending not in (None, row.pending is not None):
        possible = [
            each.code
            for each in ACTS.values()
            if row.state in each.states and each.pending in (None, row.pending is not None)
        ]
        raise Conflict(
            "item-wrong-state", "信息现在不能办理这个事项",
            f"信息目前“{STATES[row.state]}”，不能“{act.title}”。", state=row.state, possible_actions=possible,
        )  # fmt: skip
    if why := refusal(row, act, actor):
        raise Forbidden("item-four-eyes", "须由另一名工作人员审批", f"{why}。")
    require_inputs(act.needs, act.optional, inputs)


def _submit(turn: Turn) -> None:
    turn.row.state, turn.row.returned_reason = SUBMITTED, None


def _return(turn: Turn) -> None:
    turn.row.state, turn.row.returned_reason = DRAFT, turn.inputs["reason"]


def _drop(turn: Turn) -> None:
    turn.row.state, turn.row.returned_reason = DROPPED, turn.inputs["reason"]
    cancel_duties(turn.session, turn.row.id, turn.at)


def _approve(turn: Turn) -> None:
    """Public at commit, or registered where it is not to be published."""
    row, public = turn.row, turn.row.attribute == PROACTIVE
    row.approved_by, row.approver_name = turn.actor.user_id, turn.actor.display_name
    row.state = PUBLISHED if public else REGISTERED
    if public:
        row.published_at = turn.at
    _keep(turn, "publish" if public else "register", None, row.edited_by)
    settle_duty(turn.session, row.id, ITEM_DUTY, turn.at)
    if public:
        _settle_others(turn)


def _settle_others(turn: Turn) -> None:
    """A document asks for its interpretation; an interpretation or a response meets what asked for it."""
    session, row = turn.session, turn.row
    if row.kind == DOCUMENT and not _is_interpreted(session, row):
        rule = data("terms")["interpretation"]
        create_duty(
            session, case_id=row.id, department_id=row.department_id, kind=INTERPRET_DUTY, rule=rule["basis"],
            rule_version=rule["version"], length_wd=rule["working_days"], start_on=local_date(turn.at),
            calendar=turn.deps.calendar, soon_wd=rule["soon_wd"],
        )  # fmt: skip
    elif row.kind == INTERPRETATION and row.related_id:
        settle_duty(session, row.related_id, INTERPRET_DUTY, turn.at)
    elif row.kind == RESPONSE and row.related_id:
        opinion = session.get(Opinion, row.related_id, with_for_update=True, populate_existing=True)
        if opinion is not None and opinion.information_at is None:
            opinion.response_item_id, opinion.information_at = row.id, turn.at
            settle_duty(session, opinion.id, INFORMATION_DUTY, turn.at)


def _is_interpreted(session: Session, document: OpennessItem) -> bool:
    wanted = select(OpennessItem.id).where(
        OpennessItem.related_id == document.id,
        OpennessItem.kind == INTERPRETATION,
        OpennessItem.state == PUBLISHED,
    )
    return session.scalars(wanted.limit(1)).first() is not None


def _correct(turn: Turn) -> None:
    given, row = turn.inputs, turn.row
    if not (given.get("title") or given.get("body")):
        refuse([("body", "请填写更正后的标题或者内容。")])
    changed = given.get("changed_on") or local_date(turn.at)
    if not row.formed_on <= changed <= local_date(turn.at):
        refuse([("changed_on", "变更日期应在形成日期和今天之间。")])
    row.pending = {
        "kind": CORRECT,
        "title": without_identities(given.get("title") or row.title),
        "body": without_identities(given.get("body") or row.body),
        "reason": given["reason"],
        "changed_on": changed.isoformat(),
        "by": turn.actor.display_name,
    }
    row.pending_by = turn.actor.user_id
    owe_change(turn.session, turn.deps, row, changed)


def _withdraw(turn: Turn) -> None:
    turn.row.pending = {"kind": WITHDRAW, "reason": turn.inputs["reason"], "by": turn.actor.display_name}
    turn.row.pending_by = turn.actor.user_id


def _approve_change(turn: Turn) -> None:
    """On the page itself: the mark, why, and how it read before (R33)."""
    row, asked = turn.row, turn.row.pending or {}
    proposer = row.pending_by or ""
    if asked["kind"] == CORRECT:
        row.title, row.body = asked["title"], asked["body"]
        settle_duty(turn.session, row.id, ITEM_DUTY, turn.at)
    else:
        row.state, row.withdrawn_at = WITHDRAWN, turn.at
        cancel_duties(turn.session, row.id, turn.at)
    _keep(turn, asked["kind"], asked["reason"], proposer)
    row.pending = row.pending_by = None


def _return_change(turn: Turn) -> None:
    turn.row.pending = turn.row.pending_by = None
    turn.row.returned_reason = turn.inputs["reason"]
    cancel_duties(turn.session, turn.row.id, turn.at, ITEM_DUTY)


def _keep(turn: Turn, kind: str, reason: str | None, drafter: str) -> None:
    row = turn.row
    row.version += 1
    kept = ItemVersion(
        id=new_id(), item_id=row.id, version=row.version, kind=kind, title=row.title, body=row.body,
        reason=reason, drafted_by=drafter, approved_by=turn.actor.user_id, at=turn.at,
    )  # fmt: skip
    turn.session.add(kept)


EFFECTS: Mapping[str, Callable[[Turn], None]] = {
    "submit": _submit,
    "return": _return,
    "approve": _approve,
    "drop": _drop,
    "correct": _correct,
    "withdraw": _withdraw,
    "approve_change": _approve_change,
    "return_change": _return_change,
}
"""What each act does; every act of the table has one."""
