"""Texts for other outlets: drafted from a public item, approved by another, then sent by hand."""

from datetime import datetime

from sqlalchemy.orm import Session

from services.blacklist.audit.domain import without_identities
from services.blacklist.openness.domain.channels import (
    APPROVED,
    DRAFT,
    DROPPED,
    SENT,
    STATES,
    channel_text,
    channels,
)
from services.blacklist.openness.domain.items import PUBLISHED
from services.blacklist.openness.models import ChannelDraft, OpennessItem
from services.blacklist.openness.queries.sight import draft_to_act_on, to_act_on
from services.blacklist.openness.usecases.common import refuse, write_down
from shared.errors import Conflict, Forbidden
from shared.ids import new_id
from shared.web.access import Principal


def draft_channel_text(
    session: Session,
    item_id: str,
    channel: str,
    text: str | None,
    *,
    address: str,
    actor: Principal,
    at: datetime,
) -> ChannelDraft:
    """The officer's own words, or those the item gives; only of what is public."""
    item = to_act_on(session, OpennessItem, item_id, actor)
    if item.state != PUBLISHED:
        raise Conflict("item-wrong-state", "只有已公开的信息可以拟写", state=item.state)
    outlet = channels()[channel]
    written = without_identities(text) if text else channel_text(
        outlet, title=item.title, body=item.body, department=item.department_name, address=address
    )  # fmt: skip
    if len(written) > outlet.longest:
        refuse([("text", f"{outlet.name}最多{outlet.longest}字，请删减。")])
    row = ChannelDraft(
        id=new_id(), item_id=item.id, department_id=item.department_id, channel=channel, text=written,
        state=DRAFT, drafted_by=actor.user_id, drafter_name=actor.display_name, created_at=at, updated_at=at,
    )  # fmt: skip
    session.add(row)
    write_down(session, "item", item, "channel-draft", actor, at, channel=channel)
    session.flush()
    return row


def approve_channel_text(session: Session, draft_id: str, *, actor: Principal, at: datetime) -> ChannelDraft:
    row, item = draft_to_act_on(session, draft_id, actor)
    _require(row, (DRAFT,))
    if not actor.has("decider"):
        raise Forbidden("forbidden", "没有权限", "文字稿应由本部门的负责人审批。")
    if row.drafted_by == actor.user_id:
        raise Forbidden("channel-draft-four-eyes", "须由另一名工作人员审批", "拟写的人不得审批。")
    if item.state != PUBLISHED:
        raise Conflict("item-wrong-state", "信息已经撤下，不能对外发出", state=item.state)
    row.state, row.approved_by, row.approver_name = APPROVED, actor.user_id, actor.display_name
    return _done(session, row, item, "channel-approve", actor, at)


def drop_channel_text(session: Session, draft_id: str, *, actor: Principal, at: datetime) -> ChannelDraft:
    row, item = draft_to_act_on(session, draft_id, actor)
    _require(row, (DRAFT, APPROVED))
    row.state = DROPPED
    return _done(session, row, item, "channel-drop", actor, at)


def mark_channel_text_sent(
    session: Session, draft_id: str, *, sent_at: datetime, sent_to: str, actor: Principal, at: datetime
) -> ChannelDraft:
    """Sent by hand: when, and the address it can be seen at."""
    row, item = draft_to_act_on(session, draft_id, actor)
    _require(row, (APPROVED,))
    if sent_at > at or (item.published_at is not None and sent_at < item.published_at):
        refuse([("sent_at", "发出时间应在公开时间和现在之间。")])
    row.state, row.sent_at, row.sent_to, row.sent_by = SENT, sent_at, sent_to, actor.user_id
    return _done(session, row, item, "channel-sent", actor, at)


def _require(row: ChannelDraft, states: tuple[str, ...]) -> None:
    if row.state not in states:
        raise Conflict(
            "channel-draft-wrong-state", "文字稿现在不能办理这个事项", f"文字稿目前“{STATES[row.state]}”。",
            state=row.state,
        )  # fmt: skip


def _done(
    session: Session, row: ChannelDraft, item: OpennessItem, act: str, actor: Principal, at: datetime
) -> ChannelDraft:
    row.updated_at = at
    write_down(session, "item", item, act, actor, at, channel=row.channel, draft=row.id)
    session.flush()
    return row
