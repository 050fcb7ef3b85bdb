"""Items at the officer's desk: lists, one item with its duties and everything that may be done."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from services.blacklist.identity.domain import can_act
from services.blacklist.openness.domain.channels import SENT, channels
from services.blacklist.openness.domain.items import (
    ACTS,
    ATTRIBUTES,
    DRAFT,
    PENDING,
    STATES,
    SUBMITTED,
    Act,
    label_of,
)
from services.blacklist.openness.domain.terms import kind_name, kinds
from services.blacklist.openness.models import ChannelDraft, OpennessItem
from services.blacklist.openness.queries.catalogue import entry_title
from services.blacklist.openness.queries.public import file_view, files_of, versions_of
from services.blacklist.openness.queries.sight import page_of
from services.blacklist.register.domain.redaction import KINDS, redact
from services.blacklist.rules.models import Duty
from services.blacklist.rules.queries import duties_of
from shared.web.access import Principal


def list_items(
    session: Session, who: Principal, *, state: str | None, kind: str | None, before: str | None, limit: int
) -> list[OpennessItem]:
    narrowed: list[ColumnElement[bool]] = []
    if state == "waiting":
        narrowed.append(or_(OpennessItem.state == SUBMITTED, OpennessItem.pending_by.is_not(None)))
    elif state:
        narrowed.append(OpennessItem.state == state)
    if kind:
        narrowed.append(OpennessItem.kind == kind)
    return page_of(session, OpennessItem, who, *narrowed, before=before, limit=limit)


def item_lines(session: Session, rows: Sequence[OpennessItem], now: datetime) -> list[dict[str, Any]]:
    """What a list shows of each, with its next due time."""
    duties = duties_of(session, [row.id for row in rows])
    return [_line(row, duties.get(row.id, []), now) for row in rows]


def _line(row: OpennessItem, duties: Sequence[Duty], now: datetime) -> dict[str, Any]:
    open_now = [each for each in duties if each.is_open]
    duty = open_now[0] if open_now else (duties[-1] if duties else None)
    names = (
        "id", "number", "edition", "state", "title", "kind", "catalogue_code", "domain", "region",
        "formed_on", "document_number", "attribute", "version", "published_at", "withdrawn_at", "created_at",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names} | {
        "state_name": STATES[row.state],
        "kind_name": kind_name(row.kind),
        "attribute_name": ATTRIBUTES[row.attribute],
        "department": {"id": row.department_id, "name": row.department_name},
        "due": duty.due_on if duty and duty.is_open else None,
        "provisional": bool(duty and duty.provisional),
        "duty_state": duty.state_at(now) if duty else None,
        "waiting_for": PENDING[row.pending["kind"]] if row.pending else None,
    }


def item_view(session: Session, row: OpennessItem, who: Principal, now: datetime) -> dict[str, Any]:
    """Everything an officer needs to draft, check and approve."""
    names = ("body", "medium", "attribute_reason", "exceptions", "secrecy", "term", "related_id", "pending",
             "drafter_name", "approver_name", "returned_reason")  # fmt: skip
    drafts = _drafts(session, row.id)
    return (
        item_lines(session, [row], now)[0]
        | {name: getattr(row, name) for name in names}
        | {
            "catalogue_title": entry_title(session, row.region, row.catalogue_code),
            "label": label_of(row.attribute, row.secrecy),
            "warnings": warnings_of(row),
            "files": [file_view(each) for each in files_of(session, row.id)],
            "versions": [
                {
                    "version": each.version,
                    "kind": each.kind,
                    "title": each.title,
                    "reason": each.reason,
                    "at": each.at,
                }
                for each in versions_of(session, row.id)
            ],
            "channel_drafts": [draft_view(each) for each in drafts],
            "also_at": also_at(row.kind, drafts),
            "available_actions": available_acts(row, who),
        }
    )


def also_at(kind: str, drafts: Sequence[ChannelDraft]) -> list[dict[str, Any]]:
    """Where an item of this kind must appear too, and since when and where it does."""
    sent = {each.channel: each for each in reversed(drafts) if each.state == SENT}
    return [
        {
            "channel": code,
            "name": channels()[code].name,
            "sent_at": sent[code].sent_at if code in sent else None,
            "sent_to": sent[code].sent_to if code in sent else None,
        }
        for code in (kinds()[kind].also if kind in kinds() else ())
    ]


def warnings_of(row: OpennessItem) -> list[str]:
    """Kinds of private things the text seems to hold, for the approver to look at before it is public."""
    found = dict.fromkeys([*redact(row.title).kinds, *redact(row.body).kinds])
    return [KINDS[each] for each in found]


def _drafts(session: Session, item_id: str) -> Sequence[ChannelDraft]:
    wanted = select(ChannelDraft).where(ChannelDraft.item_id == item_id)
    return session.scalars(wanted.order_by(ChannelDraft.id.desc())).all()


def draft_view(row: ChannelDraft) -> dict[str, Any]:
    names = (
        "id",
        "item_id",
        "channel",
        "text",
        "state",
        "drafter_name",
        "approver_name",
        "sent_at",
        "sent_to",
    )
    return {name: getattr(row, name) for name in names}


def available_acts(row: OpennessItem, who: Principal) -> list[dict[str, Any]]:
    """Every act of the current state, each allowed or explained."""
    found = []
    for act in ACTS.values():
        if row.state in act.states and act.pending in (None, row.pending is not None):
            refused = refusal(row, act, who)
            found.append(
                {"action": act.code, "title": act.title, "allowed": refused is None, "reason": refused}
            )
    return found


def refusal(row: OpennessItem, act: Act, who: Principal) -> str | None:
    """Why this officer may not do it now, or None."""
    if not can_act(who, row.department_id) or not who.has(*act.roles):
        return "应由本部门的经办人办理" if act.roles == ("clerk",) else "应由本部门的负责人办理"
    if act.code == "approve" and who.user_id in (row.drafted_by, row.edited_by):
        return "拟制、修改的人不得审批"
    if act.code == "approve_change" and row.pending_by == who.user_id:
        return "提出更正、撤下的人不得审批"
    return None


def may_edit(row: OpennessItem, who: Principal) -> bool:
    return row.state == DRAFT and can_act(who, row.department_id) and who.has("clerk")
