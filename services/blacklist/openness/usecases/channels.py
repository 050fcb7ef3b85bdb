"""Texts for other outlets: drafted from a public item, approved by another, then sent by hand.

Where a text of an item went out and the item is withdrawn, a second one says so, by the same two people.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.audit.domain import without_identities
from services.blacklist.openness.domain.channels import (
    APPROVED,
    DRAFT,
    DROPPED,
    SENT,
    STATES,
    Channel,
    channel_text,
    channels,
    withdrawal_text,
)
from services.blacklist.openness.domain.items import PUBLISHED, WITHDRAWN
from services.blacklist.openness.models import ChannelDraft, OpennessItem
from services.blacklist.openness.queries.sight import draft_to_act_on, to_act_on
from services.blacklist.openness.usecases.common import refuse, write_down
from shared.clock import local_date
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
    """The officer's own words, or those the item gives; of what is public, or was sent there before."""
    item = to_act_on(session, OpennessItem, item_id, actor)
    if item.state != PUBLISHED and not _stands_there(session, item, channel):
        advice = "已经撤下的，只能就发出过文字的渠道拟写撤下说明。"
        raise Conflict("item-wrong-state", "只有已公开的信息可以拟写", advice, state=item.state)
    outlet = channels()[channel]
    written = without_identities(text) if text else _own_words(item, outlet, address)
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


def _stands_there(session: Session, item: OpennessItem, channel: str) -> bool:
    """Whether the item was withdrawn and a text of it went out there before."""
    sent = select(ChannelDraft.id).where(
        ChannelDraft.item_id == item.id, ChannelDraft.channel == channel, ChannelDraft.state == SENT
    )
    return item.state == WITHDRAWN and session.scalars(sent).first() is not None


def _own_words(item: OpennessItem, outlet: Channel, address: str) -> str:
    whose = {"title": item.title, "department": item.department_name, "address": address}
    if item.state == WITHDRAWN:
        return withdrawal_text(outlet, published_on=local_date(item.published_at or item.created_at), **whose)
    return channel_text(outlet, body=item.body, **whose)


def approve_channel_text(session: Session, draft_id: str, *, actor: Principal, at: datetime) -> ChannelDraft:
    row, item = draft_to_act_on(session, draft_id, actor)
    _require(row, (DRAFT,))
    if not actor.has("decider"):
        raise Forbidden("forbidden", "没有权限", "文字稿应由本部门的负责人审批。")
    if row.drafted_by == actor.user_id:
        raise Forbidden("channel-draft-four-eyes", "须由另一名工作人员审批", "拟写的人不得审批。")
    said_so = item.withdrawn_at is not None and row.created_at >= item.withdrawn_at
    if item.state != PUBLISHED and not said_so:
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
