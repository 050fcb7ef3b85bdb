"""Who sees a department's rows: its own officers; supervisors and auditors of the region. Others: nothing."""

from typing import Any, TypeVar

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from services.blacklist.cases.queries.finding import OVERSEERS, region_prefix
from services.blacklist.identity.domain import can_act
from services.blacklist.openness.models import ChannelDraft, OpennessItem, Opinion, Report
from shared.errors import Forbidden, NotFound
from shared.web.access import Principal

Thing = TypeVar("Thing", OpennessItem, Opinion, Report)
NAMES = {OpennessItem: "公开信息", Opinion: "舆情", Report: "举报"}


def in_sight(model: Any, who: Principal) -> ColumnElement[bool]:
    own: ColumnElement[bool] = model.department_id == who.department_id
    if not who.roles & OVERSEERS:
        return own
    prefix = region_prefix(who.region)
    return or_(own, model.region.startswith(prefix, autoescape=True)) if prefix else true()


def find(session: Session, model: type[Thing], thing_id: str, who: Principal) -> Thing:
    found = session.scalars(select(model).where(model.id == thing_id, in_sight(model, who))).first()
    if found is None:
        raise missing(model)
    return found


def to_act_on(session: Session, model: type[Thing], thing_id: str, who: Principal) -> Thing:
    """Under its row lock; overseers may look but not act."""
    wanted = select(model).where(model.id == thing_id, in_sight(model, who)).with_for_update()
    found = session.scalars(wanted.execution_options(populate_existing=True)).first()
    if found is None:
        raise missing(model)
    if not can_act(who, found.department_id):
        raise Forbidden(
            "not-own-department", f"不是本部门的{NAMES[model]}", "监督和审计人员可以查看，不能办理。"
        )
    return found


def draft_to_act_on(session: Session, draft_id: str, who: Principal) -> tuple[ChannelDraft, OpennessItem]:
    draft = session.get(ChannelDraft, draft_id, with_for_update=True, populate_existing=True)
    if draft is None:
        raise NotFound("channel-draft-not-found", "没有这份文字稿")
    try:
        return draft, to_act_on(session, OpennessItem, draft.item_id, who)
    except NotFound:
        raise NotFound("channel-draft-not-found", "没有这份文字稿") from None


def missing(model: Any) -> NotFound:
    if model is OpennessItem:
        return NotFound("item-not-found", "没有这条公开信息")
    if model is Opinion:
        return NotFound("opinion-not-found", "没有这件舆情")
    return NotFound("report-not-found", "没有这件举报", "请核对查询码。")


def page_of(
    session: Session, model: type[Thing], who: Principal, *conditions: Any, before: str | None, limit: int
) -> list[Thing]:
    """Newest first; `before` is the id of the last one already seen."""
    wanted = select(model).where(in_sight(model, who), *conditions)
    if before:
        wanted = wanted.where(model.id < before)
    return list(session.scalars(wanted.order_by(model.id.desc()).limit(limit)))
