"""What a department applies, and which institutions have not acknowledged the end of a listing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from services.notifier.models import DepartmentCopy, Enforcer, Notice, StopOrder
from services.notifier.queries.messages import ladder_of
from services.notifier.routing.enforcement import CAUSES, FIELDS, STOP
from shared.regions import full_name, is_known, within
from shared.web.access import Principal
from shared.web.paging import cut, decode_cursor, page

EVERY_FIELD = "全部领域"
MOST_SHOWN = 200


@dataclass(frozen=True)
class StopFilter:
    """What to show; None is no restriction."""

    outstanding: bool | None = None
    case_id: str | None = None


def enforcement_of(session: Session, actor: Principal) -> list[dict[str, Any]]:
    """What the actor's department stated."""
    query = select(Enforcer).where(Enforcer.department_id == actor.department_id)
    rows = session.scalars(query.order_by(Enforcer.region, Enforcer.domain))
    return [enforcer_view(row) for row in rows]


def enforcer_view(row: Enforcer) -> dict[str, Any]:
    return {
        "id": row.id,
        "domain": row.domain or None,
        "domain_name": FIELDS.get(row.domain, EVERY_FIELD),
        "region": row.region,
        "region_name": full_name(row.region) if is_known(row.region) else row.region,
        "created_by": row.created_by,
        "created_at": row.created_at,
    }


def institutions_for(session: Session, region: str) -> list[dict[str, Any]]:
    """Who would be told if a listing of this region ended, by what each institution stated."""
    query = select(Enforcer, DepartmentCopy.name).join(
        DepartmentCopy, DepartmentCopy.id == Enforcer.department_id, isouter=True
    )
    rows = session.execute(query.order_by(Enforcer.region, Enforcer.department_id, Enforcer.domain))
    return [
        enforcer_view(row) | {"institution_id": row.department_id, "institution_name": name or "已停用"}
        for row, name in rows
        if within(region, row.region) or within(row.region, region)
    ][:MOST_SHOWN]


def stop_page(
    session: Session, actor: Principal, wanted: StopFilter, cursor: str | None, limit: int
) -> dict[str, Any]:
    """Who was told, newest first: of listings of the actor's department, or below a supervisor's region."""
    query = (
        select(StopOrder, Notice, DepartmentCopy.name)
        .join(Notice, Notice.id == StopOrder.notice_id)
        .join(DepartmentCopy, DepartmentCopy.id == Notice.department_id, isouter=True)
        .where(seen_by(actor))
        .order_by(StopOrder.notice_id.desc())
        .limit(limit + 1)
    )
    if wanted.outstanding is not None:
        open_ = Notice.acknowledged_at.is_(None) & (Notice.event_type == STOP)
        query = query.where(open_ if wanted.outstanding else ~open_)
    if wanted.case_id is not None:
        query = query.where(StopOrder.case_id == wanted.case_id)
    if cursor:
        query = query.where(StopOrder.notice_id < decode_cursor(cursor, [str])[0])
    rows: Sequence[Any] = session.execute(query).all()
    kept, following = cut(rows, limit, lambda row: [row[0].notice_id])
    return page([_view(session, *row) for row in kept], following)


def seen_by(actor: Principal) -> ColumnElement[bool]:
    """Orders of the actor's own listings, or of those below a supervisor's region."""
    own = StopOrder.department_id == actor.department_id
    if not actor.has("supervisor"):
        return own
    below = re.sub("^(?:0{6}|(..)0{4}|(....)00)$", r"\1\2", actor.region)
    return or_(own, StopOrder.region.startswith(below, autoescape=True))


def _view(session: Session, order: StopOrder, notice: Notice, institution: str | None) -> dict[str, Any]:
    return {
        "notice_id": notice.id,
        "case_id": order.case_id,
        "listing_id": notice.subject_id if notice.subject_id != order.case_id else None,
        "must_stop": notice.event_type == STOP,
        "cause": CAUSES[order.cause][1],
        "subject_name": notice.facts.get("subject_name", ""),
        "document_number": notice.facts.get("document_number") or None,
        "institution_id": notice.department_id,
        "institution_name": institution or notice.department_id,
        "told_at": notice.created_at,
        "acknowledged_at": notice.acknowledged_at,
        "acknowledged_by": notice.acknowledged_by,
        "escalation": ladder_of(session, notice.id) or None,
    }
